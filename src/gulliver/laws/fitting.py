"""Fit any form to a table: many starts at once, the minimum, its doubts."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from gulliver.laws.base import Array, Constant, Form, LawError
from gulliver.laws.doubts import warn
from gulliver.laws.fitted import Fitted, Interval, interval
from gulliver.laws.intervals import few_rows, redraw
from gulliver.laws.objectives import Objective
from gulliver.laws.registry import find_form
from gulliver.laws.solve import Problem, Solution, minimise
from gulliver.laws.table import Table, read_table

STARTS = 200


def fit(
    table: Any,
    law: str | Form = "chinchilla",
    *,
    mapping: Mapping[str, str] | None = None,
    derive: Sequence[str] = (),
    drop_highest: tuple[str, int] | None = None,
    objective: str | None = None,
    delta: float = 1e-3,
    bootstrap: int = 1000,
    resample: str | None = None,
    intervals: str = "percentile",
    level: float = 0.95,
    hold_out: tuple[str, int] | None = None,
    starts: int = STARTS,
    seed: int = 0,
) -> Fitted:
    """Fit a law to a table of runs.

    Args:
        table: a file (CSV, Parquet), a polars frame, a mapping of columns, or a `Table`.
        law: a form or its name.
        mapping: role to column name.
        derive: formulas of further columns: `tokens=flops/(6*parameters)`.
        drop_highest: (column, how many).
        objective: see `objectives.NAMES`; None takes the form's own, log-Huber for most.
        delta: Huber's.
        bootstrap: refits; 0 makes none, and then there are no intervals (unless `intervals` is `profile`).
        resample: `case`, `residual`, or `block:COLUMN` (rows with the same value of COLUMN go together); None: the form's own.
        intervals: `percentile` of the bootstrap, or `profile` likelihood.
        level: of the intervals.
        hold_out: (column, how many): fit without the rows largest in it, then score on them.
        starts: starting points of the search.
        seed: of the resampling and of the starts.

    Raises:
        LawError: the table, an option or the law cannot be used, in one sentence.
    """
    form = law if isinstance(law, Form) else find_form(law)
    chosen = Objective(objective or form.objective, delta)
    data = read_table(table, mapping)
    for formula in derive:
        data = data.derive(formula)
    if drop_highest is not None:
        data = data.drop_highest(*drop_highest)
    data = data.check(form)
    held: Table | None = None
    if hold_out is not None:
        role, count = hold_out
        if role not in data.columns:
            raise LawError(f"{data.source} has no column {role!r} to hold the largest of out.")
        if not 0 < count < data.rows:
            raise LawError(f"{count} of {data.rows} rows cannot be held out.")
        order = np.argsort(data.columns[role], kind="stable")
        data, held = data.keep(np.sort(order[:-count])), data.keep(np.sort(order[-count:]))
        data = data.check(form)
    problem = prepare(form, data, chosen)
    found = search(problem, starts, seed)
    best = int(np.argmin(found.value))
    if not np.isfinite(found.value[best]):
        raise LawError(f"{form.name} has no finite fit to {data.source}; try another objective or more starts.")
    theta, value = found.theta[best], float(found.value[best])
    residuals = chosen.residuals(form.predict(theta[None], problem.columns), problem.observed)[0]
    draws = np.empty((0, len(form.constants)))
    resample = resample or form.resample
    if bootstrap:
        draws = redraw(problem, theta, residuals, bootstrap, resample, data, seed)
    widen = few_rows(data.rows, sum(not c.derived for c in form.constants), level, chosen.huber, resample)
    if intervals == "profile":
        from gulliver.laws.profile import profile_intervals

        constants = profile_intervals(problem, theta, value, level)
    elif intervals == "percentile":
        constants = {
            c.name: within(c, interval(float(theta[k]), draws[:, k], level, widen))
            for k, c in enumerate(form.constants)
        }
    else:
        raise LawError(f"Intervals are `percentile` or `profile`, not {intervals!r}.")
    fitted = Fitted(
        law=form.name,
        constants=constants,
        objective=value,
        minimised=chosen.name,
        delta=delta,
        rows=data.rows,
        warnings=tuple(warn(problem, theta, found, constants, draws)),
        level=level,
        method="profile" if intervals == "profile" else (f"bootstrap {resample}, {bootstrap}" if bootstrap else "none"),
        noise=spread(residuals, len(form.constants)),
        ranges={
            role: (float(data.columns[role].min()), float(data.columns[role].max()))
            for role in form.inputs
            if role in data.columns
        },
        aic=information(problem, residuals, value),
        widen=widen,
        draws=draws,
    )
    return fitted if held is None else replace(fitted, held_out=score(fitted, held))


def within(constant: Constant, found: Interval) -> Interval:
    """An interval cut to the constant's limits."""
    low = None if found.low is None else max(found.low, constant.low)
    high = None if found.high is None else min(found.high, constant.high)
    return Interval(found.value, low, high, found.se)


def prepare(form: Form, table: Table, objective: Objective) -> Problem:
    """The table's columns as a problem; labels become arrays of text."""
    columns: dict[str, Any] = {role: table.columns[role] for role in form.inputs if role in table.columns}
    columns |= {role: np.array(table.labels[role]) for role in form.labels if role in table.labels}
    return Problem(form, objective, columns, table.columns[form.output], table.columns.get("trials"))


