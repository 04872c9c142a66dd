"""What a form is: named constants, a prediction for many sets of constants at once, and its exact derivatives.

A form is an object with no state; one file each in `gulliver/laws/forms`, which lists its forms in `FORMS`.
"""

from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from gulliver.errors import GulliverError

Array = NDArray[np.float64]
Columns = Mapping[str, Array]


class LawError(GulliverError):
    """A table, law or option of `gulliver laws` that cannot be used."""


@dataclass(frozen=True)
class Constant:
    """One fitted constant of a form.

    Attributes:
        name: as printed and as in JSON.
        meaning: what it is, in a few words.
        guess: the range that starts are drawn from (log-uniform when `log`); not a limit.
        low, high: limits that the fitter keeps.
        log: fitted as its logarithm; it is then positive.
        linear: the prediction is affine in it; starts need no guess of it (variable projection).
        derived: follows from the others (the prediction does not depend on it), shown for the reader.
    """

    name: str
    meaning: str
    guess: tuple[float, float]
    low: float = -np.inf
    high: float = np.inf
    log: bool = False
    linear: bool = False
    derived: bool = False


class Form(ABC):
    """How an output moves with its inputs. Shapes: P sets of constants, R rows, K constants.

    Attributes:
        name: as on the command line.
        title: the formula, or what the law says, in one line.
        source: the publication.
        inputs: roles of the columns needed.
        output: role of the column fitted.
        constants: in the order of `theta`'s columns.
        objective: what `fit` minimises unless told otherwise (see `objectives`).
        resample: how the bootstrap draws unless told otherwise.
        signed: roles that may be zero or negative; all others must be positive.
        labels: roles that hold text (`family`, `model`).
    """

    name: ClassVar[str]
    title: ClassVar[str]
    source: ClassVar[str]
    inputs: ClassVar[tuple[str, ...]]
    output: ClassVar[str] = "loss"
    constants: ClassVar[tuple[Constant, ...]]
    objective: ClassVar[str] = "log-huber"
    resample: ClassVar[str] = "case"
    signed: ClassVar[tuple[str, ...]] = ()
    labels: ClassVar[tuple[str, ...]] = ()

    @abstractmethod
    def predict(self, theta: Array, columns: Columns) -> Array:
        """The output, shape (P, R), for `theta` (P, K) in the constants' own units; columns have shape (R,)."""

    @abstractmethod
    def jacobian(self, theta: Array, columns: Columns) -> Array:
        """Derivatives of `predict` by each constant, shape (P, R, K)."""

    def evaluate(self, theta: Array, columns: Columns) -> tuple[Array, Array]:
        """`predict` and `jacobian` together; forms override it where both share work."""
        return self.predict(theta, columns), self.jacobian(theta, columns)

    def starts(self, columns: Columns, count: int, rng: np.random.Generator) -> Array:
        """Where the fitter begins, shape (count, K): spread evenly over each constant's `guess`."""
        unit: Array = (rng.random(len(self.constants)) + np.arange(count)[:, None] * _steps(len(self.constants))) % 1.0
        low = np.array([np.log(c.guess[0]) if c.log else c.guess[0] for c in self.constants])
        high = np.array([np.log(c.guess[1]) if c.log else c.guess[1] for c in self.constants])
        drawn = np.asarray(low + unit * (high - low))
        return np.asarray(np.where([c.log for c in self.constants], np.exp(drawn), drawn))

    def estimate(self, columns: Columns, observed: Array, weights: Array) -> Array | None:
        """Constants in closed form, shape (P, K), for `observed` and `weights` (P or 1, R); None: the fitter searches.

        A form with an estimate of its own may use the rows as its publication does (`isoflop`).
        """
        return None

    def plan(self, theta: Array, budget: Mapping[str, float]) -> dict[str, Array] | None:
        """The best inputs for a budget (`{"flops": 1e21}`), each of shape (P,), and the output there; None: no plan."""
        return None


def unpack(theta: Array) -> tuple[Array, ...]:
    """Each constant as a (P, 1) array, ready to be combined with columns."""
    return tuple(theta[:, k, None] for k in range(theta.shape[1]))


def stacked(*derivatives: Array) -> Array:
    """Derivatives of shape (P, R) or (P, 1), one a constant, as (P, R, K); each constant's rows lie side by side."""
    shape = np.broadcast_shapes(*(d.shape for d in derivatives))
    out = np.empty((shape[0], len(derivatives), shape[1]), dtype=np.result_type(*derivatives))
    for k, derivative in enumerate(derivatives):
        out[:, k, :] = derivative
    return out.swapaxes(1, 2)


def _steps(dimensions: int) -> Array:
    """Steps of an additive sequence that fills the unit cube evenly (Roberts 2018)."""
    root: float = 2.0
    for _ in range(40):
        root = (1.0 + root) ** (1.0 / (dimensions + 1))
    return np.asarray(root ** -np.arange(1.0, dimensions + 1))
