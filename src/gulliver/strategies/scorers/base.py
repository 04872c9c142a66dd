"""What scorers share: one method, numbers that can be compared, and how an option names one."""

import importlib
from collections.abc import Sequence
from typing import Protocol

from gulliver.inference import BoundModel, Draft
from gulliver.tasks.base import Answer, Item

SCORERS = ("logprob", "self", "tool", "constraints", "verifier", "reward")
"""By what drafts are compared: their own log-probability, the model asked, a calculator, the conditions of the row, a trained head,
a reward model."""


class Scorer(Protocol):
    """How good drafts of one item look, in [0, 1] each, the same scale for all of them, so that a score is also a weight.

    A draft may be only the beginning of one. What a scorer asks of models goes through `lm`, so it is in the store and in the
    item's costs. A draft that cannot be scored has 0.
    """

    async def score(self, item: Item, drafts: Sequence[Draft], lm: BoundModel) -> list[float]:
        """
        Raises:
            ModelError: the model's engine, or the scorer's own model, cannot do it.
        """
        ...


def make_scorer(by: str, model: str = "") -> Scorer:
    """The scorer of that name.

    Args:
        model: for `verifier` the name or file of a trained head (`default` when empty), for `reward` a sequence classifier.

    Raises:
        ValueError: there is no scorer of that name, or it takes no model, or needs one.
    """
    if by not in SCORERS:
        raise ValueError(f"by must be one of {', '.join(SCORERS)}")
    if model and by not in ("verifier", "reward"):
        raise ValueError(f"by={by} takes no model; verifier and reward do")
    if by == "reward" and not model:
        raise ValueError("by=reward needs model=dir:FOLDER or model=hf:owner/name, a sequence classifier")
    made: Scorer = importlib.import_module(f"gulliver.strategies.scorers.{by}").make(model)
    return made


def scorer_models(by: str, model: str = "") -> tuple[str, ...]:
    """The names, as models have them, of what a scorer asks beside the item's own model."""
    if by == "verifier":
        return (f"verifier:{model or 'default'}",)
    return (f"reward:{model}",) if by == "reward" else ()


def as_draft(answer: Answer, place: int = 0) -> Draft:
    """The draft that an answer was read from, as scorers take it."""
    return Draft(answer.text, "stop", place, answer.tokens, answer.logprob)
