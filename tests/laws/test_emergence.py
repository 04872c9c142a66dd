"""The detector says no emergence where there is none, finds a break where there is one, and is not fooled by noise."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gulliver.laws import LawError, Table
from gulliver.laws.emergence import EMERGED, NOT_YET, THROUGHOUT, detect
from gulliver.laws.long_table import joined, size_of, where

X = np.geomspace(1e8, 1e11, 16)


def _hinge(at: float, chance: float = 0.25, noise: float = 0.01, seed: int = 0) -> np.ndarray:
    rise = 0.25 * np.maximum(0.0, np.log10(X / at))
    return np.asarray(chance + rise + np.random.default_rng(seed).normal(0, noise, len(X)))


def test_scores_at_chance_have_not_emerged() -> None:
    assert detect(X, _hinge(1e12), 0.25).verdict == NOT_YET


def test_a_rise_that_ends_below_chance_is_none() -> None:
    assert detect(X, _hinge(1e8, chance=0.0) - 0.6, 0.25).verdict == NOT_YET


def test_a_break_is_found_with_an_interval() -> None:
    found = detect(X, _hinge(3e9), 0.25)
    assert found.verdict == EMERGED
    assert found.low is not None
    assert found.breakpoint is not None
    assert found.high is not None
    assert found.low < found.breakpoint < found.high < 2 * found.low
    assert found.breakpoint == pytest.approx(3e9, rel=0.15)


def test_a_score_above_chance_from_the_smallest_on_rises_at_every_size() -> None:
    score = 0.2 + 0.15 * np.log10(X / 1e8)
    found = detect(X, score, 0.0)
    assert found.verdict == THROUGHOUT
    assert found.breakpoint is None
    assert found.falls == 0


def test_noise_alone_emerges_in_no_more_tables_than_the_level_allows() -> None:
    verdicts = [detect(X, _hinge(1e13, noise=0.05, seed=s), 0.25, shuffles=199).verdict for s in range(200)]
    assert sum(v != NOT_YET for v in verdicts) <= 16  # 5 % of 200, and three standard errors


def test_intervals_hold_the_break() -> None:
    held = [
        f.low <= 3e9 <= f.high
        for f in (detect(X, _hinge(3e9, seed=s), 0.25, shuffles=199) for s in range(200))
        if f.low is not None and f.high is not None
    ]
    assert len(held) > 190
    assert 0.9 <= np.mean(held) <= 0.99


def test_a_continuous_metric_that_moves_before_the_break_is_told() -> None:
    noise = np.random.default_rng(1).normal(0, 0.02, len(X))
    moving = detect(X, _hinge(3e9), 0.25, control=3.0 - 0.8 * np.log10(X / 1e8) + noise)
    assert moving.control is not None
    assert moving.control.moves
    assert moving.control.slope == pytest.approx(-0.8, abs=0.15)
    assert "Schaeffer" in " ".join(moving.sentences)
    still = detect(X, _hinge(3e9), 0.25, control=3.0 + noise)
    assert still.control is not None
    assert not still.control.moves


def test_too_few_scales_are_refused() -> None:
    with pytest.raises(LawError, match="four scales"):
        detect(np.repeat([1e8, 1e9, 1e10], 4), np.linspace(0, 1, 12), 0.0)


@pytest.mark.parametrize(
    ("name", "size"),
    [
        ("pythia-160m", 1.6e8),
        ("pythia-1.4b-deduped", 1.4e9),
        ("bloom-7b1", 7.1e9),
        ("opt-66b", 6.6e10),
        ("Qwen2.5-0.5B", 5e8),
    ],
)
def test_a_models_name_says_its_size(name: str, size: float) -> None:
    assert size_of(name) == pytest.approx(size)


def test_a_name_without_a_size_is_refused() -> None:
    with pytest.raises(LawError, match="one size"):
        size_of("gpt-large")


@given(st.text(max_size=40))
@settings(max_examples=200)
def test_any_name_gives_a_size_that_it_spells_or_a_plain_refusal(name: str) -> None:
    try:
        size = size_of(name)
    except LawError:
        return
    assert size >= 0
    assert any(c.isdigit() for c in name)


def _long() -> Table:
    rows = [(m, t, k) for m in ("a-70m", "a-1b") for t in ("sum", "cat") for k in ("acc", "ppl")]
    labels = {role: tuple(r[i] for r in rows) for i, role in enumerate(("model", "task", "metric"))}
    return Table({"value": np.arange(8.0) + 1}, labels, "long.csv")


def test_scores_of_a_long_table_are_joined_by_run() -> None:
    made = joined(_long(), "parameters", {"score": "sum:acc", "control": "cat:ppl"})
    assert made.columns["parameters"].tolist() == [7e7, 1e9]
    assert made.columns["score"].tolist() == [1.0, 5.0]
    assert made.columns["control"].tolist() == [4.0, 8.0]


def test_an_unknown_score_is_answered_with_those_there_are() -> None:
    with pytest.raises(LawError, match=r"mmlu:acc.*cat:acc, cat:ppl, sum:acc"):
        joined(_long(), "parameters", {"score": "mmlu:acc"})


def test_rows_are_chosen_by_text_with_alternatives_and_wildcards() -> None:
    assert where(_long(), {"model": "*-70m", "metric": "acc,f1"}).rows == 2
    with pytest.raises(LawError, match="No row"):
        where(_long(), {"model": "b-*"})
