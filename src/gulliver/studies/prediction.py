"""What the next larger rung of a family would score, with an interval, or why that cannot be said."""

from collections.abc import Sequence

import numpy as np
from scipy import optimize, special

FEWEST = 3


def predict_next(
    rungs: Sequence[tuple[int, int, int]], next_parameters: int, confidence: float = 0.95, draws: int = 400, seed: int = 0
) -> tuple[float, float, float] | tuple[None, str]:
    """Quality at `next_parameters`, as (estimate, low, high), or (None, why).

    A logistic curve in log parameters is fitted to (parameters, right, items) of one family and strategy; the interval
    holds the binomial noise (parametric bootstrap) and the misfit of the curve (residuals in logits, widened by the
    distance of the extrapolation).
    """
    sizes = {parameters for parameters, _, items in rungs if items > 0}
    if len(sizes) < FEWEST:
        return None, f"{len(sizes)} measured rung{'s' if len(sizes) != 1 else ''} of this family, and a trend needs {FEWEST}"
    x = np.log(np.array([p for p, _, n in rungs if n > 0], dtype=np.float64))
    right = np.array([r for _, r, n in rungs if n > 0], dtype=np.float64)
    items = np.array([n for _, _, n in rungs if n > 0], dtype=np.float64)
    center, spread = x.mean(), max(x.std(), 1e-9)
    z, ahead = (x - center) / spread, (np.log(next_parameters) - center) / spread

    def fit(counts: "np.ndarray[tuple[int], np.dtype[np.float64]]") -> "np.ndarray[tuple[int], np.dtype[np.float64]]":
        def loss(theta: "np.ndarray[tuple[int], np.dtype[np.float64]]") -> float:
            logits = theta[0] + theta[1] * z
            # A weak prior keeps the slope finite when all or none are right.
            return float(np.sum(items * np.logaddexp(0.0, logits) - counts * logits) + 0.02 * theta @ theta)

        found: np.ndarray[tuple[int], np.dtype[np.float64]] = optimize.minimize(loss, np.zeros(2), method="BFGS").x
        return found

    theta = fit(right)
    random = np.random.default_rng(seed)
    smooth = (right + 0.5) / (items + 1.0)
    residual = special.logit(smooth) - (theta[0] + theta[1] * z)
    noise = 1.0 / (items * smooth * (1.0 - smooth))
    misfit = np.sqrt(max(float(np.sum(residual**2 - noise)) / (len(z) - 2), 0.05))
    reach = np.sqrt(1.0 + 1.0 / len(z) + ahead**2 / np.sum(z**2))
    logits = []
    for _ in range(draws):
        drawn = fit(random.binomial(items.astype(int), smooth).astype(np.float64))
        logits.append(drawn[0] + drawn[1] * ahead + random.standard_t(len(z) - 2) * misfit * reach)
    low, high = np.quantile(special.expit(logits), [(1 - confidence) / 2, (1 + confidence) / 2])
    return float(special.expit(theta[0] + theta[1] * ahead)), float(low), float(high)
