"""A calculator: are the sums in a solution right? No model is asked."""

from collections.abc import Sequence
from dataclasses import dataclass

from gulliver.inference import BoundModel, Draft
from gulliver.sandbox.arithmetic import equations
from gulliver.tasks.base import Item

NOTHING = 0.5
"""Of a draft without an equation, of which nothing is known."""


@dataclass(frozen=True)
class Tool:
    """The share of a draft's equations that hold, worked out exactly; one half where it has none.

    One made-up right and one made-up wrong equation keep a single one from deciding all: (right + 1) / (equations + 2), and
    half of that as soon as one is wrong.
    """

    async def score(self, item: Item, drafts: Sequence[Draft], lm: BoundModel) -> list[float]:
        """No request is made."""
        return [0.0 if draft.finish == "failed" else checked(draft.text) for draft in drafts]


def checked(text: str) -> float:
    """The score of one text.

    >>> checked("2 + 2 = 4"), checked("2 + 2 = 5"), checked("four")
    (0.6666666666666666, 0.16666666666666666, 0.5)
    """
    found = equations(text)
    right = sum(equation.holds for equation in found)
    share = (right + 1) / (len(found) + 2)
    return share if right == len(found) else share / 2


def make(model: str = "") -> Tool:
    """It takes no model."""
    return Tool()
