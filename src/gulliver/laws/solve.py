"""Minimise many fits at once: damped Newton steps on P problems that share a form and differ in weights, data or start.

Huber's curvature is zero on most rows, so a Newton step alone can run away and reweighted least squares alone is slow;
each problem's damping moves between the two, and to plain Marquardt damping beyond them.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from gulliver.laws.base import Array, Columns, Form
from gulliver.laws.objectives import Objective

Flags = NDArray[np.bool_]

_CACHE = 48_000
_FLOOR = 1e-12
_EASE = 0.1


@dataclass(frozen=True)
class Problem:
    """Data that all problems share.

    Attributes:
        columns: inputs, each (R,).
        observed: the output, (R,) for all or (P, R).
        trials: for `binomial`, (R,).
        fixed: constants that stay at their start, by name (for profiles).
    """

    form: Form
    objective: Objective
    columns: Columns
    observed: Array
    trials: Array | None = None
    fixed: frozenset[str] = frozenset()


@dataclass(frozen=True)
class Solution:
    """Minima found: `theta` (P, K), objective `value` (P,), and whether each `converged` (P,)."""

    theta: Array
    value: Array
    converged: Flags


def to_free(form: Form, theta: Array) -> Array:
    """Constants as the fitter moves them: logarithms where the form says so."""
    logs = np.array([c.log for c in form.constants])
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.where(logs, np.log(np.where(logs, theta, 1.0)), theta)


def from_free(form: Form, free: Array) -> Array:
    """The inverse of `to_free`."""
    logs = np.array([c.log for c in form.constants])
    return np.where(logs, np.exp(np.where(logs, free, 0.0)), free)


def limits(form: Form) -> tuple[Array, Array]:
    """Lower and upper limits (K,) on the fitter's scale."""
    low = np.array([[c.low if not c.log or c.low > 0 else 0.0 for c in form.constants]])
    high = np.array([[c.high for c in form.constants]])
    return np.maximum(to_free(form, low)[0], -700.0), np.minimum(to_free(form, high)[0], 700.0)


