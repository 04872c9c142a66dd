"""Loss as powers of parameters, tokens, FLOPs and steps, alone and in pairs (Kaplan et al. 2020)."""

from collections.abc import Mapping
from typing import ClassVar

import numpy as np

from gulliver.laws.base import Array, Columns, Constant, Form, stacked, unpack

_SOURCE = "Kaplan et al. 2020, arXiv:2001.08361"


def _scale(name: str, meaning: str, low: float = 1e6, high: float = 1e16) -> Constant:
    return Constant(name, meaning, (low, high), low=1e-30, high=1e300, log=True)


def _exponent(name: str, of: str) -> Constant:
    return Constant(name, f"exponent of {of}", (0.03, 0.9), low=1e-4, high=5.0)


class _Single(Form):
    """loss = (scale / x)^exponent."""

    source = _SOURCE
    role: ClassVar[str]

    def predict(self, theta: Array, columns: Columns) -> Array:
        scale, exponent = unpack(theta)
        return np.asarray(np.exp(exponent * (np.log(scale) - np.log(columns[self.role]))))

    def jacobian(self, theta: Array, columns: Columns) -> Array:
        scale, exponent = unpack(theta)
        away = np.log(scale) - np.log(columns[self.role])
        loss = np.exp(exponent * away)
        return stacked(exponent * loss / scale, loss * away)


class KaplanN(_Single):
    """Loss of models trained to the end on enough text."""

    name, role, inputs = "kaplan_n", "parameters", ("parameters",)
    title = "loss = (N_c / parameters)^alpha_N"
    constants = (_scale("N_c", "parameters at which the loss would be 1"), _exponent("alpha_N", "parameters"))


class KaplanD(_Single):
    """Loss of large models stopped early on limited text."""

    name, role, inputs = "kaplan_d", "tokens", ("tokens",)
    title = "loss = (D_c / tokens)^alpha_D"
    constants = (_scale("D_c", "tokens at which the loss would be 1"), _exponent("alpha_D", "tokens"))


class KaplanC(_Single):
    """Loss at the best split of FLOPs."""

    name, role, inputs = "kaplan_c", "flops", ("flops",)
    title = "loss = (C_c / flops)^alpha_C"
    constants = (_scale("C_c", "FLOPs at which the loss would be 1", 1e12, 1e32), _exponent("alpha_C", "FLOPs"))


class KaplanND(Form):
    """Parameters and tokens together; too little text overfits."""

    name = "kaplan_nd"
    title = "loss = ((N_c / parameters)^(alpha_N / alpha_D) + D_c / tokens)^alpha_D"
    source = _SOURCE
    inputs = ("parameters", "tokens")
    constants = (
        _scale("N_c", "scale of parameters"),
        _scale("D_c", "scale of tokens"),
        _exponent("alpha_N", "parameters"),
        _exponent("alpha_D", "tokens"),
    )

    def predict(self, theta: Array, columns: Columns) -> Array:
        n, d, alpha_n, alpha_d = unpack(theta)
        by_size = np.exp(alpha_n / alpha_d * (np.log(n) - np.log(columns["parameters"])))
        return np.asarray(np.exp(alpha_d * np.log(by_size + d / columns["tokens"])))

    def jacobian(self, theta: Array, columns: Columns) -> Array:
        n, d, alpha_n, alpha_d = unpack(theta)
        away = np.log(n) - np.log(columns["parameters"])
        by_size = np.exp(alpha_n / alpha_d * away)
        total = by_size + d / columns["tokens"]
        loss = np.exp(alpha_d * np.log(total))
        share = loss * by_size / total
        return stacked(
            alpha_n * share / n,
            alpha_d * loss / total / columns["tokens"],
            share * away,
            loss * np.log(total) - share * away * alpha_n / alpha_d,
        )

    def plan(self, theta: Array, budget: Mapping[str, float]) -> dict[str, Array] | None:
        """The split of `flops` = 6 x parameters x tokens with the least loss."""
        if "flops" not in budget:
            return None
        n, d, alpha_n, alpha_d = theta.T
        ratio = alpha_n / alpha_d
        pairs = budget["flops"] / 6.0
        parameters = np.exp((np.log(ratio * pairs / d) + ratio * np.log(n)) / (1.0 + ratio))
        tokens = pairs / parameters
        loss = ((n / parameters) ** ratio + d / tokens) ** alpha_d
        return {"parameters": parameters, "tokens": tokens, "loss": loss}


class KaplanNS(Form):
    """Parameters and steps: learning curves on unlimited text at large batches."""

    name = "kaplan_ns"
    title = "loss = (N_c / parameters)^alpha_N + (S_c / steps)^alpha_S"
    source = _SOURCE
    inputs = ("parameters", "steps")
    constants = (
        _scale("N_c", "scale of parameters"),
        _scale("S_c", "scale of steps", 1.0, 1e8),
        _exponent("alpha_N", "parameters"),
        _exponent("alpha_S", "steps"),
    )

    def predict(self, theta: Array, columns: Columns) -> Array:
        n, s, alpha_n, alpha_s = unpack(theta)
        by_size = np.exp(alpha_n * (np.log(n) - np.log(columns["parameters"])))
        return np.asarray(by_size + np.exp(alpha_s * (np.log(s) - np.log(columns["steps"]))))

    def jacobian(self, theta: Array, columns: Columns) -> Array:
        n, s, alpha_n, alpha_s = unpack(theta)
        size, step = np.log(n) - np.log(columns["parameters"]), np.log(s) - np.log(columns["steps"])
        by_size, by_step = np.exp(alpha_n * size), np.exp(alpha_s * step)
        return stacked(alpha_n * by_size / n, alpha_s * by_step / s, by_size * size, by_step * step)

    def plan(self, theta: Array, budget: Mapping[str, float]) -> dict[str, Array] | None:
        """The split of `flops` = 6 x parameters x steps x `batch` (tokens a step) with the least loss."""
        if not {"flops", "batch"} <= budget.keys():
            return None
        n, s, alpha_n, alpha_s = theta.T
        pairs = budget["flops"] / 6.0 / budget["batch"]
        top = np.log(alpha_n / alpha_s) + alpha_n * np.log(n) - alpha_s * np.log(s) + alpha_s * np.log(pairs)
        parameters = np.exp(top / (alpha_n + alpha_s))
        steps = pairs / parameters
        return {"parameters": parameters, "steps": steps, "loss": (n / parameters) ** alpha_n + (s / steps) ** alpha_s}


FORMS = (KaplanN(), KaplanD(), KaplanC(), KaplanND(), KaplanNS())
