"""What experiments measure of a fitted law: how far runs scatter around it, its exponents, and what it foretells."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from gulliver.laws import Fitted, Table
from gulliver.laws.base import Array
from gulliver.papers.base import Measurement
from gulliver.papers.parts import Part, measured

SCATTER = 0.02
"""Runs that scatter around a power law by no more than this share of their loss (root mean square) follow it."""


@dataclass(frozen=True)
class PowerLaw:
    """A power law: its exponents, and how far its runs scatter around it, as a share of loss."""

    name: str
    exponents: tuple[Measurement, ...]
    scatter: float
    warnings: tuple[str, ...] = ()

    @property
    def holds(self) -> Part:
        """Open where an exponent's interval reaches zero."""
        if self.scatter > SCATTER:
            return False
        return True if all(m.low > 0 for m in self.exponents) else None


def power_law(name: str, label: str, fitted: Fitted, rows: Table, exponents: Sequence[str]) -> PowerLaw:
    """A fitted law as a power law; `label` begins the names of its exponents' measurements."""
    scatter = scatter_of(fitted, rows)
    return PowerLaw(name, exponents_of(label, fitted, rows, exponents, scatter), scatter, fitted.warnings)


def scatter_of(fitted: Fitted, rows: Table) -> float:
    """Root mean square of the logarithm of foretold over measured loss."""
    told = fitted.form.predict(fitted.theta, rows.columns)[0]
    return float(np.sqrt((np.log(told / rows.columns["loss"]) ** 2).mean()))


def exponents_of(
    label: str, fitted: Fitted, rows: Table, names: Sequence[str], scatter: float
) -> tuple[Measurement, ...]:
    """The named constants with their intervals, and the scatter in their notes."""
    note = f"runs scatter by {scatter:.2%} of loss"
    return tuple(measured(f"{label}: {c}", fitted.constants[c], rows.rows, (0.0, 5.0), note) for c in names)


def foretold(name: str, fitted: Fitted, rows: Table, most: float, note: str) -> Measurement:
    """The mean error, as a share of loss, of these rows' foretold losses; the interval is the law's own, at most `most`."""
    loss = rows.columns["loss"]

    def error(theta: Array) -> Array:
        return np.asarray((fitted.form.predict(theta, rows.columns) / loss - 1.0).mean(axis=1))

    found = fitted.interval(float(error(fitted.theta)[0]), error(fitted.draws))
    return measured(name, found, rows.rows, (-1.0, most), note)
