import asyncio

import pytest

from gulliver.errors import ModelError, SpecError
from gulliver.spec import parse
from gulliver.strategies import parse_strategy
from gulliver.strategies.best_of import BestOf
from gulliver.tasks.base import Answer
from tests.strategies.contract import StrategyContract
from tests.strategies.fakes import number_item

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
    with pytest.raises(SpecError, match="at least 1 and by one of"):
        parse_strategy(parse(f"best_of({options})"))


class TestBestOfTool(StrategyContract):
    text = "cot | best_of(n=5, by=tool)"
    replies = ("3 + 4 = 8\nAnswer: 8", "3 + 4 = 7\nAnswer: 7", "3 + 4 = 9\nAnswer: 9")


def test_one_readable_draft_is_taken_without_asking_a_scorer() -> None:
    best = asyncio.run(BestOf(3, "self").pick(number_item(), [CUT, SHORT], None))  # type: ignore[arg-type]
    assert best is SHORT
    assert asyncio.run(BestOf(3, "self").pick(number_item(), [CUT], None)) is CUT  # type: ignore[arg-type]
