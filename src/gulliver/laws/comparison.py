"""Which of several laws fits a table best: Akaike's criterion, and error on rows left out."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from gulliver.laws.base import Array, Form, LawError
from gulliver.laws.fitting import closed_value, information, prepare, search
from gulliver.laws.objectives import Objective
from gulliver.laws.registry import find_form
from gulliver.laws.solve import minimise
from gulliver.laws.table import read_table


@dataclass(frozen=True)
class Compared:
    """One law on the table.

    Attributes:
        aic: lower is better; only differences mean anything.
        weight: share of the evidence that Akaike's criterion gives it among those compared.
        cross_validated: mean loss a row on rows left out, of the objective compared by.
        objective: sum over all rows at the fit.
    """

    law: str
    constants: int
    objective: float
    aic: float | None
    weight: float | None
    cross_validated: float


def compare(
    table: Any,
    laws: Sequence[str | Form],
    *,
    objective: str = "log-huber",
    delta: float = 1e-3,
    folds: int = 10,
    starts: int = 100,
    seed: int = 0,
) -> list[Compared]:
    """Laws of the same output, best cross-validated first.

    Raises:
        LawError: laws with different outputs, fewer than two folds, or a table that a law cannot use.
    """
    forms = [law if isinstance(law, Form) else find_form(law) for law in laws]
    if len({form.output for form in forms}) > 1:
        raise LawError("Laws with different outputs cannot be compared: " + ", ".join(f.name for f in forms) + ".")
    data = read_table(table)
    if not 2 <= folds <= data.rows:
        raise LawError(f"Cross-validation needs 2 to {data.rows} folds, not {folds}.")
    chosen = Objective(objective, delta)
    fold = np.random.default_rng([seed, 3]).permutation(data.rows) % folds
    kept = (fold[None] != np.arange(folds)[:, None]).astype(np.float64)
    out = []
    for form in forms:
        problem = prepare(form, data.check(form), chosen)
        found = search(problem, starts, seed)
        best = int(np.argmin(found.value))
        theta = found.theta[best]
        closed = form.estimate(problem.columns, problem.observed[None], kept)
        if closed is None:
            closed = minimise(problem, np.broadcast_to(theta, (folds, len(theta))).copy(), kept, tolerance=1e-7).theta
        with np.errstate(all="ignore"):
            predicted = form.predict(closed, problem.columns)
            lost: Array = chosen.terms(predicted, problem.observed[None], problem.trials)[0]
        residuals = chosen.residuals(form.predict(theta[None], problem.columns), problem.observed)[0]
        value = float(closed_value(problem, theta[None])[0])
        left_out = float((lost * (1.0 - kept)).sum() / data.rows)
        out.append((form, value, information(problem, residuals, value), left_out))
    known = [aic for _, _, aic, _ in out if aic is not None]
    relative = {aic: float(np.exp(-0.5 * (aic - min(known)))) for aic in known}
    total = sum(relative[aic] for aic in known)
    made = [
        Compared(f.name, len(f.constants), value, aic, None if aic is None else relative[aic] / total, left)
        for f, value, aic, left in out
    ]
    return sorted(made, key=lambda c: c.cross_validated)
