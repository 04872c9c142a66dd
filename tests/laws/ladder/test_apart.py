"""Shapes are apart only by more than seeds are."""

import numpy as np
import pytest

from gulliver.laws import LawError
from gulliver.laws.ladder.apart import apart


def test_the_furthest_two_are_named_and_their_difference_has_the_seeds_spread() -> None:
    found = apart({"deep": [3.0, 3.2], "square": [3.5, 3.5], "wide": [3.3, 3.5]})
    assert (found.lowest, found.highest) == ("deep", "square")
    assert found.difference == pytest.approx(0.4)
    assert found.seed == pytest.approx((0.04 / 3) ** 0.5 / 2**0.5)
    assert found.low == 0.0
    # Tukey's tables: q(0.95; 3 groups, 2 degrees of freedom) = 8.33
    assert found.high == pytest.approx(0.4 + 8.33 * found.seed / 2**0.5, abs=0.001)


def test_what_a_seed_does_to_all_alike_does_not_count() -> None:
    found = apart({"deep": [3.0, 4.0], "wide": [3.4, 4.4]})
    assert found.seed == pytest.approx(0.0, abs=1e-12)
    assert found.low == pytest.approx(found.high)


def test_intervals_hold_the_largest_of_all_differences() -> None:
    """Where groups differ by nothing, 95 % of intervals begin at zero, whatever seeds do to all."""
    draw = np.random.default_rng(0)
    tables = draw.normal(3.0, 0.1, (400, 3, 2)) + draw.normal(0.0, 1.0, (400, 1, 2))
    covered = sum(apart({str(i): row for i, row in enumerate(t.tolist())}).low == 0 for t in tables)
    assert 0.92 <= covered / 400 <= 0.98


@pytest.mark.parametrize("groups", [{"a": [1.0, 2.0]}, {"a": [1.0], "b": [2.0]}, {"a": [1.0, 2.0], "b": [1.0]}])
def test_one_group_or_one_seed_shows_no_difference(groups: dict[str, list[float]]) -> None:
    with pytest.raises(LawError, match="two at least"):
        apart(groups)
