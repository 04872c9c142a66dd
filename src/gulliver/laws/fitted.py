"""A fitted law: constants with intervals, warnings, and predictions; it can be written to JSON and read back."""

import json
import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from statistics import NormalDist
from typing import Any

import numpy as np

from gulliver.laws.base import Array, Form, LawError
from gulliver.laws.registry import find_form


@dataclass(frozen=True)
class Interval:
    """A value with its limits at the stated level; `se` is None when no draws were made."""

    value: float
    low: float | None
    high: float | None
    se: float | None

    def holds(self, value: float) -> bool:
        """Whether a value lies within; nothing does where a limit was not found."""
        return self.low is not None and self.high is not None and self.low <= value <= self.high


@dataclass(frozen=True)
class Fitted:
    """What a fit found.

    Attributes:
        law: the form's name.
        constants: by name.
        objective: the sum over rows at the minimum.
        minimised: the objective's name, with its `delta`.
        rows: how many were fitted.
        warnings: each one sentence.
        level: of the intervals.
        method: how the intervals were made.
        noise: standard deviation of a row's residual, robust, on the objective's scale (of logarithms if it is so).
        ranges: smallest and largest value of each input.
        held_out: how well rows that were not fitted are predicted, or None.
        draws: constants of refits (B, K); they carry the intervals of predictions.
        widen: factor on the draws' distance from the value, for few rows.
    """

    law: str
    constants: Mapping[str, Interval]
    objective: float
    minimised: str
    delta: float
    rows: int
    warnings: tuple[str, ...]
    level: float = 0.95
    method: str = "none"
    noise: float = 0.0
    ranges: Mapping[str, tuple[float, float]] = field(default_factory=dict)
    held_out: Mapping[str, float] | None = None
    aic: float | None = None
    widen: float = 1.0
    draws: Array = field(default_factory=lambda: np.empty((0, 0)), repr=False, compare=False)

    @property
    def form(self) -> Form:
        """The law's form."""
        return find_form(self.law)

    @property
    def theta(self) -> Array:
        """The constants' values, shape (1, K)."""
        return np.array([[c.value for c in self.constants.values()]])

    def predict(self, columns: Mapping[str, Any] | None = None, **inputs: float) -> list[Interval]:
        """The law's output where asked, one interval a row: `predict(parameters=7e10, tokens=1.4e12)[0]`.

        The interval is of the law's curve; a single run scatters around it by `noise`.

        Raises:
            LawError: an input is missing or not positive.
        """
        form = self.form
        given = {**(columns or {}), **inputs}
        for role in form.inputs:
            if role not in given:
                raise LawError(f"{form.name} predicts from {', '.join(form.inputs)}; {role} is missing.")
        ready: dict[str, Any] = {}
        for role in form.inputs:
            if role in form.labels:
                ready[role] = np.atleast_1d(given[role])
                continue
            ready[role] = np.atleast_1d(np.asarray(given[role], dtype=np.float64))
            if role not in form.signed and not bool(np.all(ready[role] > 0)):
                raise LawError(f"{role} must be positive to predict with {form.name}.")
        size = max(len(v) for v in ready.values())
        ready = {role: np.broadcast_to(v, (size,)) for role, v in ready.items()}
        with np.errstate(all="ignore"):
            value = form.predict(self.theta, ready)[0]
            drawn = form.predict(self.draws, ready) if len(self.draws) else np.empty((0, size))
        return [self.interval(float(value[r]), drawn[:, r]) for r in range(size)]

    def predict_runs(self, columns: Mapping[str, Any] | None = None, **inputs: float) -> list[Interval]:
        """As `predict`, but of what a single run there may show: the curve's interval and the runs' scatter, in quadrature.

        The scatter is taken as normal, with `noise` as its standard deviation.
        """
        log = self.minimised.startswith("log-")
        apart = float(NormalDist().inv_cdf(0.5 + self.level / 2.0)) * self.noise

        def reach(value: float, end: float | None, sign: float) -> float | None:
            if end is None or (log and min(value, end) <= 0):
                return None
            off = math.hypot(math.log(end / value) if log else end - value, apart)
            return value * math.exp(sign * off) if log else value + sign * off

        curve = self.predict(columns, **inputs)
        return [Interval(i.value, reach(i.value, i.low, -1.0), reach(i.value, i.high, 1.0), None) for i in curve]

    def interval(self, value: float, draws: Array) -> Interval:
        """An interval of any quantity of the constants, from its value at each draw."""
        return interval(value, draws, self.level, self.widen)

    def to_json(self, draws: bool = True) -> str:
        """One JSON object: law, constants {value, low, high, se}, objective, rows, warnings, and how they were made."""
        record = asdict(self)
        record["draws"] = [[float(f"{v:.8g}") for v in row] for row in self.draws.tolist()] if draws else []
        return json.dumps(record, allow_nan=False)

    @classmethod
    def from_json(cls, text: str) -> "Fitted":
        """What `to_json` wrote.

        Raises:
            LawError: it is no fitted law.
        """
        try:
            record = json.loads(text)
            record["constants"] = {name: Interval(**c) for name, c in record["constants"].items()}
            record["warnings"] = tuple(record["warnings"])
            record["ranges"] = {role: (float(a), float(b)) for role, (a, b) in record["ranges"].items()}
            count = len(record["constants"])
            record["draws"] = np.array(record["draws"], dtype=np.float64).reshape(-1, count)
            made = cls(**record)
            if [c.name for c in made.form.constants] != list(made.constants):
                raise ValueError("constants of another form")
            return made
        except (ValueError, TypeError, KeyError, AttributeError) as error:
            raise LawError(f"This is no fitted law as `gulliver laws fit --out` writes it ({error}).") from None

    @classmethod
    def read(cls, path: str | Path) -> "Fitted":
        """From a file that `gulliver laws fit --out` wrote.

        Raises:
            LawError: no such file, or it is no fitted law.
        """
        if not Path(path).is_file():
            raise LawError(f"There is no file {path}.")
        return cls.from_json(Path(path).read_text(encoding="utf-8"))


def interval(value: float, draws: Array, level: float, widen: float = 1.0) -> Interval:
    """Percentiles of draws, their distance from the value times `widen` (of logarithms when all are positive)."""
    finite = draws[np.isfinite(draws)]
    if len(finite) < 20 or len(finite) < 0.5 * len(draws):
        return Interval(value, None, None, None)
    tail = (1.0 - level) / 2.0
    with np.errstate(over="ignore", invalid="ignore"):  # a scale near 1e300 has no square
        spread = float(finite.std(ddof=1))
    se = spread if np.isfinite(spread) else None
    if value > 0 and bool((finite > 0).all()):
        low, high = (value * (q / value) ** widen for q in np.quantile(finite, [tail, 1 - tail]))
    else:
        low, high = (value + widen * (q - value) for q in np.quantile(finite, [tail, 1 - tail]))
    return Interval(value, float(low), float(high), se)
