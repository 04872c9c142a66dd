"""How far apart several kinds of one model are, against what seeds do to that difference."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache

import numpy as np

from gulliver.laws.base import LawError


@dataclass(frozen=True)
class Apart:
    """The largest difference between groups of losses.

    Attributes:
        lowest, highest: names of the two groups.
        low, high: of the difference, for all pairs at once (Tukey 1949, the studentised range); `low` is at least 0.
        seed: standard deviation of one loss once its group's and its seed's mean are known.
    """

    lowest: str
    highest: str
    difference: float
    low: float
    high: float
    seed: float


def apart(groups: Mapping[str, Sequence[float]], level: float = 0.95) -> Apart:
    """The two groups of losses that are furthest apart, with an interval from how their differences vary over seeds.

    A seed decides the order of the text too, which moves all groups alike: that part is taken out first (a block design).

    Args:
        groups: losses by group, one a seed, the same seeds in the same order in each.

    Raises:
        LawError: fewer than two groups, fewer than two seeds, or groups of different size.
    """
    counts = {len(losses) for losses in groups.values()}
    if len(groups) < 2 or len(counts) != 1 or min(counts) < 2:
        raise LawError("A difference needs two groups or more, with the same number of seeds in each, two at least.")
    seeds = counts.pop()
    values = np.array(list(groups.values()), dtype=np.float64)
    means = values.mean(axis=1)
    free = (len(groups) - 1) * (seeds - 1)
    rest = values - means[:, None] - values.mean(axis=0) + values.mean()
    spread = float(np.sqrt((rest**2).sum() / free))
    margin = _range(level, len(groups), free) * spread / seeds**0.5
    names = list(groups)
    difference = float(means.max() - means.min())
    return Apart(
        names[int(means.argmin())],
        names[int(means.argmax())],
        difference,
        max(0.0, difference - margin),
        difference + margin,
        spread,
    )


@cache
def _range(level: float, groups: int, free: int) -> float:
    """The studentised range's quantile; an integral that takes a tenth of a second."""
    from scipy.stats import studentized_range

    return float(studentized_range.ppf(level, groups, free))
