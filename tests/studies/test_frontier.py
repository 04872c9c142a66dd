"""The frontier: who is on it, how surely, and where mean costs are."""

import numpy as np
import pytest

from gulliver.studies.frontier import cost_interval, frontier, on_frontier


def test_a_measured_pool_leaves_no_doubt() -> None:
    scores = [np.array([1.0, 0, 0, 0]), np.array([1.0, 1, 0, 0]), np.array([1.0, 0, 1, 0])]
    costs = [np.full(4, 1.0), np.full(4, 2.0), np.full(4, 3.0)]
    assert frontier(scores, costs, pool=4) == [1.0, 1.0, 0.0]
    assert on_frontier([0.25, 0.5, 0.5], [1, 2, 3]) == [True, True, False]


def test_equals_share_a_place() -> None:
    assert on_frontier([0.5, 0.5], [1.0, 1.0]) == [True, True]
    assert on_frontier([0.5, 0.4], [1.0, 1.0]) == [True, False]


def test_two_recipes_as_good_as_each_other_leave_it_open() -> None:
    rng = np.random.default_rng(0)
    base = rng.permutation(np.repeat([1.0, 0.0], 100))
    chance = frontier([base, np.roll(base, 1)], [np.full(200, 1.0), np.full(200, 2.0)])
    assert chance[0] == 1.0
    assert 0.3 < chance[1] < 0.7


def test_pairing_tells_small_steady_gains_that_separate_items_would_not() -> None:
    rng = np.random.default_rng(1)
    hard = rng.permutation(np.repeat([1.0, 0.0], 100))
    better = hard.copy()
    better[np.flatnonzero(hard == 0)[:8]] = 1.0
    costs = [np.full(200, 1.0), np.full(200, 2.0)]
    paired = frontier([hard, better], costs)[1]
    separate = frontier([np.concatenate([hard, np.full(200, np.nan)]), np.concatenate([np.full(200, np.nan), better])],
                        [np.tile(c, 2) for c in costs])[1]  # fmt: skip
    assert paired > 0.95 > separate


def test_few_items_all_right_are_not_certain() -> None:
    few = np.concatenate([np.ones(5), np.full(195, np.nan)])
    many = np.concatenate([np.ones(190), np.zeros(10)])
    chance = frontier([many, few], [np.full(200, 1.0), np.full(200, 2.0)])
    assert 0.2 < chance[1] < 0.98


def test_a_recipe_without_items_is_not_on_it_and_no_recipes_is_no_list() -> None:
    assert frontier([np.ones(3), np.full(3, np.nan)], [np.ones(3), np.full(3, np.nan)])[1] == 0.0
    assert frontier([], []) == []


def test_the_same_seed_gives_the_same_chances() -> None:
    scores, costs = [np.array([1.0, 0, 1]), np.array([1.0, 1, 0])], [np.ones(3), np.ones(3)]
    assert frontier(scores, costs, seed=4) == frontier(scores, costs, seed=4)


@pytest.mark.parametrize("n", [8, 60])
def test_skewed_costs_are_covered_about_as_often_as_stated(n: int) -> None:
    rng = np.random.default_rng(2)
    truth, covered = float(np.exp(0.18)), 0
    for _ in range(200):
        low, high = cost_interval(rng.lognormal(0.0, 0.6, n), 0.95)
        covered += low <= truth <= high
    assert covered / 200 >= 0.88


def test_costs_of_an_exhausted_pool_and_equal_costs_are_points() -> None:
    assert cost_interval([1.0, 3.0], 0.95, pool=2) == (2.0, 2.0)
    assert cost_interval([4.0, 4.0, 4.0], 0.95) == (4.0, 4.0)
    low, high = cost_interval([2.0], 0.95)
    assert low < 2.0 < high
