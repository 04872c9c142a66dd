"""Show exemplars of the skills an item takes, only where the model finds the item hard."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import ClassVar

from gulliver.errors import ModelError, TaskError
from gulliver.inference import BoundModel
from gulliver.models.base import Message
from gulliver.strategies.base import read_drafts, strategy
from gulliver.strategies.confidence import sureness
from gulliver.strategies.greedy import Greedy
from gulliver.strategies.skills import by_skill, skills_of
from gulliver.tasks.base import Answer, Exemplar, Item


@dataclass(frozen=True)
class Shown:
    """Worked exemplars as earlier turns, with their reasoning."""

    exemplars: tuple[Exemplar, ...]

    def ask(self, item: Item) -> Item:
        """The item after these."""
        clause = item.judge.after_reasoning
        messages = [message for message in item.prompt if message.role == "system"]
        for one in self.exemplars:
            messages += [
                Message("user", f"{one.question}\n\n{clause}"),
                Message("assistant", f"{one.rationale}\nAnswer: {one.answer}"),
            ]
        return item.ask(*messages, Message("user", f"{item.question}\n\n{clause}"))


@strategy("adapt_mi")
@dataclass(frozen=True)
class AdaptMI:
    """The answer with `k` fixed exemplars where the model is at least `sure` of it, else one with `k` exemplars of
    the skills the item takes (AdaptMI, He et al. 2025, arXiv:2505.00147).

    With `missing` (AdaptMI+), only of those skills that the first reply does not show. With `always`, every item gets
    skill exemplars at once, for comparison. The paper finds hard items by a reward model and skills by a large model;
    here the mean probability of the reply's tokens and marks in the text do that.
    """

    k: int = 3
    sure: float = 0.9
    missing: bool = False
    always: bool = False
    tokens: ClassVar[int] = 160
    role: ClassVar[str] = "whole"

    def __post_init__(self) -> None:
        if self.k < 1 or not 0 <= self.sure <= 1:
            raise ValueError("k must be at least 1 and sure between 0 and 1")

    @property
    def draws(self) -> int:
        """A guess: the second reply is only for hard items."""
        return 1

    def check(self, item: Item) -> None:
        """
        Raises:
            TaskError: the task has too few exemplars with reasoning.
        """
        have = len(self.bank(item))
        if have < self.k:
            raise TaskError(
                f"adapt_mi(k={self.k}) chooses among exemplars with a rationale and this task has {have}; lower k or add exemplars to the task."
            )

    def bank(self, item: Item) -> list[Exemplar]:
        """What can be shown."""
        return [one for one in item.exemplars if one.rationale]

    async def answer(self, item: Item, lm: BoundModel) -> Answer:
        """
        Raises:
            ModelError: the engine does not tell log-probabilities.
        """
        bank = self.bank(item)
        skills = skills_of(item.question)
        if self.always:
            return await _reply(item, by_skill(bank, skills, self.k), lm)
        first = await _reply(item, bank[: self.k], lm)
        sure = sureness(first)
        if sure is None:
            raise ModelError("adapt_mi finds hard items by log-probabilities, which this engine does not tell; use adapt_mi(always=true).")  # fmt: skip
        if sure >= self.sure or first.status == "failed":
            return replace(first, confidence=sure)
        if self.missing:
            shown = skills_of(first.text)
            skills = tuple(skill for skill in skills if skill not in shown) or skills
        second = await _reply(item, by_skill(bank, skills, self.k), lm)
        return replace(second, detail=f"hard ({sure:.2f}); skills: {', '.join(skills) or 'none'}")


async def _reply(item: Item, exemplars: Sequence[Exemplar], lm: BoundModel) -> Answer:
    put = Shown(tuple(exemplars)).ask(item)
    return (await read_drafts(put, await Greedy().draw(put, lm, 1)))[0]
