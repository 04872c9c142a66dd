from gulliver.spec import parse
from gulliver.strategies import parse_strategy
from tests.strategies.contract import StrategyContract
from tests.strategies.fakes import number_item


class TestDirect(StrategyContract):
    text = "direct"
    replies = ("7",)


class TestNothingSaidIsDirectGreedyFirst(StrategyContract):
    text = "direct | greedy | first"
    replies = ("7",)


def test_a_limit_of_its_own_replaces_the_tasks() -> None:
    assert parse_strategy(parse("direct(max_tokens=9)")).ask(number_item()).max_tokens == 9
    assert parse_strategy(parse("direct")).ask(number_item()).max_tokens == number_item().max_tokens
