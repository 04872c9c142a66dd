"""Write a reply step by step and go on only with the best beginnings."""

import asyncio
from dataclasses import dataclass
from typing import ClassVar

from gulliver.inference import BoundModel
from gulliver.strategies.base import strategy
from gulliver.strategies.steps import Path, Searching, choose_path, merged, score_paths
from gulliver.tasks.base import Answer, Item


@strategy("beam")
@dataclass(frozen=True)
class Beam(Searching):
    """Step-wise beam search: `n` beginnings are drawn at each step, a scorer keeps the best `keep`, which are gone on with
    until all kept ones have ended (Snell et al. 2024, arXiv:2408.03314). `by` and `model` name the scorer as in `best_of`.

    A step ends with a `paragraph`, a `line` or another text (`border`), after `step` tokens at most; a reply has `depth` steps at most. Of the kept replies one is chosen
    by `final`: `best` score, `weighted` vote, or `majority`.
    """

    n: int = 8
    keep: int = 2
    by: str = "logprob"
    model: str = ""
    final: str = "best"
    border: str = "paragraph"
    step: int = 100
    depth: int = 10
    temperature: float = 0.7
    tokens: ClassVar[int] = 200
    role: ClassVar[str] = "whole"

    def __post_init__(self) -> None:
        if not 1 <= self.keep <= self.n or self.temperature <= 0:
            raise ValueError("keep must be at least 1 and at most n, and temperature above 0")
        self.check_search()

    async def answer(self, item: Item, lm: BoundModel) -> Answer:
        """
        Raises:
            ModelError: the model is behind a server, or the scorer cannot score.
        """
        steps, scorer = self.parts()
        kept = [Path()]
        while open_ := [path for path in kept if not path.done]:
            each, more = divmod(self.n, len(open_))
            widths = [each + (place < more) for place in range(len(open_))]
            pairs = zip(open_, widths, strict=True)
            grown = await asyncio.gather(*(steps.grow(item, lm, path, width) for path, width in pairs))
            ended = [path for path in kept if path.done]
            different = merged([path for some in grown for path in some])
            scored = [*ended, *await score_paths(scorer, item, different, lm)]
            kept = sorted(scored, key=lambda path: -path.score)[: self.keep]
        return await choose_path(item, kept, self.final)
