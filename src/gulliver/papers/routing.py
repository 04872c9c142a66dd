"""What experiments share that send some items to a larger model: thresholds that saw other items, and intervals of ratios."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gulliver.papers.base import Measurement
from gulliver.studies.result import ItemRecord

Floats = NDArray[np.float64]
ALLOWED = 0.02
"""How far below the larger model's share right a threshold may bring the two together, where it is set."""


@dataclass(frozen=True)
class Routed:
    """Item by item: whether it was sent to the larger model, whether the answer is right, FLOPs of all that was asked, and the
    chance that it is right under a router that sends as many items at random."""

    sent: tuple[bool, ...]
    right: tuple[bool, ...]
    flops: tuple[float, ...]
    shuffled: tuple[float, ...]


def router(sure: Sequence[float], small: Sequence[ItemRecord], large: Sequence[ItemRecord], folds: int = 2) -> Routed:
    """Each item under the threshold that the other folds' items set (see `threshold`)."""
    mine, theirs = successes(small), successes(large)
    sent = np.zeros(len(mine), bool)
    for own, others in fold_over(len(mine), folds):
        limit = threshold(np.array(sure)[others], mine[others], theirs[others])
        sent[own] = np.array(sure)[own] < limit
    share = float(sent.mean()) if len(sent) else 0.0
    flops = costs(small) + np.where(sent, costs(large), 0.0)
    right = np.where(sent, theirs, mine)
    return Routed(
        tuple(bool(one) for one in sent),
        tuple(bool(one) for one in right),
        tuple(float(one) for one in flops),
        tuple(float(one) for one in share * theirs + (1 - share) * mine),
    )


def threshold(sure: Floats, small: Floats, large: Floats, allowed: float = ALLOWED) -> float:
    """The lowest confidence below which the larger model must answer for the two together to be within `allowed` of it."""
    for limit in [0.0, *sorted(set(sure.tolist()))]:
        if np.where(sure < limit, large, small).mean() >= large.mean() - allowed:
            return float(limit)
    return float("inf")


def fold_over(count: int, folds: int) -> list[tuple[NDArray[np.int_], NDArray[np.int_]]]:
    """(own, others) of each fold: items in turn."""
    at = np.arange(count)
    return [(at[at % folds == fold], at[at % folds != fold]) for fold in range(folds)]


def bootstrap(
    name: str, columns: Sequence[Floats], of: Callable[..., Any], note: str = "", draws: int = 2000
) -> Measurement:
    """`of` the columns (one entry an item), with the 95 % interval of its values on items drawn again (percentiles)."""
    rng = np.random.default_rng(0)
    n = len(columns[0])
    chosen = rng.integers(0, n, (draws, n))
    values = np.array([float(of(*(column[rows] for column in columns))) for rows in chosen])
    low, high = np.percentile(values, [2.5, 97.5])
    return Measurement(name, float(of(*columns)), float(low), float(high), n, note)


def successes(records: Sequence[ItemRecord]) -> Floats:
    """1 where right, else 0."""
    return np.array([record.outcome == "right" for record in records], float)


def costs(records: Sequence[ItemRecord]) -> Floats:
    """FLOPs of each answer."""
    return np.array([record.flops for record in records], float)
