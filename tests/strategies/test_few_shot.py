import pytest

from gulliver.errors import SpecError, TaskError
from gulliver.spec import parse
from gulliver.strategies import parse_strategy
from tests.strategies.contract import StrategyContract
from tests.strategies.fakes import number_item


class TestFewShot(StrategyContract):
    text = "few_shot(k=2)"
    replies = ("7",)


class TestFewShotWithReasoning(StrategyContract):
    text = "few_shot(k=3, reasoning=true)"


def test_exemplars_are_earlier_turns() -> None:
    asked = parse_strategy(parse("few_shot(k=2, reasoning=true)")).ask(number_item())
    assert [message.role for message in asked.prompt] == ["user", "assistant"] * 2 + ["user"]
    assert asked.prompt[1].content == "One and two make 3.\nAnswer: 3"


def test_more_exemplars_than_there_are_is_one_sentence() -> None:
    with pytest.raises(TaskError, match="wants 9 exemplars and this task has 3"):
        parse_strategy(parse("few_shot(k=9)")).ask(number_item())


def test_no_exemplars_is_refused() -> None:
    with pytest.raises(SpecError, match="at least 1"):
        parse_strategy(parse("few_shot(k=0)"))
