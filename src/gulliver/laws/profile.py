"""Profile-likelihood intervals: a constant is moved until the best fit of all others is significantly worse."""

import numpy as np

from gulliver.laws.base import Array, LawError
from gulliver.laws.fitted import Interval
from gulliver.laws.solve import Problem, from_free, limits, minimise, to_free

_POINTS = 24
_REFINE = 4


def profile_intervals(problem: Problem, theta: Array, value: float, level: float) -> dict[str, Interval]:
    """Limits of each constant at `level`, from squares of residuals (Student's F for the unknown noise) or a likelihood.

    Raises:
        LawError: the objective is Huber's, whose drop has no known distribution.
    """
    from scipy.stats import chi2, f

    form, objective = problem.form, problem.objective
    if objective.huber:
        raise LawError("Profile intervals need a likelihood; use --objective log-least-squares, or a bootstrap.")
    rows, count = len(problem.observed), len(form.constants)
    if objective.name == "binomial":
        allowed = 0.5 * float(chi2.ppf(level, 1))
    else:
        allowed = value * float(f.ppf(level, 1, rows - count)) / (rows - count)
    free = to_free(form, theta[None])[0]
    errors = _errors(problem, theta, value)
    low, high = limits(form)
    out = {}
    for k, constant in enumerate(form.constants):
        ends = []
        for side, edge in ((-1.0, low[k]), (1.0, high[k])):
            end = _end(problem, free, k, side, errors[k], edge, value + allowed)
            moved = free.copy()
            moved[k] = end
            ends.append(float(from_free(form, moved[None])[0, k]) if np.isfinite(end) else None)
        se = errors[k] * (theta[k] if constant.log else 1.0)
        out[constant.name] = Interval(float(theta[k]), ends[0], ends[1], float(se) if np.isfinite(se) else None)
    return out


def _errors(problem: Problem, theta: Array, value: float) -> Array:
    """Standard errors on the fitter's scale, from the curvature at the fit."""
    from gulliver.laws.solve import _derivatives

    form = problem.form
    rows, count = len(problem.observed), len(form.constants)
    curve = _derivatives(problem, to_free(form, theta[None]), np.ones((1, rows)), np.atleast_2d(problem.observed))[2][0]
    noise = 1.0 if problem.objective.name == "binomial" else 2.0 * value / max(1, rows - count)
    return np.asarray(np.sqrt(np.maximum(noise * np.diag(np.linalg.pinv(curve, hermitian=True)), 1e-16)))


def _end(problem: Problem, free: Array, k: int, side: float, error: float, edge: float, goal: float) -> float:
    """Where the profile of constant k crosses `goal`; infinite if it does not within a thousand standard errors."""
    form = problem.form
    name = form.constants[k].name
    held = Problem(form, problem.objective, problem.columns, problem.observed, problem.trials, frozenset({name}))
    ones = np.ones((1, len(problem.observed)))
    steps = np.concatenate([[0.0], np.geomspace(0.3, 1000.0, _POINTS)]) * error
    inner, outer = 0.0, np.inf
    warm = free
    for turn in range(_REFINE):
        begin = np.broadcast_to(warm, (len(steps), len(free))).copy()
        begin[:, k] = free[k] + side * steps
        begin[:, k] = np.minimum(begin[:, k], edge) if side > 0 else np.maximum(begin[:, k], edge)
        found = minimise(held, from_free(form, begin), ones, tolerance=1e-10)
        over = found.value > goal
        if not over.any():
            return float(np.inf) if turn == 0 else float(free[k] + side * outer)
        first = int(np.argmax(over))
        if first == 0:
            return float(free[k] + side * steps[0])
        inner, outer = float(steps[first - 1]), float(steps[first])
        warm = to_free(form, found.theta[[first - 1]])[0]
        steps = np.linspace(inner, outer, 12)
    return float(free[k] + side * 0.5 * (inner + outer))
