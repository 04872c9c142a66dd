"""Answer from a rationale, from passages, or from both, as a ranker holds each to be true and to the point."""

import asyncio
import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import ClassVar

from gulliver.inference import BoundModel
from gulliver.models.base import Message, Sampling
from gulliver.models.files import file_digest
from gulliver.strategies.base import strategy
from gulliver.strategies.retrieve import Retrieve, with_passages
from gulliver.tasks.base import Answer, Item

WAYS = ("either", "both", "max", "rationale")
EXPLAIN = "{}\n\nWrite down, in a few sentences, the facts that are needed to answer this. Do not answer yet."
_JUDGE = "Question: {}\n\nText: {}\n\nIs this text true, and does it help to answer the question? Reply with Yes or No."


@strategy("rationale_rank")
@dataclass(frozen=True)
class RationaleRank:
    """The best of `n` rationales, written by the model `writer` (the same model when none is named), and `k` passages of `source`,
    each scored; the answer is given from what `combine` says (Hartill et al. 2023, arXiv:2308.04711).

    `either`: what scores above `threshold`, and both when both or neither do; `both`; `max`: what scores higher; `rationale`: that
    unless it scores below. The score is `ranker`'s, a file that `train_ranker` saved, or else the model's own Yes against No.
    """

    n: int = 2
    k: int = 3
    source: str = ""
    writer: str = ""
    combine: str = "either"
    threshold: float = 0.5
    ranker: str = ""
    by: str = "hybrid"
    size: int = 120
    temperature: float = 0.7
    max_tokens: int = 100
    tokens: ClassVar[int] = 64
    role: ClassVar[str] = "whole"

    def __post_init__(self) -> None:
        if self.n < 1 or self.k < 1 or self.combine not in WAYS or not 0 <= self.threshold <= 1:
            raise ValueError(f"n and k must be at least 1, combine one of {', '.join(WAYS)}, threshold in [0, 1]")
        self._retrieve()

    @property
    def others(self) -> tuple[str, ...]:
        """The writer, when it is another model."""
        return (self.writer,) if self.writer else ()

    @property
    def draws(self) -> int:
        scored = 0 if self.ranker else 2 * (self.n + bool(self.source))
        return self.n + scored + 1

    @property
    def material(self) -> str:
        """What is searched and the ranker, told by content."""
        ranker = Path(self.ranker).expanduser() if self.ranker else None
        told = file_digest(ranker) if ranker is not None and ranker.is_file() else ""
        return f"{self._retrieve().material} {told}".strip()

    def check(self, item: Item) -> None:
        """
        Raises:
            GulliverError: the source or the ranker cannot be read.
        """
        if self.ranker:
            from gulliver.retrieval.ranker import load_ranker

            load_ranker(self.ranker)

    async def answer(self, item: Item, lm: BoundModel) -> Answer:
        passages = [passage.shown for passage in self._retrieve().find(item)] if self.source else []
        writer = lm.other(self.writer) if self.writer else lm
        asked = [Message("user", EXPLAIN.format(item.question))]
        drafts = await writer.draws(asked, self.n, Sampling(self.max_tokens, self.temperature, 0.95))
        failed = next((draft for draft in drafts if draft.finish == "failed"), None)
        if failed is not None:
            return Answer(status="failed", detail=failed.error)
        rationales = list(dict.fromkeys(draft.text.strip() for draft in drafts if draft.text.strip()))
        texts = [*rationales, *(["\n".join(passages)] if passages else [])]
        scores = await self._scores(item.question, texts, lm)
        best = max(range(len(rationales)), key=lambda i: scores[i], default=None)
        rationale, worth = (rationales[best], scores[best]) if best is not None else ("", 0.0)
        found = scores[-1] if passages else 0.0
        use_rationale, use_passages = combined(self.combine, worth, found, self.threshold)
        shown = [*(passages if use_passages else []), *([rationale] if use_rationale and rationale else [])]
        put = with_passages(item, shown or passages) if shown or passages else item
        answer = put.read(await lm.generate(put.prompt, max_tokens=put.max_tokens, stop=put.stop))
        used = [
            name
            for name, on in (("passages", use_passages and passages), ("rationale", use_rationale and rationale))
            if on
        ]
        return replace(
            answer, detail=f"from {' and '.join(used) or 'passages'}: rationale {worth:.3f}, passages {found:.3f}"
        )

    async def _scores(self, question: str, texts: Sequence[str], lm: BoundModel) -> list[float]:
        """For each text how likely it is true and helps, in [0, 1]."""
        if self.ranker:
            from gulliver.retrieval.ranker import load_ranker

            return load_ranker(self.ranker).scores(question, texts) if texts else []
        return list(await asyncio.gather(*(self._own(question, text, lm) for text in texts)))

    async def _own(self, question: str, text: str, lm: BoundModel) -> float:
        prompt = [Message("user", _JUDGE.format(question, text))]
        yes, no = [-math.inf if d.logprob is None else d.logprob for d in await lm.weigh(prompt, ["Yes", "No"])]
        if max(yes, no) == -math.inf:
            return 0.5
        return 1.0 / (1.0 + math.exp(min(max(no - yes, -700.0), 700.0)))

    def _retrieve(self) -> Retrieve:
        return Retrieve(self.k, self.source, self.by, size=self.size, overlap=min(20, self.size - 1))


def combined(way: str, rationale: float, passages: float, threshold: float) -> tuple[bool, bool]:
    """Whether the rationale and the passages are used, by their scores.

    >>> combined("either", 0.9, 0.2, 0.5), combined("max", 0.3, 0.2, 0.5), combined("either", 0.1, 0.2, 0.5)
    ((True, False), (True, False), (True, True))
    """
    if way == "both":
        return True, True
    if way == "max":
        return rationale >= passages, rationale < passages
    if way == "rationale":
        return rationale >= threshold, rationale < threshold
    good = rationale >= threshold, passages >= threshold
    return good if any(good) else (True, True)
