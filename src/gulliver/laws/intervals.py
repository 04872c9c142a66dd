"""Draws of the constants by resampling rows, residuals or blocks: one batched call of the solver."""

import numpy as np

from gulliver.laws.base import Array, Columns, Constant, Form, LawError
from gulliver.laws.solve import Problem, from_free, limits, minimise, to_free
from gulliver.laws.table import Table


def redraw(
    problem: Problem, theta: Array, residuals: Array, count: int, resample: str, table: Table, seed: int
) -> Array:
    """Constants refitted to `count` resamples, shape (count, K), each begun at the fit.

    Args:
        resample: `case` (rows), `residual` (the fit plus its residuals, shuffled) or `block:COLUMN`.

    Raises:
        LawError: another way, or a column that is not there.
    """
    rng = np.random.default_rng([seed, 2])
    rows = len(problem.observed)
    if resample == "residual":
        observed = residual_tables(problem, theta, residuals, count, rng)
        again = Problem(problem.form, problem.objective, problem.columns, observed, problem.trials)
        return _refit(again, theta, count, np.ones((1, rows)))
    if resample == "case":
        weights = rng.multinomial(rows, np.full(rows, 1.0 / rows), count).astype(np.float64)
    elif resample.startswith("block:"):
        groups = _groups(table, resample.removeprefix("block:"))
        total = int(groups.max()) + 1
        weights = rng.multinomial(total, np.full(total, 1.0 / total), count).astype(np.float64)[:, groups]
    else:
        raise LawError(f"Resampling is `case`, `residual` or `block:COLUMN`, not {resample!r}.")
    return _refit(problem, theta, count, weights)


def few_rows(rows: int, constants: int, level: float, huber: bool, resample: str) -> float:
    """How much wider percentiles must be with few rows, as found by simulation (`benchmarks/laws_coverage.py`).

    Student's quantile over the normal one, and the freedom that the constants took, twice: residuals are too small by its
    square root, and so is what resampling makes of them. Cases of a Huber fit need nothing: there the bootstrap errs on
    the wide side.
    """
    from scipy.stats import norm, t

    if huber and resample != "residual":
        return 1.0
    free = max(1, rows - constants)
    p = 0.5 + level / 2.0
    return float(t.ppf(p, free) / norm.ppf(p) * rows / free)


def residual_tables(problem: Problem, theta: Array, residuals: Array, count: int, rng: np.random.Generator) -> Array:
    """Outputs (count, R): the fit, with its residuals (centred) drawn anew; shares are drawn from their binomial."""
    fitted = problem.form.predict(theta[None], problem.columns)[0]
    if problem.objective.name == "binomial":
        trials = np.ones_like(fitted) if problem.trials is None else problem.trials
        return np.asarray(rng.binomial(trials.astype(np.int64), np.clip(fitted, 0, 1), (count, len(fitted))) / trials)
    drawn = rng.choice(residuals - np.median(residuals), (count, len(fitted)))
    return np.asarray(fitted * np.exp(-drawn) if problem.objective.log else fitted - drawn)


def _refit(problem: Problem, theta: Array, count: int, weights: Array) -> Array:
    """Constants (count, K): straightened around the fit first, which costs little and ends near, then as they are."""
    closed = problem.form.estimate(problem.columns, np.atleast_2d(problem.observed), weights)
    if closed is not None:
        return closed
    start = np.broadcast_to(theta, (count, len(theta)))
    if problem.objective.name != "binomial":
        straight = Straight(problem.form, theta, problem.columns)
        begin = np.broadcast_to(straight.free, (count, len(theta)))
        rough = Problem(straight, problem.objective, problem.columns, problem.observed, problem.trials)
        start = from_free(problem.form, minimise(rough, begin, weights, steps=12, tolerance=1e-4, damping=1e-3).theta)
    return minimise(problem, start, weights, steps=80, tolerance=1e-6, damping=1e-3).theta


class Straight(Form):
    """A form's tangent at `theta`: predictions that are linear in the constants, on the fitter's scale."""

    name = title = source = "straight"

    def __init__(self, form: Form, theta: Array, columns: Columns) -> None:
        self.inputs = form.inputs  # type: ignore[misc]  # this class is made for one form
        self.free = to_free(form, theta[None])[0]
        self.at, slopes = form.evaluate(theta[None], columns)
        self.slopes = np.ascontiguousarray(slopes[0] * np.where([c.log for c in form.constants], theta, 1.0))
        low, high = limits(form)
        self.constants = tuple(  # type: ignore[misc]
            Constant(c.name, c.meaning, c.guess, float(a), float(b))
            for c, a, b in zip(form.constants, low, high, strict=True)
        )

    def predict(self, theta: Array, columns: Columns) -> Array:
        return np.asarray(self.at + (theta - self.free) @ self.slopes.T)

    def jacobian(self, theta: Array, columns: Columns) -> Array:
        return self.slopes[None]


def _groups(table: Table, role: str) -> "np.ndarray[tuple[int, ...], np.dtype[np.int64]]":
    values = table.labels.get(role, table.columns.get(role))
    if values is None:
        raise LawError(f"{table.source} has no column {role!r} to resample by.")
    _, groups = np.unique(np.asarray(values), return_inverse=True)
    if groups.max() < 1:
        raise LawError(f"Every row has the same {role!r}; resampling by it needs at least two.")
    return groups.astype(np.int64)
