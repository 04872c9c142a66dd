"""The model itself, asked whether a solution is right."""

import asyncio
import math
from collections.abc import Sequence
from dataclasses import dataclass

from gulliver.errors import ModelError
from gulliver.inference import BoundModel, Draft
from gulliver.models.base import Message
from gulliver.tasks.base import Item

YES, NO = "A", "B"
_WHOLE = f"Is this solution right?\n({YES}) Yes\n({NO}) No\nReply with one letter."
_BEGUN = f"Is this beginning of a solution right so far?\n({YES}) Yes\n({NO}) No\nReply with one letter."


@dataclass(frozen=True)
class Self:
    """The probability of the letter for yes among the two letters, as the reply to the question whether it is right (as
    P(True) of Kadavath et al. 2022, arXiv:2207.05221, without ideas shown first). Two scored replies a draft."""

    async def score(self, item: Item, drafts: Sequence[Draft], lm: BoundModel) -> list[float]:
        """
        Raises:
            ModelError: the engine cannot score a reply.
        """
        return list(await asyncio.gather(*(self._one(item, draft, lm) for draft in drafts)))

    async def _one(self, item: Item, draft: Draft, lm: BoundModel) -> float:
        if draft.finish == "failed" or not draft.text.strip():
            return 0.0
        yes, no = await lm.weigh(question(item, draft), [YES, NO])
        if yes.logprob is None or no.logprob is None:
            if "cannot" in (yes.error or no.error):
                raise ModelError(yes.error or no.error)
            return 0.0  # a solution too long to be read is not preferred
        return 1.0 / (1.0 + math.exp(min(700.0, no.logprob - yes.logprob)))


def question(item: Item, draft: Draft) -> tuple[Message, ...]:
    """The question, the solution, and whether it is right; of one that is only begun (cut), whether it is so far."""
    ask = _BEGUN if draft.finish == "length" else _WHOLE
    return (Message("user", f"Question: {item.question}\n\nSolution: {draft.text.strip()}\n\n{ask}"),)


def make(model: str = "") -> Self:
    """It takes no model."""
    return Self()
