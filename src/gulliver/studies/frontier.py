"""Which recipes nobody beats on both cost and quality, with the probability of each being one of them."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import stats

Floats = NDArray[np.float64]
_DRAWS = 2000
_CELLS = 4_000_000


def frontier(
    scores: Sequence[ArrayLike], costs: Sequence[ArrayLike], pool: int | None = None, seed: int = 0
) -> list[float]:
    """Probability of each recipe to be on the frontier, by a paired Bayesian bootstrap (Rubin 1981).

    Each draw weighs the items anew, the same for all recipes, so that what is hard for all moves all. Two made-up items
    of half a weight, one right and one wrong, keep a recipe with all or none right from looking certain; for scores of
    0 and 1 quality is then drawn from Beta(right + 1/2, wrong + 1/2). Of a pool only the part not asked is uncertain:
    deviations shrink by sqrt(1 - n/N), to nothing when it is exhausted.

    Args:
        scores: one array a recipe, shape (items,), in [0, 1]; NaN where not asked; the same item order for all.
        costs: likewise, in any one currency, 0 or more.
        pool: items in the pool that the study is about; None for a population.
    """
    quality = np.array([np.asarray(s, dtype=np.float64) for s in scores])
    cost = np.array([np.asarray(c, dtype=np.float64) for c in costs])
    if not len(quality):
        return []
    rng = np.random.default_rng(seed)
    asked = ~np.isnan(quality)
    counts = asked.sum(axis=1)
    items = quality.shape[1]
    draws = max(200, min(_DRAWS, _CELLS // max(1, items)))
    weights = rng.standard_exponential((draws, items))
    held = weights @ asked.T
    extra_right, extra_wrong = rng.gamma(0.5, size=(2, draws, len(quality)))
    q = (weights @ np.nan_to_num(quality).T + extra_right) / (held + extra_right + extra_wrong)
    c = weights @ np.nan_to_num(cost).T / np.maximum(held, 1e-300)
    rest = np.ones(len(counts)) if pool is None else np.sqrt(np.clip(1.0 - counts / pool, 0.0, 1.0))
    middle_q, middle_c = _means(quality), _means(cost)
    q = middle_q + (q - middle_q) * rest
    c = middle_c + (c - middle_c) * rest
    chances = _unbeaten(q, c).mean(axis=0)
    return [float(p) if n else 0.0 for p, n in zip(chances, counts, strict=True)]


def on_frontier(quality: ArrayLike, cost: ArrayLike) -> list[bool]:
    """Whether each recipe is on the frontier at the point estimates: no other is as cheap and as good, and better in one."""
    q, c = np.asarray(quality, dtype=np.float64), np.asarray(cost, dtype=np.float64)
    return [bool(x) for x in _unbeaten(q[None], c[None])[0]]


def cost_interval(costs: ArrayLike, confidence: float, pool: int | None = None, seed: int = 0) -> tuple[float, float]:
    """Where the mean cost of one item is: a percentile bootstrap, expanded for small samples (Hesterberg 2015).

    Args:
        costs: shape (n,), n at least 1, of the items asked.
        pool: as in `frontier`; the interval is a point when all were asked.
    """
    x = np.asarray(costs, dtype=np.float64)
    n, mean = len(x), float(x.mean())
    if pool is not None and n >= pool:
        return mean, mean
    if n == 1:
        return 0.0, mean / (1.0 - confidence)
    if float(np.ptp(x)) == 0.0:
        return mean, mean
    rng = np.random.default_rng(seed)
    draws = max(200, min(_DRAWS, _CELLS // n))
    weights = rng.multinomial(n, np.full(n, 1.0 / n), size=draws) / n
    tail = float(stats.norm.cdf(np.sqrt(n / (n - 1)) * stats.t.ppf((1.0 - confidence) / 2.0, n - 1)))
    low, high = np.quantile(weights @ x, [tail, 1.0 - tail])
    rest = 1.0 if pool is None else float(np.sqrt(1.0 - n / pool))
    return mean + (float(low) - mean) * rest, mean + (float(high) - mean) * rest


def _means(values: Floats) -> Floats:
    counts = (~np.isnan(values)).sum(axis=1)
    return np.asarray(np.nansum(values, axis=1) / np.maximum(counts, 1), dtype=np.float64)


def _unbeaten(quality: Floats, cost: Floats) -> NDArray[np.bool_]:
    """Shape (draws, recipes) from two of the same."""
    q, c = np.round(quality, 12), cost
    unbeaten = np.ones(q.shape, dtype=bool)
    for j in range(q.shape[1]):
        good, cheap = q[:, [j]] >= q, c[:, [j]] <= c * (1 + 1e-12)
        better = (q[:, [j]] > q) | (c[:, [j]] < c * (1 - 1e-12))
        unbeaten &= ~(good & cheap & better)
    return unbeaten
