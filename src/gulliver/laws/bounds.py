"""A guarantee on the loss of a compressed language model: risk on the training windows plus a price for every bit of the model.

The finite-hypothesis bound with a prior over prefix-free messages (Lotfi et al. 2023, 'Non-vacuous generalization bounds for large
language models', arXiv:2312.17173): with probability 1 - delta over the draw of m independent windows, for every model h at once,

    risk(h) <= empirical risk(h) + width sqrt((K(h) ln 2 + ln 1/delta) / 2m)

K bits tell the model to someone who has the architecture and its random start. The loss of a window, bits a token, has a finite
`width` because predictions are mixed with the uniform one: p = (1 - alpha) p_model + alpha / V. Where only n of the m
windows are scored, a second term of the same kind pays for that.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from gulliver.laws.base import Array, LawError

ALPHAS = tuple(float(alpha) for alpha in np.geomspace(1e-3, 0.5, 16))
"""Mixing weights that are tried; which one was taken is paid for."""


@dataclass(frozen=True)
class Bound:
    """A bound and what it is made of; risks and bound are bits a token.

    Attributes:
        value: the true risk of the smoothed model is at most this, with probability `1 - delta`.
        risk: on the windows that were scored; `unsmoothed` is without the mixing, and may be infinite.
        complexity: what the model's bits add; `subsampling`: what scoring only some windows adds.
        alpha: the mixing weight with the least bound.
        bits: of the model's message, made prefix-free, with the choice of alpha.
        windows: m; scored: n.
        guess: the loss of the uniform prediction, log2 V.
    """

    value: float
    risk: float
    unsmoothed: float
    complexity: float
    subsampling: float
    alpha: float
    bits: float
    windows: int
    scored: int
    guess: float

    @property
    def vacuous(self) -> bool:
        """Whether guessing uniformly is guaranteed as much."""
        return self.value >= self.guess


def prefix_free(bits: int) -> int:
    """Bits of a message of that length sent after its length in Elias' gamma code, so that no message begins another.

    Raises:
        LawError: the length is not above 0.
    """
    if bits < 1:
        raise LawError(f"A message has at least one bit, not {bits}.")
    return bits + 2 * (bits.bit_length() - 1) + 1


def width(vocabulary: int, alpha: float) -> float:
    """Largest less smallest possible loss of a smoothed prediction, bits: log2(1 + (1 - alpha) V / alpha).

    Raises:
        LawError: alpha is not between 0 and 1, or the vocabulary has no choice.
    """
    _check_mixing(vocabulary, alpha)
    return math.log2(1.0 + (1.0 - alpha) * vocabulary / alpha)


def smoothed(logprobs: Array, vocabulary: int, alpha: float) -> Array:
    """Bits of each token under the mixture with the uniform prediction; `logprobs` are nats, of any shape.

    Raises:
        LawError: as `width`.
    """
    _check_mixing(vocabulary, alpha)
    mixed = np.logaddexp(np.log1p(-alpha) + np.asarray(logprobs, np.float64), math.log(alpha / vocabulary))
    return np.asarray(-mixed / math.log(2.0))


def hoeffding(bits: float, windows: int, span: float, delta: float) -> float:
    """How far the risk of a model told in `bits` may lie above its empirical risk, in units of `span`.

    Raises:
        LawError: bits below 0, no window, or a delta not between 0 and 1.
    """
    if not bits >= 0 or windows < 1 or not 0 < delta < 1:
        raise LawError(
            f"A bound needs bits of at least 0, windows of at least 1 and a delta between 0 and 1, not {bits}, {windows}, {delta}."
        )
    return span * math.sqrt((bits * math.log(2.0) + math.log(1.0 / delta)) / (2.0 * windows))


def bound(
    logprobs: Array,
    vocabulary: int,
    bits: int,
    windows: int,
    *,
    choices: int = 1,
    delta: float = 0.05,
    alphas: Sequence[float] = ALPHAS,
) -> Bound:
    """The bound of one model, its mixing weight chosen for the least.

    Args:
        logprobs: nats of each token of the windows that were scored, (n, T).
        vocabulary: V.
        bits: of the message that tells the model.
        windows: m, independent windows that the model may have seen; when n < m, the scored ones were drawn from them at random
            without a look at the model.
        choices: models, or ways to train, of which this one may have been picked by looking; log2 of it is added to the bits.
        delta: how often the bound may fail, over all it was chosen from.
        alphas: mixing weights to choose from.

    Raises:
        LawError: there are more scored windows than windows, or a number cannot be.
    """
    scored = len(logprobs)
    if np.ndim(logprobs) != 2 or not 1 <= scored <= windows:
        raise LawError(f"A bound needs log-probabilities of 1 to {windows} windows, one row each.")
    if choices < 1 or not alphas:
        raise LawError("A bound needs at least one choice and one mixing weight.")
    whole = prefix_free(bits) + math.log2(choices) + math.log2(len(alphas))
    # As in the publication, delta is divided in proportion to the samples that each term does without.
    share = 1.0 if scored == windows else scored / (scored + windows)
    tried = math.log2(choices) + math.log2(len(alphas))
    plain = float(-np.mean(logprobs) / math.log(2.0))
    best: Bound | None = None
    for alpha in alphas:
        span = width(vocabulary, alpha)
        risk = float(smoothed(logprobs, vocabulary, alpha).mean())
        complexity = hoeffding(whole, windows, span, share * delta)
        rest = 0.0 if scored == windows else hoeffding(tried, scored, span, (1.0 - share) * delta)
        value = risk + complexity + rest
        if best is None or value < best.value:
            best = Bound(
                value, risk, plain, complexity, rest, alpha, whole, windows, scored, math.log2(vocabulary)
            )  # fmt: skip
    assert best is not None
    return best


def _check_mixing(vocabulary: int, alpha: float) -> None:
    if vocabulary < 2 or not 0 < alpha < 1:
        raise LawError(
            f"Smoothing needs a vocabulary of at least 2 and an alpha between 0 and 1, not {vocabulary}, {alpha}."
        )
