"""Compare two recipes on the same items: the difference of their shares of right answers, with an interval."""

from collections.abc import Sequence
from dataclasses import dataclass
from math import sqrt

from scipy.stats import binomtest


@dataclass(frozen=True)
class Paired:
    """Share right of the first less that of the second, over `n` items.

    Attributes:
        both, first, second, neither: items that both, only the first, only the second, or neither got right.
    """

    value: float
    low: float
    high: float
    n: int
    both: int
    first: int
    second: int
    neither: int


def compare(first: Sequence[bool], second: Sequence[bool], confidence: float = 0.95) -> Paired:
    """The paired difference, with Newcombe's interval, which takes 0 in wherever McNemar's exact test does.

    The score interval excludes 0 too readily when few items differ (4 of 4 would do); the exact test does not.

    Raises:
        ValueError: the two have not the same length, or are empty.
    """
    pairs = list(zip(first, second, strict=True))
    if not pairs:
        raise ValueError("there are no items to compare")
    both, only_first = pairs.count((True, True)), pairs.count((True, False))
    only_second, neither = pairs.count((False, True)), pairs.count((False, False))
    low, high = newcombe(both, only_first, only_second, neither, confidence)
    differ = only_first + only_second
    if not differ or binomtest(only_first, differ, 0.5).pvalue > 1.0 - confidence:
        low, high = min(low, 0.0), max(high, 0.0)
    value = (only_first - only_second) / len(pairs)
    return Paired(value, low, high, len(pairs), both, only_first, only_second, neither)


def newcombe(both: int, first: int, second: int, neither: int, confidence: float = 0.95) -> tuple[float, float]:
    """Interval of a difference of paired shares: Newcombe 1998, Statistics in Medicine 17:2635, method 10.

    Two Wilson intervals, combined by the correlation of the table; the correlation is taken towards 0.
    """
    n = both + first + second + neither
    share_1, share_2 = (both + first) / n, (both + second) / n
    low_1, high_1 = wilson(both + first, n, confidence)
    low_2, high_2 = wilson(both + second, n, confidence)
    margins = (both + first) * (second + neither) * (both + second) * (first + neither)
    excess = float(both * neither - first * second)
    if excess > 0:
        excess = max(excess - n / 2, 0.0)
    phi = excess / sqrt(margins) if margins else 0.0
    below = _add(share_1 - low_1, high_2 - share_2, phi)
    above = _add(high_1 - share_1, share_2 - low_2, phi)
    value = share_1 - share_2
    return max(-1.0, value - below), min(1.0, value + above)


def wilson(right: int, n: int, confidence: float = 0.95) -> tuple[float, float]:
    """Wilson's score interval of a share."""
    interval = binomtest(right, n).proportion_ci(confidence, method="wilson")
    return float(interval.low), float(interval.high)


def _add(a: float, b: float, phi: float) -> float:
    return sqrt(max(0.0, a * a - 2.0 * phi * a * b + b * b))


def mcnemar(first: int, second: int) -> float:
    """Exact two-sided p-value of "neither is better", from the items that only the first, or only the second, got right."""
    return float(binomtest(first, first + second, 0.5).pvalue) if first + second else 1.0
