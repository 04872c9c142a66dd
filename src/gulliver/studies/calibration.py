"""How far stated confidences can be believed: expected calibration error, Brier score, discrimination, reliability
curve."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.stats import rankdata

from gulliver.studies.paired import wilson

Floats = NDArray[np.float64]
BINS = 10
RESAMPLES = 1000


@dataclass(frozen=True)
class Estimate:
    """A number with its interval (percentiles over resampled items)."""

    value: float
    low: float
    high: float


@dataclass(frozen=True)
class Bin:
    """Items of like confidence: their mean confidence, and the share of them that was right with Wilson's interval."""

    confidence: float
    share: float
    low: float
    high: float
    items: int


@dataclass(frozen=True)
class Calibration:
    """What confidences are worth on some items.

    Attributes:
        right, confidence: shares: of right answers, and the mean that was stated.
        ece: expected calibration error (Naeini et al. 2015), over bins of as equal numbers of items as can be.
        chance: what `ece` would exceed in 5 % of cases if every confidence were exact: few items alone make some error.
        brier: mean squared distance of confidence and outcome (Brier 1950); 0.25 is "one half" said always.
        auroc: how often a right answer was stated with more confidence than a wrong one; None when all or none are
            right.
    """

    items: int
    right: float
    confidence: float
    ece: Estimate
    chance: float
    brier: Estimate
    auroc: Estimate | None
    bins: tuple[Bin, ...]
    level: float = 0.95

    @property
    def calibrated(self) -> bool:
        """Whether the error could be that of exact confidences."""
        return self.ece.value <= self.chance

    def to_json(self) -> dict[str, Any]:
        """Plain data."""
        return asdict(self) | {"calibrated": self.calibrated}


def calibration(
    confidences: Sequence[float], right: Sequence[bool], bins: int = BINS, level: float = 0.95, seed: int = 0
) -> Calibration:
    """
    Args:
        confidences: in [0, 1], shape (items,); right: likewise, which items were answered right.

    Raises:
        ValueError: there are no items, the two differ in length, or a confidence is none.
    """
    said, was = np.asarray(confidences, np.float64), np.asarray(right, np.float64)
    if said.shape != was.shape or said.ndim != 1 or not len(said):
        raise ValueError("confidences and outcomes must be as many, and at least one")
    if not ((said >= 0) & (said <= 1)).all():
        raise ValueError("a confidence lies between 0 and 1")
    rng = np.random.default_rng(seed)
    n = len(said)
    rows = rng.integers(0, n, (RESAMPLES, n))
    parts = binned(said, bins)
    exact = (rng.random((RESAMPLES, n)) < said).astype(np.float64)
    both = 0 < was.sum() < n
    return Calibration(
        n, float(was.mean()), float(said.mean()),
        _estimate(ece(said, was, bins), _ece_of(said[rows], was[rows], _numbers(parts, n)[rows], len(parts)), level),
        float(np.quantile(_ece_of(np.broadcast_to(said, exact.shape), exact, _numbers(parts, n), len(parts)), 0.95)),
        _estimate(brier(said, was), ((said - was) ** 2)[rows].mean(axis=1), level),
        _estimate(auroc(said, was), _auroc_of(said[rows], was[rows]), level) if both else None,
        tuple(_bin(said[part], was[part], level) for part in parts),
        level,
    )  # fmt: skip


def binned(confidences: Floats, bins: int = BINS) -> list[NDArray[np.int64]]:
    """Places of items in bins of about equal numbers, by rising confidence; equal confidences stay together."""
    order = np.argsort(confidences, kind="stable")
    values = confidences[order]
    edges = np.searchsorted(values, np.quantile(values, np.linspace(0, 1, min(bins, len(values)) + 1)[1:-1]), "right")
    return [part for part in np.split(order, np.unique(edges)) if len(part)]


def ece(confidences: Floats, right: Floats, bins: int = BINS) -> float:
    """The mean over items of the distance between their bin's mean confidence and its share of right answers."""
    parts = binned(confidences, bins)
    return float(_ece_of(confidences[None], right[None], _numbers(parts, len(right)), len(parts))[0])


def brier(confidences: Floats, right: Floats) -> float:
    """Mean squared distance of confidence and outcome."""
    return float(((confidences - right) ** 2).mean())


def auroc(confidences: Floats, right: Floats) -> float:
    """Area under the ROC curve (Mann and Whitney 1947), ties counting half; NaN when all or none are right."""
    return float(_auroc_of(confidences[None], right[None])[0])


def _numbers(parts: Sequence[NDArray[np.int64]], items: int) -> NDArray[np.int64]:
    """Of each item, the number of its bin."""
    numbers = np.zeros(items, np.int64)
    for number, part in enumerate(parts):
        numbers[part] = number
    return numbers


def _ece_of(said: Floats, was: Floats, numbers: NDArray[np.int64], bins: int) -> Floats:
    """Of each row; shapes (rows, items), and of `numbers` that or (items,)."""
    off = said - was
    sums = [np.abs(np.where(numbers == number, off, 0.0).sum(axis=1)) for number in range(bins)]
    return np.asarray(np.sum(sums, axis=0) / said.shape[1])


def _auroc_of(said: Floats, was: Floats) -> Floats:
    """Of each row; NaN where all or none are right."""
    good = was.sum(axis=1)
    bad = was.shape[1] - good
    ranks = (rankdata(said, axis=1) * was).sum(axis=1)
    with np.errstate(invalid="ignore", divide="ignore"):
        return np.asarray((ranks - good * (good + 1) / 2) / (good * bad))


def _estimate(value: float, resampled: Floats, level: float) -> Estimate:
    tail = (1.0 - level) / 2.0
    low, high = np.nanquantile(resampled, [tail, 1.0 - tail])
    return Estimate(value, min(float(low), value), max(float(high), value))


def _bin(said: Floats, was: Floats, level: float) -> Bin:
    low, high = wilson(int(was.sum()), len(was), level)
    return Bin(float(said.mean()), float(was.mean()), low, high, len(was))


def gap(
    figure: str,
    first: tuple[Sequence[float], Sequence[bool]],
    second: tuple[Sequence[float], Sequence[bool]],
    level: float = 0.95,
    paired: bool = True,
    bins: int = 5,
    seed: int = 0,
) -> Estimate | None:
    """A figure (`ece`, `brier` or `auroc`) of the first confidences less that of the second; None where one cannot be
    had.

    Args:
        paired: both are of the same items, which are then resampled together.

    Raises:
        ValueError: paired confidences are of different numbers of items.
    """
    how = {"ece": lambda s, w: ece(s, w, bins), "brier": brier, "auroc": auroc}[figure]
    sides = [(np.asarray(said, np.float64), np.asarray(right, np.float64)) for said, right in (first, second)]
    if paired and len(sides[0][0]) != len(sides[1][0]):
        raise ValueError("paired confidences are of the same items")
    value = how(*sides[0]) - how(*sides[1])
    if not np.isfinite(value):
        return None
    rng = np.random.default_rng(seed)
    drawn = []
    for _ in range(RESAMPLES):
        rows = [rng.integers(0, len(said), len(said)) for said, _ in sides]
        rows = [rows[0], rows[0]] if paired else rows
        one, two = (how(said[r], was[r]) for (said, was), r in zip(sides, rows, strict=True))
        drawn.append(one - two)
    return _estimate(float(value), np.array(drawn), level)
