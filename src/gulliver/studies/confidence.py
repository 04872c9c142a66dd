"""Intervals and tests that hold at every item at once, so that looking at each and stopping early is allowed.

Scores of 0 and 1 use a beta-binomial mixture: exact for a pool drawn without replacement (Waudby-Smith & Ramdas 2020,
Confidence sequences for sampling without replacement) and for a population (Robbins 1970). Other scores in [0, 1] use
betting (Waudby-Smith & Ramdas 2023, Estimating means of bounded random variables by betting).
"""

import math

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.special import betaln, gammaln

from gulliver.errors import StudyError

Floats = NDArray[np.float64]
_FRACTIONS = np.geomspace(0.01, 0.99, 16)
_GRID = 1001
_BLOCK = 64


def interval(scores: ArrayLike, pool: int | None, alpha: float) -> tuple[float, float]:
    """Where the mean is, with error `alpha` over all items so far: the running intersection, and the mean seen.

    Args:
        scores: shape (n,), in [0, 1], in the order asked.
        pool: items in the pool, whose mean is meant; None for the mean of a population.

    Returns:
        (low, high). The whole of [0, 1] before the first score; the exact mean once a pool is exhausted.

    Raises:
        StudyError: a score is outside [0, 1], or there are more scores than items in the pool.
    """
    x = np.asarray(scores, dtype=np.float64)
    if len(x) and not (np.all(x >= 0.0) and np.all(x <= 1.0)):
        raise StudyError("A score is outside [0, 1]; let the judge give a number from 0 to 1.")
    if pool is not None and len(x) > pool:
        raise StudyError(f"There are {len(x)} scores for a pool of {pool} items; ask each item once.")
    if len(x) == 0:
        return 0.0, 1.0
    if pool is not None and len(x) == pool:
        return float(x.mean()), float(x.mean())
    if not np.all((x == 0.0) | (x == 1.0)):
        low, high = _betting_interval(x, pool, alpha)
    elif pool is not None:
        low, high = _pool_interval(np.cumsum(x), pool, alpha)
    else:
        low, high = _population_interval(np.cumsum(x), alpha)
    return min(low, float(x.mean())), max(high, float(x.mean()))


def _population_interval(right: Floats, alpha: float) -> tuple[float, float]:
    """Rates p with mixture likelihood B(s+1, n-s+1) below p^s (1-p)^(n-s) / alpha at every n."""
    rates = np.linspace(0.0, 1.0, _GRID)
    n = np.arange(1, len(right) + 1, dtype=np.float64)
    evidence = betaln(right + 1.0, n - right + 1.0)
    worst = np.full(_GRID, -np.inf)
    with np.errstate(divide="ignore"):
        yes, no = np.log(rates), np.log1p(-rates)
    yes[0] = no[-1] = -1e300
    for at in _blocks(len(right)):
        likelihood = right[at, None] * yes + (n - right)[at, None] * no
        worst = np.maximum(worst, (evidence[at, None] - likelihood).max(axis=0))
    return _hull(rates, worst < math.log(1.0 / alpha), right[-1] / len(right))


def _pool_interval(right: Floats, pool: int, alpha: float) -> tuple[float, float]:
    """Pools with S right answers whose prior-posterior ratio stays below 1 / alpha at every n (prior uniform on S)."""
    totals = np.unique(np.round(np.linspace(0, pool, min(pool + 1, _GRID)))).astype(np.int64)
    counts = right.astype(np.int64)
    n = np.arange(1, len(right) + 1)
    wrong = n - counts
    evidence = betaln(counts + 1.0, wrong + 1.0)
    factorial = gammaln(np.arange(pool + 1) + 1.0)
    worst = np.full(len(totals), -np.inf)
    for at in _blocks(len(right)):
        s, f = counts[at, None], wrong[at, None]
        spare, misses = totals - s, pool - totals - f
        likelihood = factorial[totals] - factorial[spare.clip(0)] + factorial[pool - totals] - factorial[misses.clip(0)]
        likelihood += factorial[pool - n[at, None]] - factorial[pool]
        ratio = np.where((spare >= 0) & (misses >= 0), evidence[at, None] - likelihood, np.inf)
        worst = np.maximum(worst, ratio.max(axis=0))
    exact = len(totals) == pool + 1
    low, high = _hull(totals / pool, worst < math.log(1.0 / alpha), right[-1] / len(right), widen=not exact)
    return max(low, counts[-1] / pool), min(high, 1.0 - wrong[-1] / pool)


def _blocks(size: int) -> list[slice]:
    return [slice(start, start + _BLOCK) for start in range(0, size, _BLOCK)]


def _hull(values: Floats, kept: NDArray[np.bool_], estimate: float, widen: bool = True) -> tuple[float, float]:
    """The interval around the values kept; widened to the next value, if truths may lie between them."""
    inside = np.flatnonzero(kept)
    if not len(inside):
        return estimate, estimate
    low, high = int(inside[0]) - widen, int(inside[-1]) + widen
    return float(values[max(0, low)]), float(values[min(len(values) - 1, high)])


class Capital:
    """What betting against "the mean is at most `mean`" has earned so far, from a stake of 1.

    A mixture of constant-fraction bets c / m_i, where m_i is what the mean of the items not yet asked would be. Under
    the hypothesis it is a nonnegative supermartingale, so it ever reaches 1 / a with chance at most a (Ville). One
    object holds many hypotheses at once: `mean` may be an array.
    """

    def __init__(self, mean: ArrayLike, pool: int | None) -> None:
        self._mean = np.atleast_1d(np.asarray(mean, dtype=np.float64))
        self._pool = pool
        self._n, self._sum = 0, 0.0
        self._logs = np.zeros((len(self._mean), len(_FRACTIONS)))
        self._certain = np.zeros(len(self._mean), dtype=bool)

    def update(self, score: float) -> None:
        """Take one score in [0, 1], in the order asked."""
        expected = self._mean
        if self._pool is not None:
            expected = (self._pool * self._mean - self._sum) / (self._pool - self._n)
        self._certain |= expected < -1e-12
        bounded = np.clip(expected, 1e-9, 1.0)[:, None]
        self._logs += np.log1p(_FRACTIONS * (score / bounded - 1.0))
        self._n += 1
        self._sum += score
        if self._pool is not None:
            self._certain |= self._sum > self._pool * self._mean + 1e-9

    @property
    def log(self) -> Floats:
        """log of the capital, one a hypothesis; infinite where the scores seen already exceed what it allows."""
        top = self._logs.max(axis=1)
        value = top + np.log(np.exp(self._logs - top[:, None]).mean(axis=1))
        return np.where(self._certain, np.inf, value)


def _betting_interval(x: Floats, pool: int | None, alpha: float) -> tuple[float, float]:
    """Means that neither of two bettors, one above and one below, has made 2 / alpha against at any n."""
    reach = 10.0 * math.sqrt((float(x.var()) + 0.25 / len(x)) / len(x))
    near = np.linspace(max(0.0, float(x.mean()) - reach), min(1.0, float(x.mean()) + reach), 201)
    means = np.unique(np.concatenate([[0.0], near, [1.0]]))
    above, below = Capital(means, pool), Capital(1.0 - means, pool)
    worst = np.full(len(means), -np.inf)
    for score in x:
        above.update(float(score))
        below.update(1.0 - float(score))
        worst = np.maximum(worst, np.maximum(above.log, below.log))
    low, high = _hull(means, worst < math.log(2.0 / alpha), float(x.mean()))
    if pool is not None:
        low, high = max(low, x.sum() / pool), min(high, 1.0 - (len(x) - x.sum()) / pool)
    return low, high