def search(problem: Problem, starts: int, seed: int) -> Solution:
    """Minima from many starts in one pass; constants that are linear are solved for at each start first."""
    form = problem.form
    ones = np.ones((1, len(problem.observed)))
    closed = form.estimate(problem.columns, problem.observed[None], ones)
    if closed is not None:
        return Solution(closed, closed_value(problem, closed), np.ones(len(closed), dtype=bool))
    begin = project(problem, form.starts(problem.columns, starts, np.random.default_rng([seed, 1])))
    rough = minimise(problem, begin, ones, steps=25, tolerance=1e-4)
    order = np.argsort(rough.value)[: max(20, starts // 10)]
    return minimise(problem, rough.theta[order], ones, steps=400, tolerance=1e-11, damping=1.0)


def closed_value(problem: Problem, theta: Array) -> Array:
    """The objective at each set of constants (P, K)."""
    with np.errstate(all="ignore"):
        predicted = problem.form.predict(theta, problem.columns)
    loss = problem.objective.terms(predicted, np.atleast_2d(problem.observed), problem.trials)[0]
    return np.asarray(np.where(np.isnan(loss), np.inf, loss).sum(axis=1))


def project(problem: Problem, theta: Array) -> Array:
    """Variable projection: the linear constants that fit best (least squares) given the others, within their limits."""
    form = problem.form
    linear = [k for k, c in enumerate(form.constants) if c.linear]
    if not linear or problem.objective.name == "binomial":
        return theta
    base = theta.copy()
    with np.errstate(all="ignore"):
        predicted, jacobian = form.evaluate(base, problem.columns)
        design = jacobian[:, :, linear]
        rest = predicted - np.einsum("prk,pk->pr", design, base[:, linear])
        weight = 1.0 / problem.observed**2 if problem.objective.log else np.ones_like(problem.observed)
        normal = np.einsum("prj,prk,r->pjk", design, design, weight)
        right = np.einsum("prj,pr->pj", design, weight * (problem.observed - rest))
        size = np.sqrt(np.einsum("pkk->pk", normal))
        size = np.where(size > 0, size, 1.0)
        normal = normal / (size[:, :, None] * size[:, None, :]) + 1e-9 * np.eye(len(linear))
        usable = np.isfinite(normal).all(axis=(1, 2)) & np.isfinite(right).all(axis=1)
        solved = np.linalg.solve(normal[usable], (right / size)[usable][:, :, None])[:, :, 0] / size[usable]
    for j, k in enumerate(linear):
        constant = form.constants[k]
        ok = (solved[:, j] > constant.low) & (solved[:, j] < constant.high) & np.isfinite(solved[:, j])
        if constant.log:
            ok &= solved[:, j] > 0
        rows = np.flatnonzero(usable)[ok]
        base[rows, k] = solved[ok, j]
    return base


def score(fitted: Fitted, held: Table) -> dict[str, float]:
    """How well rows that were not fitted are predicted: relative errors of the output, and how many lie in their intervals."""
    form = fitted.form
    columns: dict[str, Any] = {role: held.columns[role] for role in form.inputs if role in held.columns}
    columns |= {role: np.array(held.labels[role]) for role in form.labels if role in held.labels}
    observed = held.columns[form.output]
    error = form.predict(fitted.theta, columns)[0] / observed - 1.0
    told = {
        "rows": float(held.rows),
        "mean_absolute_relative_error": float(np.abs(error).mean()),
        "largest_absolute_relative_error": float(np.abs(error).max()),
        "mean_relative_error": float(error.mean()),
    }
    if len(fitted.draws):
        told["inside_curve"] = float(_inside(fitted.predict(columns), observed))
        told["inside"] = float(_inside(fitted.predict_runs(columns), observed))
    return told


def _inside(intervals: Sequence[Interval], observed: Array) -> int:
    return sum(i.holds(value) for i, value in zip(intervals, observed, strict=True))


def spread(residuals: Array, constants: int) -> float:
    """Standard deviation of residuals from their median absolute value, corrected for the constants fitted."""
    rows = len(residuals)
    return float(1.4826 * np.median(np.abs(residuals)) * np.sqrt(rows / max(1, rows - constants)))


def information(problem: Problem, residuals: Array, value: float) -> float | None:
    """Akaike's criterion on the output's own scale, comparable between forms of the same table and objective's family.

    Huber objectives use the likelihood of a Laplace distribution, whose tail theirs is.
    """
    rows, constants = len(residuals), len(problem.form.constants)
    if problem.objective.name == "binomial":
        return 2.0 * value + 2.0 * constants
    shift = 2.0 * float(np.log(problem.observed).sum()) if problem.objective.log else 0.0
    if problem.objective.huber:
        scale = float(np.abs(residuals).mean())
        fit = 2.0 * rows * (np.log(2.0 * max(scale, 1e-300)) + 1.0)
    else:
        fit = rows * (np.log(2.0 * np.pi * max(float((residuals**2).mean()), 1e-300)) + 1.0)
    return float(fit + shift + 2.0 * (constants + 1))
