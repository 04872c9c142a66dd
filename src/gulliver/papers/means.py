"""Means of scores of items, and differences of two ways' scores on the same items, as measurements."""

import math
from collections.abc import Sequence

from scipy.stats import t

from gulliver.papers.base import Measurement

SPREAD = 1e-9
ANY = (-math.inf, math.inf)
SHARES = (-1.0, 1.0)
"""Where differences of shares lie."""


def mean_of(
    name: str, scores: Sequence[float], confidence: float = 0.95, note: str = "", limits: tuple[float, float] = ANY
) -> Measurement:
    """The mean with Student's interval, within `limits`; scores that are all equal give no width, so the interval then
    reaches over the share of 3 / n that the rule of three allows for what was not seen (scores lie in [0, 1])."""
    n = len(scores)
    mean = sum(scores) / n
    variance = sum((x - mean) ** 2 for x in scores) / max(1, n - 1)
    half = 1.0
    if n > 1:
        half = float(t.ppf(0.5 + confidence / 2, n - 1)) * math.sqrt(variance / n)
        half = half if variance > SPREAD else min(1.0, 3.0 / n)
    return Measurement(name, mean, max(limits[0], mean - half), min(limits[1], mean + half), n, note)


def share_of(name: str, scores: Sequence[float], confidence: float = 0.95, note: str = "") -> Measurement:
    """The mean of scores in [0, 1]."""
    return mean_of(name, scores, confidence, note, (0.0, 1.0))


def difference(
    name: str,
    first: Sequence[float],
    second: Sequence[float],
    confidence: float = 0.95,
    note: str = "",
    limits: tuple[float, float] = ANY,
) -> Measurement:
    """Mean of the first less that of the second, on the same items in the same order."""
    return mean_of(name, [a - b for a, b in zip(first, second, strict=True)], confidence, note, limits)
