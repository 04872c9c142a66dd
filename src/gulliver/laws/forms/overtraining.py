"""Loss of models trained on more tokens a parameter than the best split has (Gadre et al. 2024)."""

from collections.abc import Mapping

import numpy as np

from gulliver.laws.base import Array, Columns, Constant, Form, stacked, unpack


class Overtraining(Form):
    """loss = E + (a m^eta + b / m^eta) / C^eta with m tokens a parameter and C = 6 x parameters^2 x m."""

    name = "overtraining"
    title = "loss = E + (a m^eta + b / m^eta) / C^eta, m tokens a parameter, C = 6 parameters^2 m"
    source = "Gadre et al. 2024, arXiv:2403.08540"
    inputs = ("parameters", "tokens_per_parameter")
    constants = (
        Constant("E", "loss of unlimited FLOPs", (0.5, 2.5), low=1e-9, log=True, linear=True),
        Constant("a", "scale of what is lost to too few parameters", (1.0, 1e4), low=1e-12, log=True, linear=True),
        Constant("b", "scale of what is lost to too few tokens", (1.0, 1e4), low=1e-12, log=True, linear=True),
        Constant("eta", "exponent of FLOPs", (0.03, 0.5), low=1e-4, high=3.0),
    )

    def predict(self, theta: Array, columns: Columns) -> Array:
        e, a, b, eta = unpack(theta)
        few_parameters, few_tokens = _logs(columns)
        return np.asarray(e + a * np.exp(eta * few_parameters) + b * np.exp(eta * few_tokens))

    def jacobian(self, theta: Array, columns: Columns) -> Array:
        _, a, b, eta = unpack(theta)
        few_parameters, few_tokens = _logs(columns)
        rise, fall = np.exp(eta * few_parameters), np.exp(eta * few_tokens)
        return stacked(np.ones_like(rise), rise, fall, a * rise * few_parameters + b * fall * few_tokens)

    def plan(self, theta: Array, budget: Mapping[str, float]) -> dict[str, Array] | None:
        """The split of `flops` with the least loss: the same tokens a parameter at every budget."""
        if "flops" not in budget:
            return None
        e, a, b, eta = theta.T
        ratio = (b / a) ** (0.5 / eta)
        parameters = np.sqrt(budget["flops"] / 6.0 / ratio)
        loss = e + (a * ratio**eta + b * ratio**-eta) * budget["flops"] ** -eta
        return {
            "parameters": parameters,
            "tokens_per_parameter": ratio,
            "tokens": parameters * ratio,
            "loss": np.asarray(loss),
        }


def _logs(columns: Columns) -> tuple[Array, Array]:
    """log(m / C) and log(1 / (m C))."""
    size, ratio = np.log(columns["parameters"]), np.log(columns["tokens_per_parameter"])
    flops = np.log(6.0) + 2.0 * size + ratio
    return ratio - flops, -ratio - flops


FORMS = (Overtraining(),)
