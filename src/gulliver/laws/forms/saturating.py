"""A power law that ends at a floor: what more of one column can and cannot take off."""

import numpy as np

from gulliver.laws.base import Array, Columns, Constant, Form, stacked, unpack


class Saturating(Form):
    """loss = E + a / x^b."""

    name = "saturating"
    title = "loss = E + a / x^b, of any column x"
    source = "Henighan et al. 2020, arXiv:2010.14701"
    inputs = ("x",)
    constants = (
        Constant("E", "floor that more x cannot pass", (0.1, 3.0), low=1e-9, log=True, linear=True),
        Constant("a", "what is above the floor at x = 1", (1e-3, 1e6), low=1e-300, log=True, linear=True),
        Constant("b", "exponent", (0.02, 1.5), low=0.0, high=10.0),
    )

    def predict(self, theta: Array, columns: Columns) -> Array:
        e, a, b = unpack(theta)
        return np.asarray(e + a * np.exp(-b * np.log(columns["x"])))

    def jacobian(self, theta: Array, columns: Columns) -> Array:
        _, a, b = unpack(theta)
        x = np.log(columns["x"])
        fall = np.exp(-b * x)
        return stacked(np.ones_like(fall), fall, -a * fall * x)


FORMS = (Saturating(),)
