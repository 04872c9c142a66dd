"""Scores that stay near chance and then rise: a sigmoid, and a straight rise beyond a threshold.

`scale` is whatever grows: parameters, tokens, FLOPs. Map it with `--map scale=parameters`.
"""

from typing import ClassVar

import numpy as np

from gulliver.laws.base import Array, Columns, Constant, Form, stacked, unpack


class Sigmoid(Form):
    """score = chance + (ceiling - chance) / (1 + (midpoint / scale)^slope)."""

    name: ClassVar[str] = "sigmoid"
    title: ClassVar[str] = "score = chance + (ceiling - chance) / (1 + (midpoint / scale)^slope)"
    source: ClassVar[str] = "logistic in log scale; emergence: Wei et al. 2022, arXiv:2206.07682"
    inputs: ClassVar[tuple[str, ...]] = ("scale",)
    output = "score"
    objective = "least-squares"
    signed = ("score",)
    constants: ClassVar[tuple[Constant, ...]] = (
        Constant("chance", "score of the smallest", (0.0, 0.5), linear=True),
        Constant("ceiling", "score of the largest", (0.5, 1.0), linear=True),
        Constant("midpoint", "scale half way between the two", (1e6, 1e12), low=1e-12, log=True),
        Constant("slope", "how sharp the rise is", (0.3, 20.0), low=1e-2, high=1e3, log=True),
    )

    def predict(self, theta: Array, columns: Columns) -> Array:
        return self.evaluate(theta, columns)[0]

    def jacobian(self, theta: Array, columns: Columns) -> Array:
        return self.evaluate(theta, columns)[1]

    def evaluate(self, theta: Array, columns: Columns) -> tuple[Array, Array]:
        chance, ceiling, midpoint, slope = unpack(theta)
        far = np.log(columns[self.inputs[0]]) - np.log(midpoint)
        risen = 0.5 * (1.0 + np.tanh(0.5 * slope * far))
        moves = (ceiling - chance) * risen * (1.0 - risen)
        return chance + (ceiling - chance) * risen, stacked(1.0 - risen, risen, -moves * slope / midpoint, moves * far)

    def starts(self, columns: Columns, count: int, rng: np.random.Generator) -> Array:
        """As other forms, with midpoints spread over the scales of the table."""
        return _spread(super().starts(columns, count, rng), 2, columns[self.inputs[0]])


class Threshold(Form):
    """score = chance + rise x log10(scale / threshold) beyond the threshold, and chance before it."""

    name = "threshold"
    title = "score = chance + rise x max(0, log10(scale / threshold))"
    source = "two straight pieces in log scale; emergence: Wei et al. 2022, arXiv:2206.07682"
    inputs = ("scale",)
    output = "score"
    objective = "least-squares"
    signed = ("score",)
    constants = (
        Constant("chance", "score before the threshold", (0.0, 0.5), linear=True),
        Constant("threshold", "scale at which the rise begins", (1e6, 1e12), low=1e-12, log=True),
        Constant("rise", "points of score per tenfold scale beyond it", (0.01, 1.0), linear=True),
    )

    def predict(self, theta: Array, columns: Columns) -> Array:
        return self.evaluate(theta, columns)[0]

    def jacobian(self, theta: Array, columns: Columns) -> Array:
        return self.evaluate(theta, columns)[1]

    def evaluate(self, theta: Array, columns: Columns) -> tuple[Array, Array]:
        chance, threshold, rise = unpack(theta)
        far = np.log10(columns["scale"]) - np.log10(threshold)
        beyond = np.maximum(far, 0.0)
        by_threshold = np.where(far > 0, -rise / (threshold * np.log(10.0)), 0.0)
        return chance + rise * beyond, stacked(np.ones_like(far), by_threshold, beyond)

    def starts(self, columns: Columns, count: int, rng: np.random.Generator) -> Array:
        """As other forms, with thresholds spread over the scales of the table."""
        return _spread(super().starts(columns, count, rng), 1, columns["scale"])


def _spread(theta: Array, k: int, scale: Array) -> Array:
    """Constant k spread evenly over the logarithm of the table's scales."""
    low, high = np.log(scale.min()), np.log(scale.max())
    theta[:, k] = np.exp(low + (high - low) * (np.arange(len(theta)) + 0.5) / len(theta))
    return theta


FORMS = (Sigmoid(), Threshold())
