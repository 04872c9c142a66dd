"""Draft, criticise, rewrite."""

import re
from dataclasses import dataclass, replace
from typing import ClassVar

from gulliver.inference import BoundModel, Draft
from gulliver.models.base import Message, Sampling
from gulliver.strategies.base import read_drafts, strategy
from gulliver.tasks.base import Answer, Item

DONE = "No mistakes."
_CRITICISE = (
    f"Check the answer above step by step. Name the first mistake in it and why it is one, or write exactly '{DONE}'"
)
_REWRITE = (
    "Write the whole answer again without the mistake, in the same form as before, with the final answer at its end."
)
_SATISFIED = re.compile(r"\bno (?:mistakes?|errors?)\b", re.IGNORECASE)


@strategy("self_refine")
@dataclass(frozen=True)
class SelfRefine:
    """Draft, criticise, rewrite, at most `rounds` times; stops when the critic finds no mistake (Madaan et al. 2023,
    arXiv:2303.17651).

    A rewrite without a readable answer leaves the draft before it in place. Critiques are at most `critique` tokens.
    """

    rounds: int = 2
    critique: int = 120
    tokens: ClassVar[int] = 100
    role: ClassVar[str] = "whole"

    def __post_init__(self) -> None:
        if self.rounds < 1 or self.critique < 1:
            raise ValueError("rounds and critique must be at least 1")

    @property
    def draws(self) -> int:
        """A draft, and a critique and a rewrite each round, unless the critic is satisfied before."""
        return 1 + 2 * self.rounds

    async def answer(self, item: Item, lm: BoundModel) -> Answer:
        best, draft = await _put(item, item.prompt, lm)
        done = 0
        for _ in range(self.rounds if best.status != "failed" else 0):
            done += 1
            talk = (*item.prompt, Message("assistant", draft.text or " "))
            said = await lm.generate((*talk, Message("user", _CRITICISE)), max_tokens=self.critique)
            if said.finish == "failed" or _SATISFIED.search(said.text):
                break
            asked = (*talk, Message("user", _CRITICISE), Message("assistant", said.text), Message("user", _REWRITE))
            answer, rewritten = await _put(item, asked, lm)
            if answer.status != "read":
                break
            best, draft = answer, rewritten
        told = f"{best.detail}; " if best.detail else ""
        return replace(best, detail=f"{told}{done} critique{'s' * (done != 1)}")


async def _put(item: Item, prompt: tuple[Message, ...], lm: BoundModel) -> tuple[Answer, Draft]:
    drafts = await lm.draws(prompt, 1, Sampling(max_tokens=item.max_tokens, stop=item.stop))
    return (await read_drafts(item, drafts))[0], drafts[0]
