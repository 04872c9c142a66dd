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

_CACHE = 24_000
_FLOOR = 1e-12


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

    Args:
        steps: at most so many evaluations of each problem.
        tolerance: stop where a step lowers the objective by less than this share of it.
        damping: at the first step.
    """
    rows = problem.observed.shape[-1]
    block = max(1, _CACHE // rows)
    count = len(start)
    theta, value = np.empty_like(start), np.empty(count)
    converged = np.zeros(count, dtype=bool)
    for begin in range(0, count, block):
        part = slice(begin, min(count, begin + block))
        w = weights[part] if len(weights) == count else weights
        y = (
            problem.observed[part]
            if problem.observed.ndim == 2 and len(problem.observed) == count
            else problem.observed
        )
        y = np.atleast_2d(y)
        theta[part], value[part], converged[part] = _block(problem, start[part], w, y, steps, tolerance, damping)
    return Solution(theta, value, converged)


def _block(
    problem: Problem, start: Array, weights: Array, observed: Array, steps: int, tolerance: float, damping: float
) -> tuple[Array, Array, Flags]:
    form = problem.form
    low, high = limits(form)
    held = np.array([c.name in problem.fixed for c in form.constants])
    x = np.clip(to_free(form, start), low, high)
    shared_w, shared_y = len(weights) != len(x), len(observed) != len(x)
    best = x.copy()
    value, slope, curve, bound = _derivatives(problem, x, weights, observed)
    final = value.copy()
    done = ~np.isfinite(value)
    converged = np.zeros(len(x), dtype=bool)
    damp: Array = np.full(len(x), damping)
    calm: Array = np.zeros(len(x))
    open_: NDArray[np.int64] = np.flatnonzero(~done)
    x, value, slope, curve, bound, damp, calm = _take(open_, x, value, slope, curve, bound, damp, calm)
    for _ in range(steps):
        if not len(open_):
            break
        stuck = held | ((x <= low) & (slope > 0)) | ((x >= high) & (slope < 0))
        step = _step(slope, curve, bound, damp, stuck)
        trial = np.clip(x + step, low, high)
        w = weights if shared_w else weights[open_]
        y = observed if shared_y else observed[open_]
        new = _derivatives(problem, trial, w, y)
        better = new[0] < value
        gain = np.where(better, value - new[0], 0.0)
        small = gain <= tolerance * np.abs(value) + 1e-300
        calm = np.where(small & (better | (damp > 1e3)), calm + 1, np.where(better, 0, calm))
        x[better], value[better] = trial[better], new[0][better]
        slope[better], curve[better], bound[better] = (a[better] for a in new[1:])
        damp = np.where(better, np.maximum(damp * 0.2, 1e-9), np.maximum(damp, 1e-4) * 6.0)
        finished = (calm >= 2) | (damp > 1e8)
        if finished.any():
            ended = open_[finished]
            best[ended], final[ended], converged[ended] = x[finished], value[finished], True
            keep = ~finished
            open_ = open_[keep]
            x, value, slope, curve, bound, damp, calm = _take(keep, x, value, slope, curve, bound, damp, calm)
    best[open_], final[open_] = x, value
    return from_free(form, best), final, converged


def _take(rows: Flags | NDArray[np.int64], *arrays: Array) -> tuple[Array, ...]:
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
        rows = jacobian.swapaxes(1, 2)
        scale = np.where([c.log for c in form.constants], theta, 1.0)
        gradient = np.matmul(rows, (weights * slope)[:, :, None])[:, :, 0] * scale
        outer = scale[:, :, None] * scale[:, None, :]
        tight = np.matmul(rows * (weights * curve)[:, None, :], jacobian) * outer
        wide = tight if bound is curve else np.matmul(rows * (weights * bound)[:, None, :], jacobian) * outer
    bad = ~(np.isfinite(value) & np.isfinite(gradient).all(axis=1) & np.isfinite(wide).all(axis=(1, 2)))
    if bad.any():
        value = np.where(bad, np.inf, value)
    return value, gradient, tight, wide if wide is not tight else tight.copy()
