"""Plain warnings: constants that the table does not identify, limits that were met, other minima as good."""

from collections.abc import Mapping

import numpy as np

from gulliver.laws.base import Array
from gulliver.laws.fitted import Interval
from gulliver.laws.solve import Problem, Solution, limits, to_free

FLAT = 1e-4
WIDE = 1.0


def warn(problem: Problem, theta: Array, found: Solution, constants: Mapping[str, Interval], draws: Array) -> list[str]:
    """Sentences about a fit (constants `theta` (K,)), given all minima found and the intervals."""
    return [
        *_limits(problem, theta),
        *_flat(problem, theta),
        *_minima(problem, theta, found),
        *_wide(problem, constants),
        *_searched(found),
    ]


def _limits(problem: Problem, theta: Array) -> list[str]:
    form = problem.form
    low, high = limits(form)
    free = to_free(form, theta[None])[0]
    return [
        f"{c.name} ended at its limit ({theta[k]:.4g}): the table does not say what it is."
        for k, c in enumerate(form.constants)
        if (free[k] <= low[k] + 1e-9 or free[k] >= high[k] - 1e-9) and not c.derived
    ]


def _flat(problem: Problem, theta: Array) -> list[str]:
    """A direction in which the predictions hardly move: the Jacobian's small singular value, columns scaled to one."""
    form = problem.form
    with np.errstate(all="ignore"):
        predicted, jacobian = form.evaluate(theta[None], problem.columns)
    scale = np.array([t if c.log else max(abs(t), 1e-3) for c, t in zip(form.constants, theta, strict=True)])
    kept = [c for c in form.constants if not c.derived]
    rows = (jacobian[0] * scale)[:, [not c.derived for c in form.constants]]
    if problem.objective.log:
        rows = rows / predicted[0][:, None]
    size = np.sqrt((rows**2).sum(axis=0))
    if not np.isfinite(size).all():
        return ["The predictions have no finite slope at the fit, so its constants are not identified."]
    dead = [c.name for c, s in zip(kept, size, strict=True) if s <= 1e-9 * max(float(size.max()), 1e-300)]
    if dead:
        return [f"The predictions do not depend on {', '.join(dead)} at the fit: not identified."]
    _, singular, directions = np.linalg.svd(rows / size, full_matrices=False)
    if singular[-1] / singular[0] >= FLAT:
        return []
    share = np.abs(directions[-1])
    names = [c.name for c, s in zip(kept, share, strict=True) if s > 0.2 * share.max()]
    return [
        f"{_and(names)} are not identified apart: they can move together and leave the predictions as they are "
        f"(singular values {singular[-1] / singular[0]:.1e} apart)."
    ]


def _minima(problem: Problem, theta: Array, found: Solution) -> list[str]:
    """Other minima within a thousandth of the objective whose constants differ by more than a tenth."""
    form = problem.form
    best = float(found.value.min())
    near = found.theta[found.value <= best * 1.001 + 1e-15]
    free, here = to_free(form, near), to_free(form, theta[None])[0]
    unit = np.array([1.0 if c.log else max(abs(t), 1e-3) for c, t in zip(form.constants, theta, strict=True)])
    apart = np.abs(free - here) / unit > 0.1
    if not apart.any():
        return []
    names = [c.name for k, c in enumerate(form.constants) if apart[:, k].any()]
    return [
        f"Several minima fit equally well (within 0.1 %) and differ in {_and(names)}: "
        f"{'they are' if len(names) > 1 else 'it is'} not identified."
    ]


def _wide(problem: Problem, constants: Mapping[str, Interval]) -> list[str]:
    """Intervals so wide that the constant is hardly known: a factor of ten, or as wide as the value is large."""
    out = []
    for c in problem.form.constants:
        i = constants[c.name]
        if i.low is None or i.high is None:
            continue
        if c.log:
            wide = i.low <= 0 or i.high / i.low > 10.0
            said = f"from {i.low:.3g} to {i.high:.3g}"
        else:
            wide = i.high - i.low > 2.0 * WIDE * max(abs(i.value), 1e-9)
            said = f"from {i.low:.3g} to {i.high:.3g}"
        if wide:
            out.append(f"{c.name} is weakly identified: its interval goes {said}.")
    return out


def _searched(found: Solution) -> list[str]:
    best = int(np.argmin(found.value))
    return [] if found.converged[best] else ["The search stopped before it had settled; give it more starts."]


def _and(names: list[str]) -> str:
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}"
