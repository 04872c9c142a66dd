"""Say before answering how likely the answer is to be right."""

from dataclasses import dataclass, replace
from functools import lru_cache
from typing import ClassVar

from gulliver.errors import ModelError
from gulliver.inference import BoundModel
from gulliver.strategies.base import read_drafts, strategy
from gulliver.strategies.greedy import Greedy
from gulliver.strategies.heads import Head, features, load_head
from gulliver.tasks.base import Answer, Item

_heads = lru_cache(maxsize=16)(load_head)


@strategy("p_ik")
@dataclass(frozen=True)
class PIK:
    """The greedy answer, with the chance of its being right as a trained head tells it from the question alone (P(IK),
    Kadavath et al. 2022, arXiv:2207.05221).

    `gulliver head` trains a head on a task's train split. Its features are the question's sentence vector and how
    expected the question is to the model, not hidden states. Below `least` the model is not asked, and the item has
    no answer.
    """

    head: str = ""
    least: float = 0.0
    tokens: ClassVar[int] = 48
    draws: ClassVar[int] = 2
    role: ClassVar[str] = "whole"

    def __post_init__(self) -> None:
        if not 0 <= self.least <= 1:
            raise ValueError("least must lie between 0 and 1")

    def check(self, item: Item) -> None:
        """
        Raises:
            ModelError: there is no such head.
        """
        check_head(self.head)

    async def answer(self, item: Item, lm: BoundModel) -> Answer:
        """
        Raises:
            ModelError: the head is of another model.
        """
        chance = await foretold(self.head, item, lm)
        if isinstance(chance, Answer):
            return chance
        if chance < self.least:
            return Answer(status="unreadable", detail=f"not asked: P(IK) is {chance:.2f}", confidence=chance)
        answer = (await read_drafts(item, await Greedy().draw(item, lm, 1)))[0]
        return replace(answer, confidence=chance)


def check_head(name: str) -> None:
    """
    Raises:
        ModelError: no head is named, or there is none of that name.
    """
    if not name:
        raise ModelError("p_ik needs a trained head: head=NAME; `gulliver head` trains one.")
    _heads(name)


async def foretold(name: str, item: Item, lm: BoundModel) -> float | Answer:
    """The chance that the model answers the item right, or a failed answer where it cannot be told.

    Raises:
        ModelError: the head is of another model.
    """
    head: Head = _heads(name)
    if head.model != lm.model.card.digest:
        raise ModelError(f"The head {head.name} was trained for another model than {lm.model.name}; train one for it.")
    try:
        return head.chance(await features(item.question, lm))
    except ModelError as error:
        return Answer(status="failed", detail=str(error))
