from gulliver.spec import parse
from gulliver.strategies import parse_strategy
from tests.strategies.contract import StrategyContract
from tests.strategies.fakes import number_item


class TestChainOfThought(StrategyContract):
    text = "cot"
    replies = ("Three and 4 are added, which is 5 and then 7.\nAnswer: 7",)


def test_it_asks_for_steps_and_a_marked_answer() -> None:
    asked = parse_strategy(parse("cot(max_tokens=99)")).ask(number_item())
    assert "step" in asked.prompt[-1].content
    assert "Answer:" in asked.prompt[-1].content
    assert asked.max_tokens == 99
