import asyncio
import math

import pytest

from gulliver.errors import ModelError, SpecError
from gulliver.spec import parse
from gulliver.strategies import parse_strategy
from gulliver.strategies.weighted_majority import WeightedMajority, weight
from gulliver.tasks.base import Answer
from tests.strategies.contract import StrategyContract


def said(value: object, probability: float, tokens: int = 1) -> Answer:
    return Answer(value, logprob=tokens * math.log(probability), tokens=tokens)


class TestWeightedMajority(StrategyContract):
    text = "cot | weighted_majority(n=5)"


def test_one_sure_draft_outweighs_two_doubtful_ones() -> None:
    answers = [said("a", 0.2), said("b", 0.9), said("a", 0.3)]
    assert WeightedMajority(3).choose(answers).value == "b"
    assert WeightedMajority(3).choose([*answers, said("a", 0.5)]).value == "a"
    assert WeightedMajority(3).choose([*answers, said("a", 0.5)]).votes == 3


def test_a_weight_is_a_mean_over_tokens_so_that_long_drafts_count_as_much() -> None:
    assert weight(said("a", 0.5, tokens=40)) == pytest.approx(0.5)
    assert weight(said("a", 1e-300, tokens=9)) > 0


def test_of_equal_weights_the_first_wins_whatever_the_order_of_adding() -> None:
    thirds = [said("b", p) for p in (0.1, 0.2, 0.3)]
    assert WeightedMajority(4).choose([said("a", 0.6), *thirds]).value == "a"
    assert WeightedMajority(4).choose([*thirds, said("a", 0.6)]).value == "b"


def test_a_draft_without_an_answer_has_no_vote() -> None:
    cut = Answer(status="truncated", logprob=-0.1, tokens=4)
    assert WeightedMajority(2).choose([cut, said("a", 0.1)]).value == "a"
    assert WeightedMajority(2).choose([cut, Answer(status="unreadable")]).status == "truncated"


def test_an_engine_that_tells_no_log_probabilities_is_one_sentence() -> None:
    with pytest.raises(ModelError, match="use majority instead"):
        WeightedMajority(1).choose([Answer("a")])


def test_options_out_of_range_are_refused() -> None:
    with pytest.raises(SpecError, match="at least 1"):
        parse_strategy(parse("weighted_majority(n=0)"))


class TestWeightedByTool(StrategyContract):
    text = "cot | weighted_majority(n=5, by=tool)"
    replies = ("3 + 4 = 8\nAnswer: 8", "3 + 4 = 7\nAnswer: 7", "3 + 4 = 9\nAnswer: 9")


def test_drafts_that_agree_are_not_scored() -> None:
    agreed = [Answer("a"), Answer("a"), Answer(status="unreadable")]
    picked = asyncio.run(WeightedMajority(3, "self").pick(None, agreed, None))  # type: ignore[arg-type]
    assert (picked.value, picked.votes) == ("a", 2)
