"""What a fit minimises: a loss a row, with its slope and curvatures by the prediction.

`log-huber` is what Hoffmann et al. 2022 minimise (delta 1e-3); `least-squares` and `huber` are on the output's own scale.
`gaussian` is least squares with its noise estimated; `binomial` is for shares right out of `trials`.
"""

from dataclasses import dataclass

import numpy as np

from gulliver.laws.base import Array, LawError

NAMES = ("log-huber", "log-least-squares", "huber", "least-squares", "gaussian", "log-gaussian", "binomial")


@dataclass(frozen=True)
class Objective:
    """A loss a row. `delta` is where Huber's loss turns from squares to absolute values.

    Raises:
        LawError: no objective of that name, or a delta that is not positive.
    """

    name: str = "log-huber"
    delta: float = 1e-3

    def __post_init__(self) -> None:
        if self.name not in NAMES:
            raise LawError(f"There is no objective {self.name!r}; there are: {', '.join(NAMES)}.")
        if not self.delta > 0:
            raise LawError(f"Huber's delta must be positive, not {self.delta:g}.")

    @property
    def log(self) -> bool:
        """Whether residuals are of logarithms."""
        return self.name.startswith("log-")

    @property
    def huber(self) -> bool:
        """Whether large residuals count by their absolute value."""
        return self.name.endswith("huber")

    def residuals(self, predicted: Array, observed: Array) -> Array:
        """Predicted minus observed, of logarithms where the objective says so; for `binomial` of shares."""
        if not self.log:
            return predicted - observed
        with np.errstate(divide="ignore", invalid="ignore"):
            return np.log(predicted) - np.log(observed)

    def terms(self, predicted: Array, observed: Array, trials: Array | None) -> tuple[Array, Array, Array, Array]:
        """Loss, slope, curvature and a curvature that bounds the loss from above; each of shape (P, R).

        A prediction where the loss does not exist (a logarithm of a negative) has loss infinity.
        """
        if self.name == "binomial":
            return _binomial(predicted, observed, trials)
        if self.log:
            with np.errstate(divide="ignore", invalid="ignore"):
                r = np.log(predicted / observed)
                scale = 1.0 / predicted
        else:
            r, scale = predicted - observed, None
        if not self.huber:
            loss, slope, curve = 0.5 * r * r, r, np.ones_like(r)
            bound = curve
        else:
            size = np.abs(r)
            slope = np.clip(r, -self.delta, self.delta)
            loss = slope * (r - 0.5 * slope)
            curve = (size <= self.delta).astype(np.float64)
            bound = self.delta / np.maximum(size, self.delta)
        if scale is not None:
            slope = slope * scale
            scale *= scale
            curve = curve * scale
            bound = bound * scale
            loss = np.where(predicted > 0, loss, np.inf)
        return loss, slope, curve, bound


def _binomial(p: Array, observed: Array, trials: Array | None) -> tuple[Array, Array, Array, Array]:
    """Minus log likelihood, less its value at the observed share, so that a perfect fit has 0."""
    from scipy.special import xlogy

    n = np.ones_like(observed) if trials is None else trials
    inside = (p > 0) & (p < 1)
    q = np.clip(p, 1e-12, 1 - 1e-12)
    best = xlogy(observed, observed) + xlogy(1 - observed, 1 - observed)
    loss = np.where(inside, n * (best - xlogy(observed, q) - xlogy(1 - observed, 1 - q)), np.inf)
    curve = n / (q * (1 - q))
    return loss, curve * (q - observed), curve, curve
