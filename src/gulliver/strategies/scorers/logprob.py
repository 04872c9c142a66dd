"""The model's own log-probability as a score: it costs nothing more."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

from gulliver.errors import ModelError
from gulliver.inference import BoundModel, Draft
from gulliver.tasks.base import Item


@dataclass(frozen=True)
class LogProb:
    """The geometric mean of the probabilities of a draft's tokens."""

    async def score(self, item: Item, drafts: Sequence[Draft], lm: BoundModel) -> list[float]:
        """
        Raises:
            ModelError: the engine does not tell log-probabilities.
        """
        return [_mean(draft) for draft in drafts]


def _mean(draft: Draft) -> float:
    if draft.finish == "failed":
        return 0.0
    if draft.logprob is None:
        raise ModelError(
            "by=logprob compares log-probabilities, which this model's engine does not tell; use majority instead."
        )
    return math.exp(max(-700.0, min(0.0, draft.logprob / max(1, draft.completion_tokens))))


def make(model: str = "") -> LogProb:
    """It takes no model."""
    return LogProb()
