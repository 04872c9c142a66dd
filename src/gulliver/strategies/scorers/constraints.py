"""The conditions of an item's row, such as keywords and a number of words: how many does a draft meet? No model is asked."""

from collections.abc import Sequence
from dataclasses import dataclass

from gulliver.inference import BoundModel, Draft
from gulliver.tasks.base import Item
from gulliver.tasks.constraints import Constraints


@dataclass(frozen=True)
class Met:
    """The share of the conditions (see `tasks.constraints`) that a draft meets; 0 for a beginning that can no longer meet them
    all, and one half where the row has none."""

    async def score(self, item: Item, drafts: Sequence[Draft], lm: BoundModel) -> list[float]:
        """
        Raises:
            TaskError: the row's conditions cannot be read.
        """
        wanted = Constraints.of(item.fields)
        return [_met(wanted, draft) for draft in drafts]


def _met(wanted: Constraints, draft: Draft) -> float:
    if draft.finish == "failed":
        return 0.0
    if not wanted:
        return 0.5
    if draft.finish == "length" and not wanted.possible(draft.text):
        return 0.0
    met = wanted.met(draft.text)
    return sum(met) / len(met)


def make(model: str = "") -> Met:
    """It takes no model."""
    return Met()
