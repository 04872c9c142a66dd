"""Averages over subsets, against every subset in every order put to the strategies themselves."""

import itertools
import math
from collections import Counter
from collections.abc import Sequence
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gulliver.strategies.best_of import BestOf
from gulliver.strategies.majority import Majority
from gulliver.strategies.weighted_majority import WeightedMajority
from gulliver.studies import subsets
from gulliver.studies.subsets import best_of_at, majority_at, pass_at, weighted_at
from gulliver.tasks.base import Answer

RIGHT = ("a", "d")
# Few values, so that ties are met: of votes, of worth, and of sums of weights.
DRAWS = st.lists(
    st.tuples(st.sampled_from(["a", "b", "c", "d", None]), st.sampled_from([0.25, 0.5, 0.75, 1.0])),
    min_size=1, max_size=6,
)  # fmt: skip


def answer_of(said: str | None, probability: float) -> Answer:
    status: Any = "read" if said is not None else "unreadable"
    return Answer(said, status, logprob=math.log(probability), tokens=1)


def in_all_orders(chooser: Any, answers: Sequence[Answer], k: int) -> float:
    """The share of ordered k-subsets of which the strategy chooses a right answer."""
    chosen = [chooser.choose(order) for order in itertools.permutations(answers, k)]
    return sum(answer.value in RIGHT for answer in chosen) / len(chosen)


def numbered(draws: Sequence[tuple[str | None, float]]) -> tuple[list[int], list[bool]]:
    names = list(dict.fromkeys(said for said, _ in draws if said is not None))
    return [-1 if said is None else names.index(said) for said, _ in draws], [name in RIGHT for name in names]


@settings(max_examples=25, deadline=None)
@given(DRAWS)
def test_each_curve_is_what_its_strategy_does_over_every_subset_in_every_order(
    draws: list[tuple[str | None, float]],
) -> None:
    answers = [answer_of(*draw) for draw in draws]
    given_, right = numbered(draws)
    n = len(draws)
    votes = Counter(label for label in given_ if label >= 0)
    good = [label >= 0 and right[label] for label in given_]
    worth = [math.log(p) if said is not None else math.nan for said, p in draws]
    found = {
        Majority: majority_at([votes[label] for label in range(len(right))], right, n),
        BestOf: best_of_at(good, worth),
        WeightedMajority: weighted_at(given_, [p for _, p in draws], right)[0],
    }
    for kind, curve in found.items():
        brute = [in_all_orders(kind(n=k), answers, k) for k in range(1, n + 1)]
        assert curve == pytest.approx(brute, abs=1e-12), kind.__name__


@settings(max_examples=50, deadline=None)
@given(st.integers(1, 8), st.data())
def test_passing_is_one_right_draw_in_the_subset(n: int, data: st.DataObject) -> None:
    right = data.draw(st.integers(0, n))
    draws = [True] * right + [False] * (n - right)
    brute = [np.mean([any(some) for some in itertools.combinations(draws, k)]) for k in range(1, n + 1)]
    assert pass_at(right, n) == pytest.approx(brute)


@settings(max_examples=30, deadline=None)
@given(st.lists(st.sampled_from("abcde"), min_size=7, max_size=8))
def test_majorities_of_eight_are_exact_with_ties_shared_by_order(said: list[str]) -> None:
    n, votes = len(said), Counter(said)
    brute = []
    for k in range(1, n + 1):
        won = []
        for some in itertools.combinations(said, k):
            counts = Counter(some)
            most = [a for a in counts if counts[a] == max(counts.values())]
            won.append(sum(a in RIGHT for a in most) / len(most))
        brute.append(np.mean(won))
    names = sorted(votes)
    found = majority_at([votes[a] for a in names], [a in RIGHT for a in names], n)
    assert found == pytest.approx(brute, abs=1e-12)


def test_the_ends_of_a_curve_are_one_draw_and_all_draws() -> None:
    votes, right = [30, 20, 10], [False, True, False]
    curve = majority_at(votes, right, 64)
    assert curve[0] == pytest.approx(20 / 64)
    assert curve[-1] == 0.0
    assert majority_at([20, 20, 10], [True, False, False], 64)[-1] == pytest.approx(0.5)
    assert majority_at([], [], 5).tolist() == [0.0] * 5


def test_many_draws_lose_no_precision() -> None:
    curve = majority_at([400, 350, 200], [True, False, False], 1000)
    rng = np.random.default_rng(0)
    counts = rng.multivariate_hypergeometric([400, 350, 200, 50], 101, size=200_000)[:, :3]
    most = counts.max(axis=1, keepdims=True)
    won = (counts[:, 0] == most[:, 0]) / (counts == most).sum(axis=1)
    assert curve[100] == pytest.approx(won.mean(), abs=4 * won.std() / math.sqrt(len(won)))
    assert curve[-1] == pytest.approx(1.0)
    with pytest.raises(ValueError, match="1000 draws"):
        majority_at([1], [True], 1001)


def test_equal_weights_are_a_majority_within_the_stated_error() -> None:
    rng = np.random.default_rng(1)
    given_ = rng.integers(-1, 4, 40).tolist()
    right = [True, False, False, False]
    exact = majority_at([given_.count(a) for a in range(4)], right, 40)
    value, error = weighted_at(given_, [0.3] * 40, right)
    assert error[[0, 1, 37, 38, 39]].tolist() == [0.0] * 5
    assert value[[0, 1, 38, 39]] == pytest.approx(exact[[0, 1, 38, 39]])
    assert np.all(error[2:37] > 0)
    assert np.all(np.abs(value - exact) <= 4.5 * error + 1e-12)
    again, _ = weighted_at(given_, [0.3] * 40, right)
    assert again.tolist() == value.tolist()


def test_drawn_orders_agree_with_all_subsets(monkeypatch: pytest.MonkeyPatch) -> None:
    rng = np.random.default_rng(2)
    given_, weights, right = rng.integers(-1, 3, 9).tolist(), rng.uniform(0.1, 1, 9).tolist(), [True, False, False]
    exact, none = weighted_at(given_, weights, right)
    assert not none.any()
    monkeypatch.setattr(subsets, "ORDERS", 30)
    value, error = weighted_at(given_, weights, right)
    assert np.all(np.abs(value - exact) <= 4.5 * error + 1e-12)
    with pytest.raises(ValueError, match="above 0"):
        weighted_at([0], [0.0], [True])
