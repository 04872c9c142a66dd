"""The best inputs for a budget, with intervals, from a fitted law."""

from collections.abc import Mapping

import numpy as np

from gulliver.laws.base import Array, Form, LawError
from gulliver.laws.fitted import Fitted, Interval


def plan(fitted: Fitted, budget: Mapping[str, float]) -> dict[str, Interval]:
    """What to spend a budget on: each input and the output at the best split, in the form's own names.

    Args:
        budget: `flops`, and what the form knows beside it (`parameters`, `unique_tokens`, `text_tokens`, ...).

    Raises:
        LawError: a number is not positive (`text_tokens` may be 0), or the law says nothing about budgets.
    """
    for name, amount in budget.items():
        if not np.isfinite(amount) or amount < 0 or (amount == 0 and name != "text_tokens"):
            raise LawError(f"A plan needs a positive {name}, not {amount:g}.")
    form = fitted.form
    best = _planned(form, fitted.theta, budget)
    drawn = _planned(form, fitted.draws, budget) if len(fitted.draws) else {}
    nothing = np.empty(0)
    return {name: fitted.interval(float(value[0]), drawn.get(name, nothing)) for name, value in best.items()}


def _planned(form: Form, theta: Array, budget: Mapping[str, float]) -> dict[str, Array]:
    """The form's own plan, or for parameters and tokens the best of a grid that is narrowed four times."""
    own = form.plan(theta, budget)
    if own is not None:
        return own
    if "flops" not in budget:
        raise LawError(f"A plan of {form.name} needs --flops.")
    if set(form.inputs) != {"parameters", "tokens"}:
        raise LawError(
            f"{form.name} says how {form.output} moves with {', '.join(form.inputs)} and not how a budget is best split; "
            "use predict."
        )
    pairs = budget["flops"] / 6.0
    centre, width = np.full(len(theta), 0.5 * np.log(pairs)), 0.5 * np.log(pairs)
    rows = np.arange(len(theta))
    loss = np.empty((len(theta), 1))
    for _ in range(5):
        size = np.exp(centre[:, None] + np.linspace(-width, width, 161))
        loss = np.stack(
            [form.predict(theta[[p]], {"parameters": size[p], "tokens": pairs / size[p]})[0] for p in range(len(theta))]
        )
        best = np.argmin(loss, axis=1)
        centre = np.log(size[rows, best])
        width /= 40.0
    parameters = np.exp(centre)
    return {"parameters": parameters, "tokens": pairs / parameters, form.output: loss.min(axis=1)}
