"""Paired intervals agree with published ones and keep their word."""

import numpy as np
import pytest
from scipy.stats import multinomial

from gulliver.studies.paired import compare, newcombe, wilson


def _compare(both: int, first: int, second: int, neither: int, confidence: float = 0.95) -> tuple[float, float]:
    pairs = [(True, True)] * both + [(True, False)] * first + [(False, True)] * second + [(False, False)] * neither
    found = compare([a for a, _ in pairs], [b for _, b in pairs], confidence)
    return found.low, found.high


@pytest.mark.parametrize(
    ("table", "published"),
    [((36, 12, 2, 0), (0.0569, 0.3404)), ((1, 1, 7, 12), (-0.507, -0.026))],
    ids=["Newcombe 1998", "Fagerland, Lydersen and Laake 2014"],
)
def test_newcombes_interval_is_the_published_one(
    table: tuple[int, int, int, int], published: tuple[float, float]
) -> None:
    assert newcombe(*table) == pytest.approx(published, abs=6e-4)


def test_wilsons_interval_is_the_published_one() -> None:
    assert wilson(81, 263) == pytest.approx((0.2553, 0.3662), abs=5e-5)  # Newcombe 1998, 17:857, table I


def test_few_differing_items_cannot_exclude_zero() -> None:
    assert newcombe(0, 4, 0, 0)[0] > 0.0
    assert _compare(0, 4, 0, 0)[0] <= 0.0
    assert _compare(0, 6, 0, 94)[0] > 0.0  # six of six: exact p = 0.031


def test_the_order_of_the_two_only_turns_the_sign() -> None:
    low, high = _compare(10, 20, 5, 65)
    assert _compare(10, 5, 20, 65) == pytest.approx((-high, -low))


def test_equal_recipes_are_within_an_interval_around_zero() -> None:
    low, high = _compare(50, 0, 0, 50)
    assert low < 0.0 < high
    assert high < 0.2


@pytest.mark.parametrize("n", [4, 12, 20])
def test_a_difference_of_nothing_is_claimed_at_most_as_often_as_stated(n: int) -> None:
    tables = [(first, second, n - first - second) for first in range(n + 1) for second in range(n + 1 - first)]
    claimed = np.array([(low > 0.0 or high < 0.0) for low, high in (_compare(0, *table) for table in tables)])
    for differ in (0.1, 0.5, 1.0):
        chances = multinomial.pmf(tables, n, [differ / 2, differ / 2, 1 - differ])
        assert chances[claimed].sum() <= 0.05, differ


def test_the_true_difference_is_covered() -> None:
    draws = np.random.default_rng(0)
    shares = [0.2, 0.3, 0.1, 0.4]
    held = [
        low <= 0.2 <= high for low, high in (_compare(*map(int, draws.multinomial(100, shares))) for _ in range(150))
    ]
    assert np.mean(held) > 0.9


def test_answers_to_different_items_cannot_be_compared() -> None:
    with pytest.raises(ValueError, match="shorter"):
        compare([True, False], [True])
    with pytest.raises(ValueError, match="no items"):
        compare([], [])
