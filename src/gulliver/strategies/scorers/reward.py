"""A reward model: any sequence classifier that transformers knows, through the extra torch."""

from collections.abc import Sequence
from dataclasses import dataclass

from gulliver.inference import BoundModel, Draft
from gulliver.models.rewards import load_reward
from gulliver.strategies.scorers.asked import ask_scorer
from gulliver.tasks.base import Item


@dataclass(frozen=True)
class Reward:
    """The probability that a classifier gives to its good label, reading question and draft; of one output, its sigmoid."""

    model: str

    async def score(self, item: Item, drafts: Sequence[Draft], lm: BoundModel) -> list[float]:
        """
        Raises:
            MissingExtra: torch is not installed.
            ModelError: there is no such classifier.
        """
        return await ask_scorer(load_reward(self.model), item, drafts, lm)


def make(model: str = "") -> Reward:
    """The classifier of that name."""
    return Reward(model)
