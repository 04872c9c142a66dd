import pytest

from gulliver.errors import ModelError, SpecError
from gulliver.spec import parse
from gulliver.strategies import parse_strategy
from gulliver.strategies.best_of import BestOf
from gulliver.tasks.base import Answer
from tests.strategies.contract import StrategyContract

SHORT = Answer("short", logprob=-2.0, tokens=2)
LONG = Answer("long", logprob=-5.0, tokens=10)
CUT = Answer(status="truncated", logprob=-0.1, tokens=400)


class TestBestOf(StrategyContract):
    text = "cot | best_of(n=5)"


class TestBestOfTotal(StrategyContract):
    text = "direct | sample(temperature=1.0) | best_of(n=3, by=total)"
    replies = ("7",)


@pytest.mark.parametrize(("by", "best"), [("logprob", "long"), ("total", "short")])
def test_drafts_are_compared_per_token_or_whole(by: str, best: str) -> None:
    assert BestOf(2, by).choose([SHORT, LONG]).value == best


def test_a_draft_without_an_answer_does_not_compete() -> None:
    assert BestOf(2).choose([CUT, SHORT]).value == "short"
    assert BestOf(2).choose([CUT, Answer(status="unreadable")]).status == "truncated"


def test_of_equals_the_first_wins() -> None:
    assert BestOf(2).choose([Answer("a", logprob=-1.0, tokens=1), Answer("b", logprob=-2.0, tokens=2)]).value == "a"


def test_an_engine_that_tells_no_log_probabilities_is_one_sentence() -> None:
    with pytest.raises(ModelError, match="use majority instead"):
        BestOf(1).choose([Answer("a")])


@pytest.mark.parametrize("options", ["n=0", "by=luck"])
def test_options_out_of_range_are_refused(options: str) -> None:
    with pytest.raises(SpecError, match="at least 1 and by"):
        parse_strategy(parse(f"best_of({options})"))
