"""Ask the model whether its own answer is true."""

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import ClassVar

from gulliver.inference import BoundModel
from gulliver.models.base import Message
from gulliver.strategies.base import read_drafts, strategy
from gulliver.strategies.greedy import Greedy
from gulliver.strategies.sample import Sample
from gulliver.tasks.base import Answer, Item

YES, NO = "A", "B"
_ASK = f"Is the proposed answer:\n({YES}) True\n({NO}) False\nReply with one letter."


@strategy("p_true")
@dataclass(frozen=True)
class PTrue:
    """The greedy answer, with the probability the model gives to its being true as confidence (Kadavath et al. 2022,
    arXiv:2207.05221): `samples` answers of its own, drawn at temperature 1, are shown to it first.

    The probability is that of the letter for True among the two letters, as the reply to the question.
    """

    samples: int = 4
    tokens: ClassVar[int] = 48
    role: ClassVar[str] = "whole"

    def __post_init__(self) -> None:
        if self.samples < 0:
            raise ValueError("samples must be at least 0")

    @property
    def draws(self) -> int:
        """The answer, the samples, and the two letters."""
        return self.samples + 3

    async def answer(self, item: Item, lm: BoundModel) -> Answer:
        """
        Raises:
            ModelError: the engine cannot score a reply.
        """
        drafts = await Greedy().draw(item, lm, 1)
        if self.samples:
            drawn = Sample(temperature=1.0, top_p=1.0)
            drafts = [*drafts, *await drawn.draw(item, lm, self.samples)]
        proposed, *others = await read_drafts(item, drafts)
        if proposed.status != "read":
            return proposed
        ideas = [str(one.value) for one in others if one.status == "read"]
        scores = await lm.score(question(item, str(proposed.value), ideas), [YES, NO])
        return replace(proposed, confidence=share(scores))


def question(item: Item, proposed: str, ideas: Sequence[str]) -> list[Message]:
    """Section 3.2 of the paper: the question, some ideas, the proposed answer, true or false."""
    parts = [f"Question: {item.question}"]
    if ideas:
        parts.append("Here are some brainstormed ideas:\n" + "\n".join(_short(idea) for idea in ideas))
    parts += [f"Proposed answer: {_short(proposed)}", _ASK]
    return [Message("user", "\n\n".join(parts))]


def share(scores: Sequence[float]) -> float:
    """The first one's part of the probability that all have together, from log-probabilities (nats).

    >>> share([0.0, 0.0])
    0.5
    """
    most = max(scores)
    weights = [math.exp(score - most) for score in scores]
    return weights[0] / sum(weights)


def _short(text: str) -> str:
    line = " ".join(text.split())
    return line if len(line) <= 300 else f"{line[:300]} …"