def minimise(
    problem: Problem, start: Array, weights: Array, *, steps: int = 200, tolerance: float = 1e-9, damping: float = 0.1
) -> Solution:
    """Go down from each start (P, K), with weights (P, R) or (1, R) for the rows.

    As many problems as fit the processor's cache are open at a time; each that is done makes room for the next.

    Args:
        steps: at most so many evaluations of each problem.
        tolerance: stop where a step lowers the objective by less than this share of it.
        damping: at the first step.
    """
    form, (count, size), rows = problem.form, start.shape, problem.observed.shape[-1]
    low, high = limits(form)
    held = np.array([c.name in problem.fixed for c in form.constants])
    observed = np.atleast_2d(problem.observed)
    own_weights, own_observed = len(weights) == count > 1, len(observed) == count > 1
    begin = np.clip(to_free(form, start), low, high)
    best, final, converged = begin.copy(), np.full(count, np.inf), np.zeros(count, dtype=bool)

    slots = min(count, max(1, _CACHE // rows))
    queued = slots
    ids = np.arange(slots)
    trial = begin[ids]
    x, value, damp, calm, asked = (
        trial.copy(),
        np.full(slots, np.inf),
        np.full(slots, damping),
        np.zeros(slots),
        np.zeros(slots),
    )
    slope, curve, bound = np.zeros((slots, size)), np.zeros((slots, size, size)), np.zeros((slots, size, size))
    w, y = weights[ids] if own_weights else weights, observed[ids] if own_observed else observed
    while len(ids):
        new = _derivatives(problem, trial, w, y)
        asked += 1
        better = new[0] < value
        entered = np.isinf(value)
        with np.errstate(invalid="ignore"):
            small = better & ~entered & (value - new[0] <= tolerance * value + 1e-300)
        calm = np.where(small, calm + 1, np.where(better, 0, calm))
        x[better], value[better] = trial[better], new[0][better]
        slope[better], curve[better], bound[better] = new[1][better], new[2][better], new[3][better]
        damp = np.where(entered, damp, np.where(better, np.maximum(damp * _EASE, 1e-9), np.maximum(damp, 1e-4) * 6.0))
        settled = (calm >= 1 + (damp > 1e-3)) | ((damp > 1e8) & np.isfinite(value))
        finished = np.flatnonzero(settled | (asked >= steps) | ~np.isfinite(value))
        if len(finished):
            gone = ids[finished]
            best[gone], final[gone], converged[gone] = x[finished], value[finished], settled[finished]
            refill = finished[: count - queued]
            if len(refill):
                ids[refill] = np.arange(queued, queued + len(refill))
                queued += len(refill)
                x[refill], value[refill] = begin[ids[refill]], np.inf
                damp[refill], calm[refill], asked[refill], slope[refill] = damping, 0, 0, 0.0
                if own_weights:
                    w[refill] = weights[ids[refill]]
                if own_observed:
                    y[refill] = observed[ids[refill]]
            if len(refill) < len(finished):
                keep = np.delete(np.arange(len(ids)), finished[len(refill) :])
                ids = ids[keep]
                x, value, slope, curve, bound, damp, calm, asked = _take(
                    keep, x, value, slope, curve, bound, damp, calm, asked
                )
                w, y = w[keep] if own_weights else w, y[keep] if own_observed else y
        stuck = held | ((x <= low) & (slope > 0)) | ((x >= high) & (slope < 0))
        trial = np.clip(x + _step(slope, curve, bound, damp, stuck), low, high)
    return Solution(from_free(form, best), final, converged)


def _take(rows: NDArray[np.int64], *arrays: Array) -> tuple[Array, ...]:
    return tuple(a[rows] for a in arrays)


def _step(slope: Array, curve: Array, bound: Array, damp: Array, stuck: Flags) -> Array:
    size = slope.shape[1]
    matrix = curve + damp[:, None, None] * bound
    diagonal = np.einsum("pkk->pk", matrix)
    spread = np.einsum("pkk->pk", bound)
    diagonal += damp[:, None] * spread + _FLOOR * spread + 1e-300
    if stuck.any():
        free = ~stuck
        matrix *= free[:, :, None] & free[:, None, :]
        matrix += np.eye(size) * stuck[:, :, None]
        slope = np.where(stuck, 0.0, slope)
    scale = 1.0 / np.sqrt(np.maximum(np.einsum("pkk->pk", matrix), 1e-300))
    matrix *= scale[:, :, None] * scale[:, None, :]
    matrix += 1e-13 * np.eye(size)
    with np.errstate(all="ignore"):
        return np.asarray(-scale * np.linalg.solve(matrix, (scale * slope)[:, :, None])[:, :, 0])


def _derivatives(problem: Problem, free: Array, weights: Array, observed: Array) -> tuple[Array, Array, Array, Array]:
    """Objective (P,), slope (P, K), curvature and its bound (P, K, K), on the fitter's scale."""
    form = problem.form
    theta = from_free(form, free)
    with np.errstate(all="ignore"):
        predicted, jacobian = form.evaluate(theta, problem.columns)
        loss, slope, curve, bound = problem.objective.terms(predicted, observed, problem.trials)
        value = np.einsum("pr,pr->p", np.broadcast_to(weights, loss.shape), loss)
        scale = np.where([c.log for c in form.constants], theta, 1.0)
        outer = scale[:, :, None] * scale[:, None, :]
        gradient = _along(weights * slope, jacobian) * scale
        tight = _between(weights * curve, jacobian) * outer
        wide = tight if bound is curve else _between(weights * bound, jacobian) * outer
    bad = ~(np.isfinite(value) & np.isfinite(gradient).all(axis=1) & np.isfinite(wide).all(axis=(1, 2)))
    if bad.any():
        value = np.where(bad, np.inf, value)
    return value, gradient, tight, wide if wide is not tight else tight.copy()


def _along(weights: Array, jacobian: Array) -> Array:
    """Sums over rows of weight (P, R) times derivatives (P or 1, R, K)."""
    if len(jacobian) == 1:
        return np.asarray(weights @ jacobian[0])
    return np.asarray(np.matmul(jacobian.swapaxes(1, 2), weights[:, :, None])[:, :, 0])


def _between(weights: Array, jacobian: Array) -> Array:
    """Sums over rows of weight (P, R) times products of derivatives (P or 1, R, K): (P, K, K)."""
    if len(jacobian) == 1:
        products = jacobian[0][:, :, None] * jacobian[0][:, None, :]
        return np.asarray(weights @ products.reshape(len(products), -1)).reshape(-1, *products.shape[1:])
    rows = jacobian.swapaxes(1, 2)
    return np.asarray(np.matmul(rows * weights[:, None, :], jacobian))
