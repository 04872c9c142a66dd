"""How the best size grows with compute, and how far from its end a best model's training stops, from a fitted law."""

import numpy as np

from gulliver.laws.base import Array, LawError
from gulliver.laws.fitted import Fitted, Interval

UNLIMITED = 1e300
"""Tokens without end: what they add to a loss is no number that 64 bits can tell from none."""


def size_exponent(fitted: Fitted, flops: float = 1e12) -> Interval:
    """The exponent a in best parameters ~ FLOPs^a, for a budget around `flops`.

    It is β / (α + β) for `chinchilla`, α_D / (α_N + α_D) for `kaplan_nd`, and so between 0 and 1 by their form; `isoflop` is
    free to find any.

    Raises:
        LawError: the law plans no size for FLOPs.
    """

    def slope(theta: Array) -> Array:
        small, large = (_best(fitted, theta, budget)["parameters"] for budget in (flops, 10.0 * flops))
        with np.errstate(all="ignore"):
            return np.asarray(np.log10(large / small))

    return fitted.interval(float(slope(fitted.theta)[0]), slope(fitted.draws))


def unfinished(fitted: Fitted, flops: float) -> Interval:
    """How much higher the best size's loss for `flops` is than the same size's on unlimited tokens, as a share of the latter.

    A law of parameters and tokens only.

    Raises:
        LawError: the law plans no size for FLOPs, or is no law of parameters and tokens.
    """
    if fitted.form.inputs != ("parameters", "tokens"):
        raise LawError(f"{fitted.law} is no law of parameters and tokens, so it does not say where training ends.")

    def excess(theta: Array) -> Array:
        best = _best(fitted, theta, flops)
        ends = np.array(
            [
                fitted.form.predict(one[None], {"parameters": np.array([size]), "tokens": np.array([UNLIMITED])})[0, 0]
                for one, size in zip(theta, best["parameters"], strict=True)
            ]
        )
        return np.asarray(best["loss"] / ends - 1.0)

    with np.errstate(all="ignore"):
        return fitted.interval(float(excess(fitted.theta)[0]), excess(fitted.draws))


def _best(fitted: Fitted, theta: Array, flops: float) -> dict[str, Array]:
    with np.errstate(all="ignore"):
        plan = (
            fitted.form.plan(theta, {"flops": flops})
            if len(theta)
            else {"parameters": np.empty(0), "loss": np.empty(0)}
        )
    if plan is None:
        raise LawError(f"{fitted.law} plans no size for a budget of FLOPs; fit kaplan_nd, chinchilla or isoflop.")
    return plan
