"""Take the answer that drafts agree on, where a draft counts as much as the model believed in it."""

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

from gulliver.errors import ModelError
from gulliver.strategies.base import OfSeveral, strategy
from gulliver.strategies.majority import ballot
from gulliver.tasks.base import Answer

SAME = 1e-9
"""Weights that differ by less than this share are equal, whatever the order they were added in."""


@strategy("weighted")
@dataclass(frozen=True)
class Weighted(OfSeveral):
    """Vote over `n` drafts, each weighing the geometric mean of its tokens' probabilities (the normalised weighted sum of
    Wang et al. 2022, arXiv:2203.11171). Drafts without an answer have no vote; of equal weights the one drawn first wins.

    When no draft can be read, the first one's status stands.
    """

    def choose(self, answers: Sequence[Answer]) -> Answer:
        """
        Raises:
            ModelError: the engine does not tell log-probabilities.
        """
        read = [answer for answer in answers if answer.status == "read"]
        if not read:
            return answers[0]
        sums: dict[str, float] = {}
        for answer in read:
            sums[ballot(answer)] = sums.get(ballot(answer), 0.0) + weight(answer)
        least = max(sums.values()) * (1.0 - SAME)
        winner = next(answer for answer in read if sums[ballot(answer)] >= least)
        return replace(winner, votes=sum(ballot(answer) == ballot(winner) for answer in read))


def weight(answer: Answer) -> float:
    """The geometric mean of the probabilities of a draft's tokens, in (0, 1].

    Raises:
        ModelError: the engine does not tell log-probabilities.
    """
    if answer.mean_logprob is None:
        raise ModelError(
            "weighted needs log-probabilities, which this model's engine does not tell; use majority instead."
        )
    return math.exp(max(answer.mean_logprob, -700.0))
