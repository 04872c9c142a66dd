"""The next rung of a family: an interval that holds, or a sentence why not."""

from collections.abc import Callable

import numpy as np
import pytest

from gulliver.studies.prediction import predict_next

SIZES = (135e6, 360e6, 1.7e9)


def logistic(x: float, middle: float = 9.0, slope: float = 2.5, ceiling: float = 1.0, floor: float = 0.0) -> float:
    return floor + (ceiling - floor) / (1 + float(np.exp(-slope * (x - middle))))


TRUTHS: dict[str, Callable[[float], float]] = {
    "logistic": logistic,
    "saturates at .7": lambda x: logistic(x, 8.6, 3.0, ceiling=0.7),
    "starts at chance": lambda x: logistic(x, 9.2, 3.0, floor=0.25),
    "power law of the error": lambda x: 1 - 0.9 * 10 ** (-0.25 * (x - 8)),
    "flat": lambda x: 0.3,
    "sudden": lambda x: logistic(x, 9.4, 5.0),
}


def predicted(rungs: list[tuple[float, int, int]], following: float) -> tuple[float, float, float]:
    outcome = predict_next(rungs, following, 0.9)
    assert len(outcome) == 3
    return outcome


def coverage(truth: Callable[[float], float], items: int, following: float, runs: int = 60) -> float:
    rng = np.random.default_rng(0)
    held = 0
    for _ in range(runs):
        rungs = [(size, int(rng.binomial(items, truth(np.log10(size)))), items) for size in SIZES]
        _, low, high = predicted(rungs, following)
        held += low <= truth(np.log10(following)) <= high
    return held / runs


@pytest.mark.parametrize("items", [60, 1000])
@pytest.mark.parametrize("name", TRUTHS)
def test_the_interval_holds_the_truth_as_often_as_stated_under_several_forms(name: str, items: int) -> None:
    """Measured coverage of the 90 % interval is printed by `pytest -s`; the forms are none that was fitted, save one."""
    held = coverage(TRUTHS[name], items, 3e9)
    print(f"{name}, {items} items: {held:.0%}")
    assert held >= 0.88


def test_the_interval_says_something() -> None:
    quality, low, high = predicted([(135e6, 20, 1000), (5e8, 300, 1000), (1.5e9, 620, 1000)], 3e9)
    assert 0.62 < quality < 0.95
    assert high - low < 0.6


def test_further_out_is_wider_and_more_items_are_narrower() -> None:
    def width(items: int, following: float) -> float:
        rungs = [(size, round(items * share), items) for size, share in zip(SIZES, (0.3, 0.4, 0.55), strict=True)]
        _, low, high = predicted(rungs, following)
        return high - low

    assert width(100, 3e9) < width(100, 1.5e10)
    assert width(2000, 3e9) < width(30, 3e9)


def test_two_rungs_are_too_few_also_when_one_was_measured_twice() -> None:
    for rungs in ([(1e8, 5, 10), (1e9, 6, 10)], [(1e8, 5, 10), (1e8, 4, 10), (1e9, 6, 10)]):
        quality, why = predict_next(rungs, 3e9, 0.95)[:2]
        assert quality is None
        assert "needs 3 measured rungs" in str(why)
        assert "2 are measured" in str(why)


def test_a_rung_too_far_away_or_of_unknown_size_is_not_predicted() -> None:
    rungs = [(1e8, 5, 10), (3e8, 5, 10), (1e9, 6, 10)]
    assert "times as large" in str(predict_next(rungs, 1e11, 0.95)[1])
    assert "not known" in str(predict_next(rungs, 0, 0.95)[1])
