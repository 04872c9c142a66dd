"""Write in steps, and keep the beginnings from which the model expects the constraint to be met in the end."""

import asyncio
import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import ClassVar

from gulliver.errors import TaskError
from gulliver.inference import BoundModel, Draft
from gulliver.models.base import Message, Sampling
from gulliver.strategies.base import strategy
from gulliver.tasks.base import Answer, Item

_WORDS = "Here is the beginning of a text:\n\n{}\n\nList the words that the finished text will contain."
_OTHER = "Here is the beginning of a text:\n\n{}\n\nWill the finished text keep to this: {}\nReply with Yes or No."


@dataclass(frozen=True)
class _Path:
    """A text under way: its log-probability (nats) over so many tokens, and what it is worth."""

    text: str = ""
    logprob: float = 0.0
    tokens: int = 0
    done: bool = False
    worth: float = 0.0


@strategy("future_constraint")
@dataclass(frozen=True)
class FutureConstraint:
    """Anticipatory decoding (Tu et al. 2023, arXiv:2312.06149): of `width` continuations of each of `beam` beginnings, `step`
    tokens long, those stay whose log-probability per token, plus `weight` times an estimate that the finished text
    will meet the constraint, is highest. `weight=0` is plain search.

    The constraint is the row's `keywords`, or its `constraint` as a sentence. The model itself estimates: the log-probability per
    token of the keywords as a list of what the text will contain, or of Yes.
    """

    beam: int = 2
    width: int = 4
    step: int = 8
    weight: float = 1.0
    temperature: float = 0.8
    tokens: ClassVar[int] = 8
    role: ClassVar[str] = "whole"

    def __post_init__(self) -> None:
        if min(self.beam, self.width, self.step) < 1 or self.weight < 0 or self.temperature <= 0:
            raise ValueError("beam, width and step must be at least 1, weight at least 0, temperature above 0")

    @property
    def draws(self) -> int:
        """For forecasts: four steps."""
        return 4 * self.beam * self.width * (2 if self.weight else 1)

    def check(self, item: Item) -> None:
        """
        Raises:
            TaskError: the row has no constraint.
        """
        if self.weight and not (item.fields.get("keywords") or item.fields.get("constraint")):
            raise TaskError(
                f"future_constraint looks ahead to the row's keywords or constraint, and item {item.id} has neither; add such a column."
            )

    async def answer(self, item: Item, lm: BoundModel) -> Answer:
        self.check(item)
        paths, used = [_Path()], 0
        while used < item.max_tokens and any(not path.done for path in paths):
            step = min(self.step, item.max_tokens - used)
            used += step
            under_way = [path for path in paths if not path.done]
            sampling = Sampling(step, self.temperature, stop=item.stop)
            # The first step has one beginning only, so it draws for all.
            count = self.width if used > step else self.beam * self.width
            drawn = await asyncio.gather(*(lm.draws(item.prompt, count, sampling, begun=p.text) for p in under_way))
            failed = next((draft for drafts in drawn for draft in drafts if draft.finish == "failed"), None)
            if failed is not None:
                return Answer(status="failed", detail=failed.error)
            grown = [_grown(path, draft) for path, drafts in zip(under_way, drawn, strict=True) for draft in drafts]
            grown = [*(path for path in paths if path.done), *grown]
            paths = await self._best(item, lm, list({path.text: path for path in reversed(grown)}.values())[::-1])
        best = paths[0]
        answer = item.read(Draft(best.text, "stop" if best.done else "length", 0, best.tokens, best.logprob))
        return replace(answer, detail=f"worth {best.worth:.3f} nats a token")

    async def _best(self, item: Item, lm: BoundModel, paths: Sequence[_Path]) -> list[_Path]:
        ahead = [0.0] * len(paths)
        if self.weight:
            ahead = await asyncio.gather(*(self._ahead(item, lm, path.text) for path in paths))
        worth = [
            replace(path, worth=path.logprob / max(1, path.tokens) + self.weight * value)
            for path, value in zip(paths, ahead, strict=True)
        ]
        return sorted(worth, key=lambda path: -path.worth)[: self.beam]

    async def _ahead(self, item: Item, lm: BoundModel, text: str) -> float:
        """The estimate for one beginning, nats (a token); -inf where the engine could not score it."""
        keywords = item.fields.get("keywords")
        if keywords:
            (scored,) = await lm.weigh([Message("user", _WORDS.format(text))], [", ".join(map(str, keywords))])
            return -math.inf if scored.logprob is None else scored.logprob / max(1, scored.completion_tokens)
        asked = [Message("user", _OTHER.format(text, item.fields.get("constraint")))]
        yes, no = [-math.inf if d.logprob is None else d.logprob for d in await lm.weigh(asked, ["Yes", "No"])]
        return -math.log1p(math.exp(min(no - yes, 700.0))) if yes > -math.inf else -math.inf


def _grown(path: _Path, draft: Draft) -> _Path:
    text = path.text + (draft.text if path.text else draft.text.lstrip())
    logprob = path.logprob + (draft.logprob or 0.0)
    return _Path(text, logprob, path.tokens + draft.completion_tokens, draft.finish == "stop")
