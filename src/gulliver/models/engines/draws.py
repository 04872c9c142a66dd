"""Drawing a token from a row of logits without torch: greedy, or at a given chance, so that a draw follows its own seed."""

from typing import Any

import numpy as np

from gulliver.models.base import Sampling

Row = np.ndarray[Any, np.dtype[np.float32]]


def normaliser(logits: Row) -> float:
    """log Σ exp of a row: a token's log-probability is its logit less this."""
    top = float(logits.max())
    return top + float(np.log(np.exp(logits - np.float32(top)).sum(dtype=np.float64)))


def drawn(logits: Row, sampling: Sampling, chance: float) -> int:
    """The token at `chance` in [0, 1) of the distribution after temperature, then `top_k`, then `top_p`; the likeliest
    when `temperature` is 0.

    `logits`: [vocabulary]. Tokens stand in the vocabulary's order, or from the likeliest down when any are cut off;
    a token is kept by `top_p` when those before it have less than that share. -inf is never drawn.
    """
    if sampling.temperature <= 0:
        return int(logits.argmax())
    scaled = (logits.astype(np.float64) - float(logits.max())) / sampling.temperature
    order = None
    if sampling.top_k and sampling.top_k < len(scaled):
        order = np.argpartition(-scaled, sampling.top_k - 1)[: sampling.top_k]
    if order is not None or sampling.top_p < 1:
        among = np.arange(len(scaled)) if order is None else np.sort(order)
        order = among[np.argsort(-scaled[among], kind="stable")]
        scaled = scaled[order]
    shares = np.exp(scaled)
    if sampling.top_p < 1:
        before = np.cumsum(shares) - shares
        shares = shares[before < sampling.top_p * shares.sum()]
    total = np.cumsum(shares)
    place = min(int(np.searchsorted(total, chance * total[-1], side="right")), len(total) - 1)
    return place if order is None else int(order[place])
