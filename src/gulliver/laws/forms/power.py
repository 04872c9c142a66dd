"""A power law of any one column: the plainest law there is."""

import numpy as np

from gulliver.laws.base import Array, Columns, Constant, Form, stacked, unpack


class Power(Form):
    """loss = a / x^b."""

    name = "power"
    title = "loss = a / x^b, of any column x"
    source = "Hestness et al. 2017, arXiv:1712.00409"
    inputs = ("x",)
    constants = (
        Constant("a", "loss at x = 1", (1e-3, 1e6), low=1e-300, log=True, linear=True),
        Constant("b", "exponent", (-0.5, 1.5), low=-10.0, high=10.0),
    )

    def predict(self, theta: Array, columns: Columns) -> Array:
        a, b = unpack(theta)
        return np.asarray(a * np.exp(-b * np.log(columns["x"])))

    def jacobian(self, theta: Array, columns: Columns) -> Array:
        a, b = unpack(theta)
        x = np.log(columns["x"])
        fall = np.exp(-b * x)
        return stacked(fall, -a * fall * x)


FORMS = (Power(),)
