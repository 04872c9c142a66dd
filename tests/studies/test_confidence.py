"""Intervals that may be looked at after every item."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gulliver.errors import StudyError
from gulliver.studies.confidence import Capital, interval

binary = st.lists(st.sampled_from([0.0, 1.0]), min_size=1, max_size=60)
bounded = st.lists(st.sampled_from([0.0, 0.3, 0.5, 1.0]), min_size=1, max_size=20)


@pytest.mark.parametrize("rate", [0.02, 0.4, 0.9])
@pytest.mark.parametrize("pool", [None, 200])
def test_the_truth_is_inside_at_every_item_as_often_as_stated(rate: float, pool: int | None) -> None:
    rng, runs, alpha = np.random.default_rng(1), 200, 0.2
    right = np.repeat([1.0, 0.0], [round(200 * rate), 200 - round(200 * rate)])
    missed = 0
    for _ in range(runs):
        scores = rng.permutation(right)[:150] if pool else (rng.random(150) < rate).astype(float)
        low, high = interval(scores, pool, alpha)
        missed += not low <= rate <= high
    assert missed / runs <= alpha + 3 * np.sqrt(alpha / runs)


@pytest.mark.parametrize("pool", [None, 90])
def test_the_mean_of_bounded_scores_is_inside_as_often_as_stated(pool: int | None) -> None:
    rng, runs, alpha = np.random.default_rng(2), 80, 0.2
    values = np.repeat([0.0, 0.5, 1.0], [20, 45, 25])
    missed = 0
    for _ in range(runs):
        scores = rng.permutation(values)[:60] if pool else rng.choice(values, 60)
        low, high = interval(scores, pool, alpha)
        missed += not low <= values.mean() <= high
    assert missed / runs <= alpha + 3 * np.sqrt(alpha / runs)


@settings(max_examples=60, deadline=None)
@given(binary, st.sampled_from([None, 60, 200]))
def test_intervals_hold_the_mean_seen_and_never_grow(scores: list[float], pool: int | None) -> None:
    before = (0.0, 1.0)
    for n in range(1, len(scores) + 1):
        low, high = interval(scores[:n], pool, 0.05)
        mean = float(np.mean(scores[:n]))
        assert 0.0 <= low <= mean <= high <= 1.0
        assert low >= min(before[0], mean) - 1e-12
        assert high <= max(before[1], mean) + 1e-12
        before = (low, high)


@settings(max_examples=30, deadline=None)
@given(bounded)
def test_an_exhausted_pool_is_known_exactly(scores: list[float]) -> None:
    mean = float(np.mean(scores))
    assert interval(scores, len(scores), 0.05) == (mean, mean)


@settings(max_examples=20, deadline=None)
@given(bounded)
def test_a_pool_is_never_wider_than_what_its_unasked_items_allow(scores: list[float]) -> None:
    pool = len(scores) + 3
    low, high = interval(scores, pool, 0.05)
    assert low >= sum(scores) / pool - 1e-9
    assert high <= (sum(scores) + 3) / pool + 1e-9


def test_a_pool_is_known_better_than_a_population_and_more_items_help() -> None:
    scores = np.tile([1.0, 0.0, 1.0], 40)
    low, high = interval(scores, None, 0.05)
    pool_low, pool_high = interval(scores, 150, 0.05)
    assert (
        pool_high - pool_low < high - low < interval(scores[:30], None, 0.05)[1] - interval(scores[:30], None, 0.05)[0]
    )


def test_equal_pairs_are_known_better_than_scattered_ones() -> None:
    same, scattered = np.tile([0.5, 0.5, 0.5, 1.0, 0.0], 30), np.tile([0.0, 1.0, 0.5, 1.0, 0.0], 30)
    widths = [high - low for low, high in (interval(x, None, 0.05) for x in (same, scattered))]
    assert widths[0] < widths[1]


def test_nothing_is_known_before_the_first_score() -> None:
    assert interval([], 100, 0.05) == (0.0, 1.0)


def test_betting_against_a_true_bound_does_not_pay_on_average() -> None:
    rng = np.random.default_rng(3)
    ends = []
    for _ in range(400):
        capital = Capital(0.3, None)
        for score in rng.random(15) * 0.6:
            capital.update(float(score))
        ends.append(float(np.exp(capital.log[0])))
    assert np.mean(ends) <= 1.0 + 4 * np.std(ends) / np.sqrt(len(ends))


def test_betting_against_what_the_scores_rule_out_pays_without_end() -> None:
    capital = Capital(0.2, 10)
    for _ in range(3):
        capital.update(1.0)
    assert np.isinf(capital.log[0])


@pytest.mark.parametrize(("scores", "pool", "says"), [([0.2, 1.2], None, "outside"), ([1.0] * 5, 4, "pool of 4")])
def test_impossible_scores_are_said(scores: list[float], pool: int | None, says: str) -> None:
    with pytest.raises(StudyError, match=says):
        interval(scores, pool, 0.05)
