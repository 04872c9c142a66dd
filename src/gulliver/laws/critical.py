"""Where a score rises past a level as data grows, and whether that place moves with the model."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from gulliver.laws.base import LawError


@dataclass(frozen=True)
class Growth:
    """How the critical amount moves with size: the exponent of size, and its interval.

    Attributes:
        places: how many critical amounts it rests on.
    """

    exponent: float
    low: float
    high: float
    places: int


def crossing(data: Sequence[float], score: Sequence[float], level: float) -> float | None:
    """The data at which a score that rises with it passes `level`, between the two amounts beside it (in log scale).

    The scores are first made to rise (by pooling neighbours that fall), so that one odd run moves it little. None when the score is
    above the level at the least data, or nowhere.

    Raises:
        LawError: not as many positive amounts, each once, as finite scores, or fewer than two.
    """
    x, y = np.asarray(data, dtype=np.float64), np.asarray(score, dtype=np.float64)
    if x.shape != y.shape or len(x) < 2 or not (x > 0).all() or not np.isfinite(y).all() or len(set(x)) < len(x):
        raise LawError(
            "A crossing needs at least two amounts of data, positive and each once, with a finite score each."
        )
    order = np.argsort(x)
    x, risen = np.log(x[order]), _rising([float(v) for v in y[order]])
    above = [at for at, value in enumerate(risen) if value >= level]
    if not above or above[0] == 0:
        return None
    at = above[0]
    part = (level - risen[at - 1]) / (risen[at] - risen[at - 1])
    return float(np.exp(x[at - 1] + part * (x[at] - x[at - 1])))


def growth(sizes: Sequence[float], critical: Sequence[float], confidence: float = 0.95) -> Growth:
    """The exponent b of critical = a size^b, by least squares of logarithms, with Student's interval.

    The amounts must be of independent trainings, or the interval is too narrow.

    Raises:
        LawError: fewer than three amounts or two sizes, or numbers that are not positive.
    """
    from scipy.stats import t

    n, d = np.asarray(sizes, dtype=np.float64), np.asarray(critical, dtype=np.float64)
    if n.shape != d.shape or len(n) < 3 or not (n > 0).all() or not (d > 0).all() or len(np.unique(n)) < 2:
        raise LawError("The growth of a critical size needs at least three positive amounts at two sizes or more.")
    x, y = np.log(n) - np.log(n).mean(), np.log(d)
    power = float((x**2).sum())
    slope = float(x @ y / power)
    rest = y - y.mean() - slope * x
    error = float(np.sqrt((rest**2).sum() / (len(x) - 2) / power))
    reach = float(t.ppf(0.5 + confidence / 2.0, len(x) - 2)) * error
    return Growth(slope, slope - reach, slope + reach, len(x))


def _rising(values: Sequence[float]) -> list[float]:
    """The nearest sequence that never falls (pool adjacent violators)."""
    blocks: list[tuple[float, int]] = []
    for value in values:
        blocks.append((value, 1))
        while len(blocks) > 1 and blocks[-2][0] > blocks[-1][0]:
            (a, m), (b, n) = blocks[-2:]
            blocks[-2:] = [((a * m + b * n) / (m + n), m + n)]
    return [value for value, count in blocks for _ in range(count)]
