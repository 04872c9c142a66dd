"""Downstream error from loss, which predicts benchmarks before they can be run (Gadre et al. 2024)."""

import numpy as np

from gulliver.laws.base import Array, Columns, Constant, Form, stacked, unpack


class LossToError(Form):
    """error = epsilon - k exp(-gamma loss)."""

    name = "loss_to_error"
    title = "error = epsilon - k exp(-gamma loss)"
    source = "Gadre et al. 2024, arXiv:2403.08540"
    inputs = ("loss",)
    output = "error"
    objective = "least-squares"
    constants = (
        Constant("epsilon", "error at chance, where the loss is high", (0.3, 1.0), low=0.0, high=2.0, linear=True),
        Constant("k", "how far error would fall at a loss of 0", (0.05, 100.0), low=1e-12, log=True, linear=True),
        Constant("gamma", "how fast error falls as loss falls", (0.05, 6.0), low=1e-3, high=50.0, log=True),
    )

    def predict(self, theta: Array, columns: Columns) -> Array:
        epsilon, k, gamma = unpack(theta)
        return np.asarray(epsilon - k * np.exp(-gamma * columns["loss"]))

    def jacobian(self, theta: Array, columns: Columns) -> Array:
        _, k, gamma = unpack(theta)
        fall = np.exp(-gamma * columns["loss"])
        return stacked(np.ones_like(fall), -fall, k * fall * columns["loss"])


FORMS = (LossToError(),)
