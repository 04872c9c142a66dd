"""Parts joined into a strategy: `cot | sample(temperature=0.8) | majority(n=8)`."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from gulliver.errors import SpecError
from gulliver.inference import BoundModel
from gulliver.spec import Call, build
from gulliver.strategies.base import Adaptive, Asking, Choosing, Drawing, Scoring, Whole, read_drafts
from gulliver.strategies.direct import Direct
from gulliver.strategies.first import First
from gulliver.strategies.greedy import Greedy
from gulliver.strategies.registry import find_strategy
from gulliver.strategies.sample import Sample
from gulliver.tasks.base import Answer, Item


@dataclass(frozen=True)
class Strategy:
    """A whole strategy: asking parts in order, then a drawing and a choosing part, or one with its own control flow."""

    text: str
    asking: tuple[Asking, ...]
    drawing: Drawing
    choosing: Choosing
    whole: Whole | None = None

    @property
    def draws(self) -> int:
        """Drafts of one item, for forecasts."""
        return int(getattr(self.whole, "draws", 1)) if self.whole else self.choosing.draws

    @property
    def others(self) -> tuple[str, ...]:
        """Names of further models that it asks."""
        return tuple(getattr(self.whole or self.choosing, "others", ()))

    @property
    def material(self) -> str:
        """What its parts read besides the item, told by content: an answer may be replayed only while that is the same."""
        parts = (*self.asking, self.drawing, self.choosing, self.whole)
        return " ".join(told for part in parts if (told := str(getattr(part, "material", ""))))

    @property
    def tokens(self) -> int:
        """A first guess of one draft's length in tokens, for forecasts before anything was measured."""
        return int(getattr(self.whole, "tokens", self.asking[-1].tokens))

    def ask(self, item: Item) -> Item:
        """The item as it will be put to the model.

        Raises:
            TaskError: a part cannot be used on this item.
        """
        for part in self.asking:
            item = part.ask(item)
        if self.whole is not None and hasattr(self.whole, "check"):
            self.whole.check(item)
        return item

    async def answer(self, item: Item, lm: BoundModel) -> Answer:
        """One item's answer."""
        put = self.ask(item)
        if self.whole is not None:
            return await self.whole.answer(put, lm)
        if self._adaptive is None:
            drawn = await read_drafts(put, await self.drawing.draw(put, lm, self.choosing.draws))
            return self.choosing.choose(drawn) if self._scoring is None else await self._scoring.pick(put, drawn, lm)
        answers: list[Answer] = []
        while more := self._adaptive.more(answers):
            answers += await read_drafts(put, await self.drawing.draw(put, lm, more, len(answers)))
        return self.choosing.choose(answers)

    # Looked up once: whether an object keeps to a protocol takes longer than all else that is done for an item here.

    @cached_property
    def _adaptive(self) -> Adaptive | None:
        return self.choosing if isinstance(self.choosing, Adaptive) else None

    @cached_property
    def _scoring(self) -> Scoring | None:
        return self.choosing if isinstance(self.choosing, Scoring) else None


def parse_strategy(calls: Sequence[Call]) -> Strategy:
    """Join parts by their roles; what is missing is `direct`, one greedy draft, first.

    Raises:
        SpecError: an unknown part, or parts out of order.
    """
    asking: list[Asking] = []
    drawing: Drawing | None = None
    choosing: Choosing | None = None
    whole: Whole | None = None
    for call in calls:
        part: Any = build(find_strategy(call.name), call)
        if whole is not None:
            raise SpecError(
                f"{call.name} stands after {whole}, which has a control flow of its own; only asking parts may join it, before it."
            )
        if isinstance(part, Asking):
            if drawing or choosing:
                raise SpecError(f"{call.name} says how to ask and must stand before drawing and choosing parts.")
            asking.append(part)
        elif isinstance(part, Drawing):
            if drawing or choosing:
                raise SpecError(f"{call.name} says how to draw; a strategy has one such part, before the choosing one.")
            drawing = part
        elif isinstance(part, Choosing):
            if choosing:
                raise SpecError(f"{call.name} would choose a second time; a strategy has one choosing part.")
            choosing = part
        else:
            if drawing or choosing:
                raise SpecError(f"{call.name} has a control flow of its own; only asking parts may stand before it.")
            whole = part
    choosing = choosing or First()
    if drawing is None:
        drawing = Sample() if choosing.draws > 1 else Greedy()
    text = " | ".join(str(call) for call in calls) or "direct"
    return Strategy(text, tuple(asking) or (Direct(),), drawing, choosing, whole)
