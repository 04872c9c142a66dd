"""Loss from parameters and tokens, and the split of FLOPs between them (Hoffmann et al. 2022)."""

from collections.abc import Mapping

import numpy as np

from gulliver.laws.base import Array, Columns, Constant, Form, unpack


class Chinchilla(Form):
    """loss = E + A / parameters^alpha + B / tokens^beta."""

    name = "chinchilla"
    title = "loss = E + A / parameters^alpha + B / tokens^beta"
    source = "Hoffmann et al. 2022, arXiv:2203.15556; refitted by Besiroglu et al. 2024, arXiv:2404.10102"
    inputs = ("parameters", "tokens")
    constants = (
        Constant("E", "loss of an unlimited model on unlimited text", (0.5, 2.5), low=1e-6, log=True, linear=True),
        Constant("A", "scale of what more parameters take off", (1.0, 1e5), low=1e-12, log=True, linear=True),
        Constant("B", "scale of what more tokens take off", (1.0, 1e5), low=1e-12, log=True, linear=True),
        Constant("alpha", "exponent of parameters", (0.1, 0.9), low=0.0, high=3.0),
        Constant("beta", "exponent of tokens", (0.1, 0.9), low=0.0, high=3.0),
    )

    def predict(self, theta: Array, columns: Columns) -> Array:
        e, a, b, alpha, beta = unpack(theta)
        size, text = np.log(columns["parameters"]), np.log(columns["tokens"])
        return np.asarray(e + a * np.exp(-alpha * size) + b * np.exp(-beta * text))

    def jacobian(self, theta: Array, columns: Columns) -> Array:
        return self.evaluate(theta, columns)[1]

    def evaluate(self, theta: Array, columns: Columns) -> tuple[Array, Array]:
        e, a, b, alpha, beta = unpack(theta)
        size, text = np.log(columns["parameters"]), np.log(columns["tokens"])
        out = np.empty((len(theta), 5, len(size)), dtype=theta.dtype)
        out[:, 0] = 1.0
        by_size, by_text = out[:, 1], out[:, 2]
        np.exp(np.multiply(-alpha, size, out=by_size), out=by_size)
        np.exp(np.multiply(-beta, text, out=by_text), out=by_text)
        np.multiply(by_size, -a, out=out[:, 3])
        np.multiply(by_text, -b, out=out[:, 4])
        loss = e - out[:, 3] - out[:, 4]
        out[:, 3] *= size
        out[:, 4] *= text
        return loss, out.swapaxes(1, 2)

    def plan(self, theta: Array, budget: Mapping[str, float]) -> dict[str, Array] | None:
        """The split of `flops` = 6 x parameters x tokens with the least loss, in closed form."""
        if "flops" not in budget:
            return None
        e, a, b, alpha, beta = theta.T
        pairs = budget["flops"] / 6.0
        share = beta / (alpha + beta)
        parameters = (alpha * a / (beta * b)) ** (1.0 / (alpha + beta)) * pairs**share
        tokens = pairs / parameters
        return {"parameters": parameters, "tokens": tokens, "loss": e + a * parameters**-alpha + b * tokens**-beta}


FORMS = (Chinchilla(),)
