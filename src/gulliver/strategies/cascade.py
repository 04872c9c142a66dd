"""A small model first, a larger one where the small is not sure enough."""

from dataclasses import dataclass, replace
from typing import ClassVar

from gulliver.errors import ModelError
from gulliver.inference import BoundModel
from gulliver.strategies.base import read_drafts, strategy
from gulliver.strategies.confidence import sureness
from gulliver.strategies.greedy import Greedy
from gulliver.strategies.likelihood import Likelihood
from gulliver.strategies.majority import Majority
from gulliver.strategies.p_ik import check_head, foretold
from gulliver.strategies.p_true import PTrue
from gulliver.strategies.sample import Sample
from gulliver.tasks.base import Answer, Item

WAYS = ("draft", "likelihood", "p_true", "p_ik")


@strategy("cascade")
@dataclass(frozen=True)
class Cascade:
    """The model's own answer where its confidence is at least `threshold`, else the answer of the larger model `to`,
    asked in the same way (FrugalGPT, Chen et al. 2023, arXiv:2305.05176). `gulliver cascade` sets the threshold for a
    quality.

    By `draft`, the answer is one greedy draft and its confidence the mean probability of its tokens; with `n` above
    1, a vote and the share that agrees. By `likelihood`, it is the likeliest choice and its share of the choices; by
    `p_true`, one draft and what the model itself says of it; by `p_ik`, the trained `head` says it of the question,
    so that the first model is not asked where it is unsure. The larger model takes `to_n` drafts, or compares choices
    too.
    """

    to: str = ""
    threshold: float = 0.8
    n: int = 1
    to_n: int = 1
    by: str = "draft"
    head: str = ""
    tokens: ClassVar[int] = 48
    role: ClassVar[str] = "whole"

    def __post_init__(self) -> None:
        if not 0 <= self.threshold <= 1:
            raise ValueError("threshold must lie between 0 and 1")
        if self.n < 1 or self.to_n < 1 or self.by not in WAYS:
            raise ValueError(f"n and to_n must be at least 1 and by one of {', '.join(WAYS)}")
        if self.by != "draft" and self.n > 1:
            raise ValueError(f"n counts the votes of by=draft; by={self.by} gives one answer")

    @property
    def others(self) -> tuple[str, ...]:
        """The larger model."""
        return (self.to,)

    @property
    def draws(self) -> int:
        """Requests of the first model."""
        return {"draft": self.n, "likelihood": Likelihood.draws, "p_true": PTrue().draws, "p_ik": 2}[self.by]

    def check(self, item: Item) -> None:
        """
        Raises:
            TaskError: choices are to be compared and the item has none.
            ModelError: there is no such head.
        """
        if self.by == "p_ik":
            check_head(self.head)
        if self.by == "likelihood":
            Likelihood().check(item)

    @property
    def parts(self) -> tuple[str, str]:
        """The strategies of which this takes one answer or the other, as they are written in a recipe."""
        first = f"p_ik(head={self.head})" if self.by == "p_ik" else _part(self.by, self.n)
        return first, _part("likelihood" if self.by == "likelihood" else "draft", self.to_n)

    async def answer(self, item: Item, lm: BoundModel) -> Answer:
        """
        Raises:
            ModelError: the engine does not tell log-probabilities.
        """
        if self.by == "p_ik":
            return await self._routed(item, lm)
        if self.by == "likelihood":
            first = await Likelihood().answer(item, lm)
        elif self.by == "p_true":
            first = await PTrue().answer(item, lm)
        else:
            first = await _voted(item, lm, self.n)
        sure = sureness(first, self.n)
        if sure is None:
            raise ModelError(
                "cascade needs a confidence, and this model's engine tells no log-probabilities; use cascade(n=8), a vote."
            )
        if sure >= self.threshold:
            return replace(first, confidence=sure)
        larger = lm.other(self.to)
        if self.by == "likelihood":
            return await Likelihood().answer(item, larger)
        return await _voted(item, larger, self.to_n)

    async def _routed(self, item: Item, lm: BoundModel) -> Answer:
        """By what a head says of the question, before anything is answered."""
        chance = await foretold(self.head, item, lm)
        if isinstance(chance, float) and chance >= self.threshold:
            return replace(await _voted(item, lm, 1), confidence=chance)
        return await _voted(item, lm.other(self.to), self.to_n)


def _part(by: str, n: int) -> str:
    return by if by != "draft" else f"majority(n={n})" if n > 1 else "greedy"


async def _voted(item: Item, lm: BoundModel, n: int) -> Answer:
    drawing = Sample() if n > 1 else Greedy()
    return Majority(n).choose(await read_drafts(item, await drawing.draw(item, lm, n)))
