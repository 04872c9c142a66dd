"""A critical amount is where the score passes a level, and its growth is an exponent with an interval."""

import numpy as np
import pytest

from gulliver.laws import LawError
from gulliver.laws.critical import crossing, growth


def test_the_crossing_lies_between_its_neighbours_in_log_scale() -> None:
    assert crossing([1, 100], [0.0, 1.0], 0.5) == pytest.approx(10.0)
    assert crossing([100, 10, 1000, 1], [0.2, 0.0, 1.0, 0.0], 0.5) == pytest.approx(10 ** (2 + 0.375))


def test_the_order_of_the_rows_does_not_matter_and_an_odd_run_moves_it_little() -> None:
    data, score = [1, 2, 4, 8, 16], [0.0, 0.6, 0.1, 0.9, 1.0]
    found = crossing(data, score, 0.5)
    assert found == crossing(data[::-1], score[::-1], 0.5)
    assert found is not None
    assert 4 < found < 8  # the pooled 0.35 is below the level


def test_no_crossing_where_it_is_above_from_the_start_or_never() -> None:
    assert crossing([1, 2], [0.6, 0.9], 0.5) is None
    assert crossing([1, 2], [0.0, 0.4], 0.5) is None


def test_growth_finds_a_planted_exponent_as_often_as_stated() -> None:
    draw = np.random.default_rng(0)
    sizes = np.repeat([1e3, 2e3, 4e3, 8e3], 3)
    held = 0
    for _ in range(400):
        found = growth(sizes, 5 * sizes**0.1 * np.exp(draw.normal(0, 0.05, 12)))
        held += found.low < 0.1 < found.high
    assert 0.92 < held / 400 < 0.98
    assert growth(sizes, 5 * sizes**0.1).exponent == pytest.approx(0.1)


@pytest.mark.parametrize(
    "call",
    [
        lambda: crossing([1, 1], [0.0, 1.0], 0.5),
        lambda: crossing([0, 1], [0.0, 1.0], 0.5),
        lambda: crossing([1, 2], [0.0, float("nan")], 0.5),
        lambda: growth([1, 1, 1], [1, 2, 3]),
        lambda: growth([1, 2], [1, 2]),
        lambda: growth([1, 2, 3], [1, 2, 0]),
    ],
)
def test_what_cannot_be_is_said(call: object) -> None:
    with pytest.raises(LawError):
        call()  # type: ignore[operator]
