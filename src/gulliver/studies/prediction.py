"""What the next larger rung of a family would reach, with an interval that is honest about how little is known."""

from collections.abc import Sequence

import numpy as np
from scipy import optimize, stats

Rung = tuple[float, int, int]

RUNGS = 3
FARTHEST = 12.0
_SLOPE = (1.0, 2.0)
_CURVATURE = 1.0
_MISFITS = np.linspace(0.02, 1.5, 40)
_MISFIT_SCALE = 0.4


def predict_next(
    rungs: Sequence[Rung], next_parameters: float, confidence: float
) -> tuple[float, float, float] | tuple[None, str]:
    """Quality of a model of `next_parameters`, from measured rungs of the same family and strategy.

    A straight line of log-odds in log10(parameters), as benchmark accuracies follow over a family, plus three doubts: binomial
    noise of each rung; rungs scattered around the line by an unknown misfit (half-normal, 0.4 log-odds); and a bend of
    the line (normal, 1 log-odd a squared decade), which stands for floors, ceilings and sudden gains. All are
    integrated over, so a forecast further out, or from rungs that don't fit, is wider.

    Args:
        rungs: (parameters, items right, items asked) of each.
        next_parameters: of the rung to predict.

    Returns:
        (quality, low, high), or (None, a sentence that says why there is no prediction).
    """
    merged = _merge(rungs)
    if len(merged) < RUNGS:
        have = f"{len(merged)} {'is' if len(merged) == 1 else 'are'}"
        return None, f"a prediction needs {RUNGS} measured rungs of different size in one family, and {have} measured"
    sizes = np.array([size for size, _, _ in merged])
    right = np.array([r for _, r, _ in merged], dtype=np.float64)
    items = np.array([n for _, _, n in merged], dtype=np.float64)
    if next_parameters > FARTHEST * sizes.max():
        return None, f"the next rung is more than {FARTHEST:g} times as large as the largest measured"
    if next_parameters <= 0:
        return None, "the next rung's number of parameters is not known"
    x = np.log10(sizes)
    centre = float(x.mean())
    y = np.log((right + 0.5) / (items - right + 0.5))
    noise = 1.0 / (right + 0.5) + 1.0 / (items - right + 0.5)
    design = _terms(x - centre)
    ahead = _terms(np.array([np.log10(next_parameters) - centre]))[0]
    prior_mean = np.array([0.0, _SLOPE[0], 0.0])
    prior = np.diag([25.0, _SLOPE[1] ** 2, _CURVATURE**2])
    residual = y - design @ prior_mean
    weights, means, spreads = [], [], []
    for misfit in _MISFITS:
        covariance = design @ prior @ design.T + np.diag(noise + misfit**2)
        solved = np.linalg.solve(covariance, np.column_stack([residual, design @ prior @ ahead]))
        cross = design @ prior @ ahead
        means.append(float(ahead @ prior_mean + cross @ solved[:, 0]))
        spreads.append(float(np.sqrt(ahead @ prior @ ahead - cross @ solved[:, 1] + misfit**2)))
        fit = -0.5 * (residual @ solved[:, 0] + np.linalg.slogdet(covariance)[1])
        weights.append(fit - 0.5 * (misfit / _MISFIT_SCALE) ** 2)
    chance = np.exp(np.array(weights) - max(weights))
    chance /= chance.sum()
    tail = (1.0 - confidence) / 2.0
    low, middle, high = (_quantile(p, chance, np.array(means), np.array(spreads)) for p in (tail, 0.5, 1.0 - tail))
    return _odds(middle), _odds(low), _odds(high)


def _merge(rungs: Sequence[Rung]) -> list[Rung]:
    """One rung a size, smallest first; rungs without items are left out."""
    found: dict[float, tuple[int, int]] = {}
    for size, right, items in rungs:
        if items > 0 and size > 0:
            before = found.get(size, (0, 0))
            found[size] = (before[0] + right, before[1] + items)
    return [(size, *found[size]) for size in sorted(found)]


def _terms(x: "np.ndarray[tuple[int], np.dtype[np.float64]]") -> "np.ndarray[tuple[int, int], np.dtype[np.float64]]":
    return np.column_stack([np.ones_like(x), x, x**2])


def _quantile(
    p: float,
    chance: "np.ndarray[tuple[int], np.dtype[np.float64]]",
    means: "np.ndarray[tuple[int], np.dtype[np.float64]]",
    spreads: "np.ndarray[tuple[int], np.dtype[np.float64]]",
) -> float:
    """Of the mixture of normals."""
    reach = 12.0 * float(spreads.max())
    return float(
        optimize.brentq(
            lambda v: float(chance @ stats.norm.cdf((v - means) / spreads)) - p,
            float(means.min()) - reach,
            float(means.max()) + reach,
        )
    )


def _odds(v: float) -> float:
    return float(1.0 / (1.0 + np.exp(-v)))
