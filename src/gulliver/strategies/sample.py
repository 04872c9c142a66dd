"""Independent drafts at a temperature."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

from gulliver.inference import BoundModel, Draft
from gulliver.models.base import Sampling
from gulliver.strategies.base import strategy
from gulliver.tasks.base import Item


@strategy("sample")
@dataclass(frozen=True)
class Sample:
    """Draws i = 0 … n-1, each with a seed of its own: n = 16 is the first sixteen of n = 64."""

    temperature: float = 0.7
    top_p: float = 0.95
    top_k: int = 0
    role: ClassVar[str] = "drawing"

    def __post_init__(self) -> None:
        if self.temperature <= 0 or not 0 < self.top_p <= 1 or self.top_k < 0:
            raise ValueError("temperature must be above 0, top_p in (0, 1], top_k at least 0")

    async def draw(self, item: Item, lm: BoundModel, n: int, start: int = 0) -> Sequence[Draft]:
        sampling = Sampling(item.max_tokens, self.temperature, self.top_p, self.top_k, item.stop)
        return await lm.draws(item.prompt, n, sampling, start=start)
