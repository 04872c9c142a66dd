"""Grow a tree of beginnings, wider where they look better."""

import asyncio
import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

from gulliver.inference import BoundModel
from gulliver.strategies.base import strategy
from gulliver.strategies.steps import Path, Searching, choose_path, merged, score_paths
from gulliver.tasks.base import Answer, Item


@strategy("rebase")
@dataclass(frozen=True)
class Rebase(Searching):
    """Reward-balanced tree search (Wu et al. 2024, arXiv:2408.00724): `n` replies in all; at each step the replies still to be
    written are shared among the beginnings by the softmax of their scores at temperature `balance`. No value is
    estimated by writing to the end, so the tree costs little more than `n` replies.

    A scorer (`by`, `model`, as in `best_of`) judges beginnings and whole replies, of which one is chosen by `final`:
    `weighted` vote, `best` score, or `majority`. Steps are as in `beam`.
    """

    n: int = 8
    by: str = "logprob"
    model: str = ""
    final: str = "weighted"
    balance: float = 0.1
    border: str = "paragraph"
    step: int = 100
    depth: int = 10
    temperature: float = 0.7
    tokens: ClassVar[int] = 200
    role: ClassVar[str] = "whole"

    def __post_init__(self) -> None:
        if self.n < 1 or self.balance <= 0 or self.temperature <= 0:
            raise ValueError("n must be at least 1, balance and temperature above 0")
        self.check_search()

    async def answer(self, item: Item, lm: BoundModel) -> Answer:
        """
        Raises:
            ModelError: the model is behind a server, or the scorer cannot score.
        """
        steps, scorer = self.parts()
        done: list[Path] = []
        widths: list[tuple[Path, int]] = [(Path(), self.n)]
        while widths:
            grown = await asyncio.gather(*(steps.grow(item, lm, path, width) for path, width in widths))
            scored = await score_paths(scorer, item, [path for some in grown for path in some], lm)
            done += [path for path in scored if path.done]
            open_ = merged([path for path in scored if not path.done])
            # What has not ended shares what is left; equal beginnings are one, with the width of both.
            left = self.n - len(done)
            widths = [pair for pair in zip(open_, shared(left, open_, self.balance), strict=True) if pair[1] > 0]
        return await choose_path(item, done, self.final)


def shared(n: int, paths: Sequence[Path], balance: float) -> list[int]:
    """`n` split among the paths by the softmax of score / balance, in whole numbers (largest remainders first).

    >>> shared(4, [Path(score=0.9), Path(score=0.1)], 0.1), shared(3, [Path(), Path()], 0.1)
    ([4, 0], [2, 1])
    """
    if not paths:
        return []
    most = max(path.score for path in paths)
    weights = [math.exp((path.score - most) / balance) for path in paths]
    wanted = [n * weight / sum(weights) for weight in weights]
    found = [math.floor(want) for want in wanted]
    rest = sorted(range(len(paths)), key=lambda i: (found[i] - wanted[i], i))
    for place in rest[: n - sum(found)]:
        found[place] += 1
    return found
