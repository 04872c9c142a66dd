"""Scales put values where they belong, and their ends and ticks are round."""

import pytest

from gulliver.reports.scales import Scale, log_ends, log_ticks, share_ends, share_ticks


@pytest.mark.parametrize(
    ("values", "ends"),
    [([0.02, 0.64], (0.0, 0.7)), ([], (0.0, 1.0)), ([0.5, 0.5], (0.45, 0.55)), ([0.97, 1.0], (0.9, 1.0))],
)
def test_ends_of_shares_are_round_and_hold_all(values: list[float], ends: tuple[float, float]) -> None:
    assert share_ends(values) == pytest.approx(ends)


def test_ticks_are_few_and_lie_between_the_ends() -> None:
    for low, high in ((0.0, 1.0), (0.1, 0.35), (0.45, 0.55)):
        ticks = share_ticks(low, high)
        assert 2 <= len(ticks) <= 7
        assert all(low - 1e-6 <= t <= high + 1e-6 for t in ticks)
    assert log_ticks(4e10, 5e12) == pytest.approx([5e10, 1e11, 2e11, 5e11, 1e12, 2e12, 5e12])
    assert log_ticks(1.0, 1e12) == pytest.approx([10.0**d for d in (0, 2, 4, 6, 8, 10, 12)])


def test_log_ends_leave_out_what_is_not_positive_and_intervals_far_off() -> None:
    low, high = log_ends([0.0, 1e9, 1e10], [1e-3, 2e10])
    assert 5e8 < low < 1e9
    assert 2e10 < high < 4e10
    assert log_ends([0.0]) == (0.1, 10.0)


def test_a_log_scale_puts_the_geometric_mean_in_the_middle() -> None:
    scale = Scale(1.0, 100.0, 0.0, 200.0, log=True)
    assert scale(10.0) == pytest.approx(100.0)
    assert scale(0.0) == 0.0
