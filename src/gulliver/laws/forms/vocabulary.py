"""Loss from non-vocabulary parameters, vocabulary and text, and the vocabulary a budget deserves (Tao et al. 2024).

The loss is the publication's: cross-entropy less that of a unigram model, so that vocabularies can be compared. It is
negative. Tokens follow from characters: a larger vocabulary needs fewer tokens for the same text.
"""

from collections.abc import Mapping
from typing import ClassVar

import numpy as np

from gulliver.laws.base import Array, Columns, Constant, Form, stacked, unpack

SOURCE = "Tao et al. 2024, arXiv:2407.13623"
_QUADRATIC, _LINEAR, _FIXED, _CAP = 0.00639222, -0.15811069, 1.20470122, 200_000.0
_WIDTHS = (
    (50e6, 512), (200e6, 768), (500e6, 1024), (1e9, 1536), (2e9, 2048), (5e9, 3200), (10e9, 4096), (20e9, 5120),
    (50e9, 6048), (100e9, 8192), (200e9, 12288), (500e9, 16384), (1e12, 20480),
)  # fmt: skip


def tokens_per_character(vocabulary: Array | float) -> Array:
    """Tokens a character of text becomes, by the publication's fit to its tokenizers (flat beyond 200,000)."""
    size = np.log(np.minimum(np.asarray(vocabulary, dtype=np.float64), _CAP))
    return np.asarray(_QUADRATIC * size**2 + _LINEAR * size + _FIXED)


def width_for(parameters: float) -> float:
    """The embedding width the publication gives a model with so many non-vocabulary parameters."""
    for most, width in _WIDTHS:
        if parameters <= most:
            return float(width)
    return 24576.0


class Vocabulary(Form):
    """loss = -E + A1 / N^alpha + A2 / (V d)^alpha2 + B / D^alpha.

    N non-vocabulary parameters, V vocabulary, d embedding width, D tokens = characters x tokens per character at V.
    The exponents of N and D are one constant, as in the publication.
    """

    name: ClassVar[str] = "vocabulary"
    title: ClassVar[str] = "loss = -E + A1 / parameters^alpha + A2 / (vocabulary x width)^alpha2 + B / tokens^alpha"
    source = SOURCE
    inputs = ("parameters", "vocabulary", "width", "characters")
    signed = ("loss",)
    objective = "huber"
    constants = (
        Constant("E", "how far below a unigram model an unlimited one is", (3.0, 8.0), low=1e-6, log=True, linear=True),
        Constant("A1", "scale of what more non-vocabulary parameters take off", (1.0, 1e6), low=1e-12, log=True, linear=True),
        Constant("A2", "scale of what more vocabulary parameters take off", (1.0, 1e8), low=1e-12, log=True, linear=True),
        Constant("B", "scale of what more tokens take off", (1.0, 1e7), low=1e-12, log=True, linear=True),
        Constant("alpha", "exponent of non-vocabulary parameters and of tokens", (0.1, 1.0), low=1e-3, high=1.5),
        Constant("alpha2", "exponent of vocabulary parameters", (0.1, 1.0), low=1e-3, high=1.5),
    )  # fmt: skip
    unit: ClassVar[float] = 1.0
    """Tokens per character are evaluated at the vocabulary divided by this."""

    def predict(self, theta: Array, columns: Columns) -> Array:
        return self.evaluate(theta, columns)[0]

    def jacobian(self, theta: Array, columns: Columns) -> Array:
        return self.evaluate(theta, columns)[1]

    def evaluate(self, theta: Array, columns: Columns) -> tuple[Array, Array]:
        e, a1, a2, b, alpha, alpha2 = unpack(theta)
        size = np.log(columns["parameters"])
        words = np.log(columns["vocabulary"] * columns["width"])
        text = np.log(columns["characters"] * tokens_per_character(columns["vocabulary"] / self.unit))
        by_size, by_words, by_text = np.exp(-alpha * size), np.exp(-alpha2 * words), np.exp(-alpha * text)
        loss = -e + a1 * by_size + a2 * by_words + b * by_text
        by_alpha = -a1 * by_size * size - b * by_text * text
        return loss, stacked(-np.ones_like(by_size), by_size, by_words, by_text, by_alpha, -a2 * by_words * words)

    def plan(self, theta: Array, budget: Mapping[str, float]) -> dict[str, Array] | None:
        """The vocabulary with the least loss for `flops` = 6 (parameters + vocabulary x width) x tokens.

        `parameters` (non-vocabulary) may be given; without them they are searched for. `width` defaults to the
        publication's width for that size. How tokens were counted matters to the constants, not here.
        """
        if "flops" not in budget:
            return None
        flops = budget["flops"]
        if "parameters" in budget:
            sizes = np.array([budget["parameters"]])
        else:
            centre = 0.09 * np.sqrt(flops)
            sizes = centre * np.geomspace(1e-3, 1e3, 1201)
        words = optimal_words(theta, sizes, flops)
        text = flops / (6.0 * (sizes + words))
        e, a1, a2, b, alpha, alpha2 = unpack(theta)
        loss = -e + a1 * sizes**-alpha + a2 * words**-alpha2 + b * text**-alpha
        best = np.argmin(loss, axis=1)
        rows = np.arange(len(theta))
        widths = np.array([budget.get("width") or width_for(n) for n in sizes])
        return {
            "parameters": sizes[best],
            "vocabulary_parameters": words[rows, best],
            "vocabulary": words[rows, best] / widths[best],
            "tokens": text[rows, best],
            "loss": loss[rows, best],
        }


def optimal_words(theta: Array, parameters: Array, flops: Array | float) -> Array:
    """Vocabulary parameters V d with the least loss at given FLOPs, shape (P, R): where the loss's slope by V d is zero.

    The slope is A2 alpha2 (V d)^-(alpha2+1) against B alpha (6/flops)^alpha (N + V d)^(alpha-1); halving finds the
    crossing, to 1e-12 of the logarithm.
    """
    _, _, a2, b, alpha, alpha2 = unpack(theta)
    low = np.zeros(np.broadcast_shapes(alpha.shape, np.shape(parameters)))
    high = np.broadcast_to(np.log(parameters) + 14.0, low.shape).copy()
    right = np.log(b * alpha) + alpha * np.log(6.0 / np.asarray(flops))
    for _ in range(60):
        middle = 0.5 * (low + high)
        gain = np.log(a2 * alpha2) - (alpha2 + 1.0) * middle
        cost = right + (alpha - 1.0) * np.log(parameters + np.exp(middle))
        low, high = np.where(gain > cost, middle, low), np.where(gain > cost, high, middle)
    return np.exp(0.5 * (low + high))


class VocabularyThousands(Vocabulary):
    """`vocabulary` with tokens per character evaluated at V / 1000, as the publication's fitting code does."""

    name = "vocabulary_thousands"
    title = "vocabulary, with tokens per character evaluated at vocabulary / 1000 (the published code's convention)"
    unit = 1000.0


FORMS = (Vocabulary(), VocabularyThousands())
