"""Choose the option that the model finds likeliest, without letting it write."""

import math
from dataclasses import dataclass
from typing import ClassVar

from gulliver.errors import TaskError
from gulliver.inference import BoundModel, Draft
from gulliver.strategies.base import strategy
from gulliver.tasks.base import Answer, Item


@strategy("likelihood")
@dataclass(frozen=True)
class Likelihood:
    """The choice with the highest log-probability as a continuation (Brown et al. 2020).

    Where the task gives a bare text that the options continue, options are scored after it as text; else the labels (or the
    options, where there are no labels) are scored as the reply to the prompt. `normalise` divides by the length of
    the continuation: `none`, `tokens` or `bytes`; `auto` is bytes for options and none for labels. Its confidence is its share
    of all choices' probability, so normalised.
    """

    normalise: str | None = "auto"
    draws: ClassVar[int] = 4
    tokens: ClassVar[int] = 8
    role: ClassVar[str] = "whole"

    def __post_init__(self) -> None:
        object.__setattr__(self, "normalise", self.normalise or "none")  # a recipe's word none is read as None
        if self.normalise not in ("auto", "none", "tokens", "bytes"):
            raise ValueError('normalise must be "auto", "none", "tokens" or "bytes"')

    def check(self, item: Item) -> None:
        """
        Raises:
            TaskError: the item has nothing to choose from.
        """
        if len(options(item)) < 2:
            raise TaskError(
                f"likelihood compares an item's choices and {item.id} has none; give the task choices or a judge with labels."
            )

    async def answer(self, item: Item, lm: BoundModel) -> Answer:
        self.check(item)
        pairs = options(item)
        if item.cloze:
            scored = await lm.weigh(item.cloze, [_spaced(item.cloze, text) for _, text in pairs])
        else:
            scored = await lm.weigh(item.prompt, [label for label, _ in pairs])
        failed = next((draft for draft in scored if draft.logprob is None), None)
        if failed is not None:
            return Answer(status="failed", detail=failed.error)
        worth = [self._worth(draft, bool(item.cloze)) for draft in scored]
        best = worth.index(max(worth))
        told = ", ".join(f"{label[:40]} {value:.3f}" for (label, _), value in zip(pairs, worth, strict=True))
        return Answer(
            pairs[best][0],
            text=scored[best].text.strip(),
            logprob=scored[best].logprob,
            tokens=scored[best].completion_tokens,
            detail=f"log-probabilities: {told}",
            confidence=1.0 / sum(math.exp(max(-700.0, value - worth[best])) for value in worth),
        )

    def _worth(self, draft: Draft, cloze: bool) -> float:
        assert draft.logprob is not None
        how = ("bytes" if cloze else "none") if self.normalise == "auto" else self.normalise
        length = {"none": 1, "tokens": draft.completion_tokens, "bytes": len(draft.text.strip().encode())}[str(how)]
        return draft.logprob / max(1, length)


def _spaced(before: str, text: str) -> str:
    """The continuation with the space that stands between the two, if one does."""
    return text if before[-1:].isspace() or text[:1].isspace() else f" {text}"


def options(item: Item) -> list[tuple[str, str]]:
    """What an item is answered with, and the text it stands for: labels with options, or either alone."""
    labels = tuple(getattr(item.judge, "labels", ()))
    if not item.choices:
        return [(label, label) for label in labels]
    return list(zip(labels if len(labels) == len(item.choices) else item.choices, item.choices, strict=True))
