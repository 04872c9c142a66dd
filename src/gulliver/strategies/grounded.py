"""Write from one passage at a time, and keep the draft that rests on its passage and reads well."""

import asyncio
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, ClassVar

from gulliver.errors import ModelError
from gulliver.inference import BoundModel, Draft
from gulliver.models.base import Sampling
from gulliver.strategies.base import strategy
from gulliver.strategies.retrieve import Retrieve, with_passages
from gulliver.tasks.base import Answer, Item

if TYPE_CHECKING:
    from gulliver.retrieval import Passage


@strategy("grounded")
@dataclass(frozen=True)
class Grounded:
    """`n` drafts from each of `k` passages alone, then the best by attribution and fluency (the recipe for small models of
    Aksitov et al. 2023, arXiv:2302.05578).

    Attribution: the share of a draft's content words, beyond the question's, that its passage has; fluency: the log-probability per
    token, times `weight`. Passages are found as by `retrieve`. Drafts without an answer do not compete.
    """

    k: int = 4
    n: int = 2
    source: str = ""
    by: str = "hybrid"
    size: int = 120
    overlap: int = 20
    encoder: str = "minilm-22m"
    adapt: bool = False
    query: str = ""
    weight: float = 0.5
    temperature: float = 0.7
    tokens: ClassVar[int] = 48
    role: ClassVar[str] = "whole"

    def __post_init__(self) -> None:
        if self.n < 1 or self.weight < 0 or self.temperature <= 0:
            raise ValueError("n must be at least 1, weight at least 0 and temperature above 0")
        self._retrieve()

    @property
    def draws(self) -> int:
        return self.k * self.n

    @property
    def material(self) -> str:
        """What is searched, told by content."""
        return self._retrieve().material

    def check(self, item: Item) -> None:
        """
        Raises:
            TaskError: no source is given, or the row lacks the column to search for.
        """
        self._retrieve().find(item)

    async def answer(self, item: Item, lm: BoundModel) -> Answer:
        """
        Raises:
            ModelError: the engine does not tell log-probabilities, and `weight` is above 0.
        """
        from gulliver.retrieval.support import support

        passages = self._retrieve().find(item)
        items = [with_passages(item, [passage.shown]) for passage in passages] or [item]
        drawn = await asyncio.gather(*(self._drafts(put, lm) for put in items))
        answers, worth = [], []
        for put, drafts, i in zip(items, drawn, range(len(items)), strict=True):
            for draft in drafts:
                answers.append(put.read(draft))
                held = support(draft.text, passages[i].shown, item.question) if passages else 0.0
                worth.append(held + self._fluency(answers[-1]))
        read = [i for i, answer in enumerate(answers) if answer.status == "read"]
        if not read:
            return answers[0]
        best = max(read, key=lambda i: worth[i])
        return replace(answers[best], detail=_told(passages, best // self.n, worth[best]))

    async def _drafts(self, item: Item, lm: BoundModel) -> list[Draft]:
        return await lm.draws(item.prompt, self.n, Sampling(item.max_tokens, self.temperature, 0.95, stop=item.stop))

    def _fluency(self, answer: Answer) -> float:
        if not self.weight or answer.status != "read":
            return 0.0
        if answer.mean_logprob is None:
            raise ModelError(
                "grounded weighs log-probabilities, which this model's engine does not tell; write grounded(weight=0)."
            )
        return self.weight * answer.mean_logprob

    def _retrieve(self) -> Retrieve:
        return Retrieve(
            self.k, self.source, self.by, "passages", self.size, self.overlap, self.encoder, self.adapt, self.query
        )


def _told(passages: "list[Passage]", place: int, worth: float) -> str:
    return f"from {passages[place].document}, worth {worth:.3f}" if passages else f"nothing found, worth {worth:.3f}"
