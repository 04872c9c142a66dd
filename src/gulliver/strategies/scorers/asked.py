"""Scores of a model of its own: each is a request like any other, so it is kept in the store and paid by the item."""

import math
from collections.abc import Sequence

from gulliver.inference import BoundModel, Draft
from gulliver.models.base import Model
from gulliver.tasks.base import Item


async def ask_scorer(model: Model, item: Item, drafts: Sequence[Draft], lm: BoundModel) -> list[float]:
    """The probability that `model` gives to each draft's being right; 0 for one that it cannot read.

    Raises:
        ModelError: the scorer's engine cannot start, or died.
    """
    worth = [place for place, draft in enumerate(drafts) if draft.finish != "failed" and draft.text.strip()]
    said = await lm.beside(model).weigh(item.question, [drafts[place].text for place in worth])
    scores = [0.0] * len(drafts)
    for place, reply in zip(worth, said, strict=True):
        scores[place] = 0.0 if reply.logprob is None else math.exp(max(-700.0, reply.logprob))
    return scores
