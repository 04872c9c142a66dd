"""The best size at each budget of FLOPs, then how it grows: Hoffmann et al. 2022, second approach.

A parabola of loss in log(parameters) at each budget has its lowest point at the best size; straight lines through those
points, in logarithms, give the exponents. A budget is a group of rows whose FLOPs lie within a tenth of the next.
"""

from collections.abc import Mapping

import numpy as np

from gulliver.laws.base import Array, Columns, Constant, Form, LawError, stacked, unpack

_GAP = 0.1
_BEYOND = 1.0


class IsoFlop(Form):
    """loss = l / flops^g + k (log parameters - log(G flops^a))^2."""

    name = "isoflop"
    title = (
        "best parameters = G flops^a, best tokens = flops^b / (6 G), loss = l / flops^g + k (log parameters / best)^2"
    )
    source = "Hoffmann et al. 2022, arXiv:2203.15556, approach 2"
    inputs = ("flops", "parameters")
    objective = "least-squares"
    resample = "residual"
    constants = (
        Constant("G", "best parameters at one FLOP", (1e-3, 1e3), low=1e-300, log=True),
        Constant("a", "exponent of parameters in FLOPs", (0.2, 0.8), low=-2.0, high=3.0),
        Constant("b", "exponent of tokens in FLOPs, 1 - a", (0.2, 0.8), derived=True),
        Constant("l", "loss of the best size at one FLOP", (1.0, 100.0), low=1e-300, log=True),
        Constant("g", "exponent of the best size's loss in FLOPs", (0.01, 0.3)),
        Constant("k", "curvature: what a size that is e times the best loses", (0.01, 1.0), low=1e-12, log=True),
    )

    def predict(self, theta: Array, columns: Columns) -> Array:
        scale, a, _, least, g, k = unpack(theta)
        flops = np.log(columns["flops"])
        away = np.log(columns["parameters"]) - np.log(scale) - a * flops
        return np.asarray(least * np.exp(-g * flops) + k * away**2)

    def jacobian(self, theta: Array, columns: Columns) -> Array:
        scale, a, _, least, g, k = unpack(theta)
        flops = np.log(columns["flops"])
        away = np.log(columns["parameters"]) - np.log(scale) - a * flops
        fall = np.exp(-g * flops)
        return stacked(
            -2.0 * k * away / scale,
            -2.0 * k * away * flops,
            np.zeros_like(away),
            fall,
            -least * fall * flops,
            away**2,
        )

    def estimate(self, columns: Columns, observed: Array, weights: Array) -> Array | None:
        """Parabolas a budget, then lines through their lowest points; shape (P, K).

        Raises:
            LawError: fewer than two budgets have three sizes or more.
        """
        size, flops = np.log(columns["parameters"]), np.log(columns["flops"])
        groups = [g for g in _budgets(flops) if len(np.unique(size[g])) >= 3]
        if len(groups) < 2:
            raise LawError("isoflop needs at least two budgets of FLOPs with at least three sizes each.")
        count = max(len(observed), len(weights))
        lowest = [_parabola(size[g], observed[:, g], weights[:, g], count) for g in groups]
        best, loss, bend, good = (np.stack([np.asarray(item[i]) for item in lowest], axis=1) for i in range(4))
        budget = np.array([flops[g].mean() for g in groups])
        a, scale = _line(budget, best, good)
        g, least = _line(budget, np.log(np.maximum(loss, 1e-300)), good)
        k = (bend * good).sum(axis=1) / np.maximum(good.sum(axis=1), 1.0)
        return np.column_stack([np.exp(scale), a, 1.0 - a, np.exp(least), -g, k])

    def plan(self, theta: Array, budget: Mapping[str, float]) -> dict[str, Array] | None:
        """The best size at `flops`."""
        if "flops" not in budget:
            return None
        scale, a, _, least, g, _ = theta.T
        parameters = scale * budget["flops"] ** a
        tokens = budget["flops"] / 6.0 / parameters
        return {"parameters": parameters, "tokens": tokens, "loss": least * budget["flops"] ** -g}


def _budgets(flops: Array) -> list["np.ndarray[tuple[int, ...], np.dtype[np.int64]]"]:
    order = np.argsort(flops, kind="stable")
    return [np.sort(part) for part in np.split(order, np.flatnonzero(np.diff(flops[order]) > _GAP) + 1)]


def _parabola(size: Array, loss: Array, weights: Array, count: int) -> tuple[Array, Array, Array, Array]:
    """Lowest point, loss there and curvature, each (P,), and whether it opens upwards near the sizes tried."""
    middle = size.mean()
    x = np.stack([np.ones_like(size), size - middle, (size - middle) ** 2])
    normal = np.einsum("jr,kr,pr->pjk", x, x, weights)
    right = np.einsum("jr,pr->pj", x, weights * loss)
    normal, right = np.broadcast_to(normal, (count, 3, 3)), np.broadcast_to(right, (count, 3))
    with np.errstate(all="ignore"):
        c, b, a = (np.linalg.pinv(normal, rcond=1e-9, hermitian=True) @ right[:, :, None])[:, :, 0].T
        lowest = -b / (2.0 * a)
        reach = max(float(np.ptp(size)), 1e-9)
        good = (
            (a > 1e-12)
            & (np.abs(lowest) < (0.5 + _BEYOND) * reach)
            & (np.linalg.matrix_rank(normal, hermitian=True) == 3)
        )
        lowest = np.where(good, lowest, 0.0)
        return middle + lowest, c + b * lowest + a * lowest**2, np.where(good, a, 0.0), good.astype(np.float64)


def _line(x: Array, y: Array, weight: Array) -> tuple[Array, Array]:
    """Slope and intercept (P,) through points (P, G); not a number where fewer than two points count."""
    with np.errstate(all="ignore"):
        total = weight.sum(axis=1)
        mean_x, mean_y = (weight * x).sum(axis=1) / total, (weight * y).sum(axis=1) / total
        away = weight * (x - mean_x[:, None])
        slope = (away * (y - mean_y[:, None])).sum(axis=1) / (away * (x - mean_x[:, None])).sum(axis=1)
        return slope, mean_y - slope * mean_x


FORMS = (IsoFlop(),)
