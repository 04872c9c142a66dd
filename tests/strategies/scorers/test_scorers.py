"""Scores lie in [0, 1], prefer what they should, and what they ask is kept and paid for."""

import math
from pathlib import Path

import pytest

from gulliver.errors import ModelError, SpecError
from gulliver.inference import Draft
from gulliver.spec import parse
from gulliver.strategies import parse_strategy
from gulliver.strategies.scorers import SCORERS, make_scorer
from gulliver.strategies.scorers import verifier as verifier_scorer
from gulliver.strategies.scorers.self import question
from tests.strategies.fakes import number_item
from tests.strategies.scorers.fakes import JUDGE, ScoringClient, scored

GOOD, BAD = (
    Draft("3 + 4 = 7", logprob=-1.0, completion_tokens=10),
    Draft("3 + 4 = 8", logprob=-9.0, completion_tokens=10),
)
FAILED = Draft("", "failed")
NOBODY = ScoringClient({})


def test_the_models_own_log_probability_is_a_mean_over_tokens(tmp_path: Path) -> None:
    scores, meter = scored(tmp_path, make_scorer("logprob"), [GOOD, BAD, FAILED], NOBODY)
    assert scores == pytest.approx([math.exp(-0.1), math.exp(-0.9), 0.0])
    assert meter.cost.requests == 0
    with pytest.raises(ModelError, match="does not tell"):
        scored(tmp_path, make_scorer("logprob"), [Draft("7")], NOBODY)


def test_the_calculator_prefers_sums_that_hold(tmp_path: Path) -> None:
    mixed = Draft("1 + 1 = 2, 2 + 2 = 4, 3 + 3 = 7")
    scores, _ = scored(tmp_path, make_scorer("tool"), [GOOD, Draft("seven"), mixed, BAD, FAILED], NOBODY)
    assert scores == sorted(scores, reverse=True)
    assert scores[1] == 0.5
    assert scores[-1] == 0.0


def test_the_model_is_asked_for_yes_or_no_and_their_ratio_counts(tmp_path: Path) -> None:
    client = ScoringClient({"\nA": math.log(0.3), "\nB": math.log(0.1)})
    scores, meter = scored(tmp_path, make_scorer("self"), [GOOD, FAILED], client)
    assert len(client.requests) == meter.cost.requests == 2
    assert scores[1] == 0.0
    assert scores[0] == pytest.approx(0.75)


def test_a_begun_solution_is_asked_about_as_one() -> None:
    whole, begun = question(number_item(), GOOD), question(number_item(), Draft("3 + 4", "length"))
    assert "beginning" in begun[0].content
    assert "beginning" not in whole[0].content
    assert "three and four" in whole[0].content


def test_a_judging_model_is_asked_once_and_charged_to_the_item(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(verifier_scorer, "load_verifier", lambda name: JUDGE)
    client = ScoringClient({"= 7": math.log(0.8), "= 8": math.log(0.1)})
    scores, meter = scored(tmp_path, make_scorer("verifier"), [GOOD, BAD, FAILED, Draft("no idea")], client)
    assert scores == pytest.approx([0.8, 0.1, 0.0, 0.0])
    assert meter.cost.flops_naive > 0
    again = ScoringClient({})
    assert scored(tmp_path, make_scorer("verifier"), [GOOD, BAD], again)[0] == pytest.approx([0.8, 0.1])
    assert again.requests == []


@pytest.mark.parametrize("by", [by for by in SCORERS if by not in ("reward", "verifier")])
def test_only_verifiers_and_rewards_take_a_model(by: str) -> None:
    with pytest.raises(ValueError, match="takes no model"):
        make_scorer(by, "dir:x")


@pytest.mark.parametrize(
    "text", ["best_of(by=reward)", "best_of(by=luck)", "weighted_majority(by=total)", "best_of(by=total, model=x)"]
)
def test_options_that_make_no_scorer_are_refused_where_they_are_read(text: str) -> None:
    with pytest.raises(SpecError):
        parse_strategy(parse(text))
