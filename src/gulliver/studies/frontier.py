"""The frontier of quality against cost: which recipes no other measured one beats on both, and how surely."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]


def frontier(
    scores: Sequence[Floats], costs: Sequence[Floats], *, pool: int | None = None, seed: int = 0, draws: int = 1000
) -> list[float]:
    """Each recipe's probability of being on the frontier, by a paired Bayesian bootstrap over items (Rubin 1981).

    A recipe is on it when no other costs at most as much and scores at least as well, one of them strictly.

    Args:
        scores, costs: one array a recipe, in the same order of items; NaN where an item was not asked of it.
        pool: items in the pool; recipes asked all of it are compared as they are, without resampling.
    """
    quality, price = np.array(scores, dtype=np.float64), np.array(costs, dtype=np.float64)
    asked = ~np.isnan(quality)
    if pool is not None and asked.all() and quality.shape[1] >= pool:
        return [float(on) for on in _on(quality.mean(axis=1), price.mean(axis=1))]
    random = np.random.default_rng(seed)
    weights = random.exponential(size=(draws, quality.shape[1]))
    total = weights @ asked.T
    mean_quality = weights @ np.where(asked, quality, 0.0).T / total
    mean_price = weights @ np.where(asked, price, 0.0).T / total
    hits = np.array([_on(q, c) for q, c in zip(mean_quality, mean_price, strict=True)])
    return [float(share) for share in hits.mean(axis=0)]


def _on(quality: Floats, price: Floats) -> NDArray[np.bool_]:
    better = (quality[None, :] >= quality[:, None]) & (price[None, :] <= price[:, None])
    strictly = (quality[None, :] > quality[:, None]) | (price[None, :] < price[:, None])
    return ~(better & strictly).any(axis=1)


def cost_interval(costs: Floats, confidence: float, draws: int = 2000, seed: int = 0) -> tuple[float, float]:
    """Interval of the mean cost of an item, by the Bayesian bootstrap; a point when there is one item."""
    values = np.asarray(costs, dtype=np.float64)
    if len(values) < 2:
        return (float(values.mean()),) * 2
    weights = np.random.default_rng(seed).dirichlet(np.ones(len(values)), size=draws)
    low, high = np.quantile(weights @ values, [(1 - confidence) / 2, (1 + confidence) / 2])
    return float(low), float(high)
