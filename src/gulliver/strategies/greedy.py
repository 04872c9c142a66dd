"""One draft, always the likeliest next token."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

from gulliver.inference import BoundModel, Draft
from gulliver.models.base import Sampling
from gulliver.strategies.base import strategy
from gulliver.tasks.base import Item


@strategy("greedy")
@dataclass(frozen=True)
class Greedy:
    """Temperature 0; asked for several drafts, all are the same."""

    role: ClassVar[str] = "drawing"

    async def draw(self, item: Item, lm: BoundModel, n: int, start: int = 0) -> Sequence[Draft]:
        return await lm.draws(item.prompt, n, Sampling(max_tokens=item.max_tokens, stop=item.stop), start=start)
