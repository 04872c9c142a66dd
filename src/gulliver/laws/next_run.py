"""Which further run would narrow a prediction most for its FLOPs, and how narrow it would then be.

The draws of a fit say how the prediction at the target and the outcome of a candidate run move together. A run with
noise s^2 takes from the target's variance V its squared covariance with the outcome over (outcome's variance + s^2):
what one more row does to a linear fit (Fedorov 1972, optimal design for one prediction).
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import product

import numpy as np

from gulliver.laws.base import Array, LawError
from gulliver.laws.fitted import Fitted, Interval
from gulliver.laws.table import Table

COSTS = (
    (("flops",), "flops"),
    (("parameters", "vocabulary", "width", "tokens"), "6*(parameters+vocabulary*width)*tokens"),
    (
        ("parameters", "vocabulary", "width", "characters"),
        "6*(parameters+vocabulary*width)*characters*(0.00639222*log(vocabulary)**2-0.15811069*log(vocabulary)+1.20470122)",
    ),
    (("parameters", "tokens"), "6*parameters*tokens"),
    (("parameters", "tokens_per_parameter"), "6*parameters**2*tokens_per_parameter"),
    (("parameters", "visual_tokens"), "2*parameters*visual_tokens"),
    (("parameters",), "120*parameters**2"),
)
"""What a run costs in FLOPs unless told otherwise, by its inputs; parameters alone are given 20 tokens each."""

_CAUTION = (
    "The fit's draws leave rows out (bootstrap case), so an interval made that way narrows less than said here, by a fifth in "
    "simulations; fit with --resample residual to compare."
)


@dataclass(frozen=True)
class Candidate:
    """A run that could be made.

    Attributes:
        at: its inputs.
        flops: its cost.
        width: of the target's interval afterwards, as expected.
        narrows: share that the width loses.
        gain: logarithm of old width over new, per unit of the largest candidate's cost.
    """

    at: Mapping[str, float]
    flops: float
    width: float
    narrows: float
    gain: float


@dataclass(frozen=True)
class Proposal:
    """What to run next.

    Attributes:
        target: inputs of the prediction to narrow; prediction: as it stands; width: of its interval.
        best: most gain for its FLOPs among those that narrow by `at_least`; reached: whether any does.
        narrowest: the candidate that narrows most, whatever its cost.
        candidates: all, best gain first. cost: the formula used.
        caution: a sentence when the expected widths are known to be too small.
    """

    target: Mapping[str, float]
    prediction: Interval
    width: float
    best: Candidate
    reached: bool
    narrowest: Candidate
    candidates: tuple[Candidate, ...]
    cost: str
    at_least: float
    caution: str = ""


def propose(
    fitted: Fitted, target: Mapping[str, float], *, runs: Mapping[str, Sequence[float]] | None = None, most_flops: float | None = None,
    cost: str | None = None, at_least: float = 0.05, reach: float = 3.0,
) -> Proposal:  # fmt: skip
    """The run to make next.

    Args:
        target: the prediction to narrow, by role.
        runs: candidates, columns by role; without them a grid over the table's ranges and up to `reach` times
            their largest; never below the smallest, where the law was not seen and the leverage is largest.
        most_flops: of a candidate; a tenth of the target's cost unless told otherwise.
        cost: a formula of the roles in FLOPs (`6*parameters*tokens`); see `COSTS` for what is used without it.
        at_least: share of the width that a run must be expected to take off, to be proposed.

    Raises:
        LawError: the fit has no draws, a role is missing, no cost is known, or no candidate is cheap enough.
    """
    form = fitted.form
    if len(fitted.draws) < 50:
        raise LawError("The next run needs a fit with at least 50 bootstrap draws; fit again with --bootstrap 1000.")
    if not 0 <= at_least < 1:
        raise LawError(f"--at-least is a share between 0 and 1, not {at_least:g}.")
    prediction = fitted.predict(dict(target))[0]
    if prediction.low is None or prediction.high is None:
        raise LawError("The prediction has no interval to narrow: too many draws are not finite at the target.")
    formula = cost or _formula(form.name, form.inputs)
    roles = [role for role in form.inputs if role not in form.labels]
    columns = (
        {role: np.asarray(v, dtype=np.float64) for role, v in runs.items()} if runs else _grid(fitted, roles, reach)
    )
    lacking = [role for role in form.inputs if role not in columns and role not in form.labels]
    if lacking:
        raise LawError(f"Candidate runs need {', '.join(form.inputs)}; {lacking[0]} is missing.")
    flops = Table(columns).derive(f"cost={formula}").columns["cost"]
    there = {role: np.array([float(v)]) for role, v in target.items() if role not in form.labels}
    limit = most_flops or 0.1 * float(Table(there).derive(f"cost={formula}").columns["cost"][0])
    cheap = np.flatnonzero(flops <= limit * (1 + 1e-9))
    if not len(cheap):
        raise LawError(f"No candidate costs at most {limit:.3g} FLOPs; the cheapest costs {flops.min():.3g}.")
    columns, flops = {role: v[cheap] for role, v in columns.items()}, flops[cheap]
    width = prediction.high - prediction.low
    left = _left(fitted, target, columns)
    narrower = width * left
    gains = -np.log(np.maximum(left, 1e-9)) * float(flops.max()) / flops
    made = [
        Candidate({r: float(v[i]) for r, v in columns.items()}, float(flops[i]), float(narrower[i]), float(1 - left[i]), float(gains[i]))
        for i in np.argsort(-gains, kind="stable")
    ]  # fmt: skip
    narrowest = min(made, key=lambda c: (c.width, c.flops))
    enough = [c for c in made if c.narrows >= at_least]
    best = enough[0] if enough else narrowest
    return Proposal(
        target,
        prediction,
        width,
        best,
        bool(enough),
        narrowest,
        tuple(made),
        formula,
        at_least,
        _CAUTION if "case" in fitted.method else "",
    )


def noise_of_a_run(fitted: Fitted) -> float:
    """Variance that one run has as the objective sees it, on the objective's scale.

    For squares it is the residuals' variance. Huber's loss weighs large residuals less, which costs precision on normal
    noise: the variance is E[psi^2] / E[psi']^2 (Huber 1964).
    """
    if not fitted.minimised.endswith("huber"):
        return fitted.noise**2
    from scipy.special import erf, gammainc

    edge = fitted.delta / max(fitted.noise, 1e-300)
    inside = float(erf(edge / 2.0**0.5))
    if inside <= 1e-12:
        return float(np.pi / 2.0 * fitted.noise**2)
    # The squares inside the edge by the incomplete gamma function: as a difference they would drown in rounding.
    square = float(gammainc(1.5, edge**2 / 2.0)) + edge**2 * (1.0 - inside)
    return float(fitted.noise**2 * square / inside**2)


def _left(fitted: Fitted, target: Mapping[str, float], columns: Mapping[str, Array]) -> Array:
    """Share of the interval's width that is left after each candidate run; every run also adds a row to the table."""
    form = fitted.form
    size = len(next(iter(columns.values())))
    labels = {role: np.full(size, target[role]) for role in form.labels if role in target}
    with np.errstate(all="ignore"):
        here = form.predict(fitted.draws, {role: np.atleast_1d(target[role]) for role in form.inputs})[:, 0]
        there = form.predict(fitted.draws, {**columns, **labels})
        if fitted.minimised.startswith("log-"):
            here, there = np.log(here), np.log(there)
    good = np.isfinite(here) & np.isfinite(there).all(axis=1)
    here, there = here[good] - here[good].mean(), there[good] - there[good].mean(axis=0)
    count = max(1, len(here) - 1)
    shared = there.T @ here / count
    taken = shared**2 / ((there**2).sum(axis=0) / count + noise_of_a_run(fitted))
    left = np.sqrt(np.clip(1.0 - taken / max(float((here**2).sum() / count), 1e-300), 0.0, 1.0))
    return np.asarray(left * _one_more_row(fitted))


def _one_more_row(fitted: Fitted) -> float:
    """What one more row takes off the widening for few rows (Student's quantile, freedom); 1 where there is none."""
    if fitted.widen <= 1.0:
        return 1.0
    from scipy.stats import t

    rows, free = fitted.rows, max(1, fitted.rows - len(fitted.constants))
    p = 0.5 + fitted.level / 2.0
    freedom = (rows + 1) / (free + 1) * free / rows
    return float(t.ppf(p, free + 1) / t.ppf(p, free) * freedom)


def _formula(name: str, inputs: Sequence[str]) -> str:
    for roles, formula in COSTS:
        if set(roles) <= set(inputs):
            return formula
    raise LawError(f"What a run of {name} costs is not known; say it with --cost, a formula of {', '.join(inputs)}.")


def _grid(fitted: Fitted, roles: Sequence[str], reach: float) -> dict[str, Array]:
    lacking = [role for role in roles if role not in fitted.ranges]
    if lacking:
        raise LawError(f"The fit does not say the range of {lacking[0]}; give candidate runs with --runs.")
    steps = {1: 60, 2: 24, 3: 10}.get(len(roles), 6)
    axes = []
    for role in roles:
        low, high = fitted.ranges[role]
        axes.append(np.geomspace(low, high * reach, steps) if low > 0 else np.linspace(low, high, steps))
    points = np.array(list(product(*axes)))
    return {role: points[:, k] for k, role in enumerate(roles)}
