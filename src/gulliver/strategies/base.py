"""How a model is used on one item: asking, drawing and choosing parts, or a control flow of its own.

A strategy is a frozen dataclass whose fields are its options, marked with `@strategy(name)`, one file each.
"""

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar, Protocol, TypeVar, runtime_checkable

from gulliver.inference import BoundModel, Draft
from gulliver.tasks.base import Answer, Item


@runtime_checkable
class Asking(Protocol):
    """How the item is put: a new prompt and reader. `tokens` is a first guess of a draft's length, for forecasts."""

    tokens: ClassVar[int]

    def ask(self, item: Item) -> Item: ...


@runtime_checkable
class Drawing(Protocol):
    """How `n` drafts are obtained, from number `start` on."""

    async def draw(self, item: Item, lm: BoundModel, n: int, start: int = 0) -> Sequence[Draft]: ...


@runtime_checkable
class Choosing(Protocol):
    """Which answer is given, of `draws` drafts' answers (at least one; their statuses may differ)."""

    @property
    def draws(self) -> int: ...

    def choose(self, answers: Sequence[Answer]) -> Answer: ...


@dataclass(frozen=True)
class OfSeveral:
    """What choosing parts share that take one of `n` drafts, all drawn beforehand."""

    n: int = 8
    role: ClassVar[str] = "choosing"

    def __post_init__(self) -> None:
        if self.n < 1:
            raise ValueError("n must be at least 1")

    @property
    def draws(self) -> int:
        return self.n


@runtime_checkable
class Scoring(Choosing, Protocol):
    """A choosing part that asks about the drafts before it chooses: a scorer, which may itself ask the model."""

    async def pick(self, item: Item, answers: Sequence[Answer], lm: BoundModel) -> Answer: ...


@runtime_checkable
class Adaptive(Choosing, Protocol):
    """A choosing part that says as it goes how many drafts it needs; `draws` is then a guess, for forecasts."""

    def more(self, answers: Sequence[Answer]) -> int:
        """How many further drafts to draw after these (at first none); 0 when enough is known."""
        ...


@runtime_checkable
class Whole(Protocol):
    """A strategy with a control flow of its own; asking parts may come before it, nothing after.

    Where it has attributes `draws` and `tokens` (requests of one item, tokens of one reply), forecasts use them; where it
    has a method `check(item)`, that is called before anything is spent and may raise a TaskError. `others` names further
    models that it asks with `lm.other(name)`; a recipe loads them and a study keeps them open beside the first.
    """

    async def answer(self, item: Item, lm: BoundModel) -> Answer: ...


async def read_drafts(item: Item, drafts: Sequence[Draft]) -> list[Answer]:
    """The answers in drafts; programs run in a thread, so that nothing else waits for them."""
    if item.runs_code:
        return await asyncio.to_thread(lambda: [item.read(draft) for draft in drafts])
    return [item.read(draft) for draft in drafts]


Made = TypeVar("Made", bound=type[Any])


def strategy(name: str) -> Callable[[Made], Made]:
    """Name a strategy's class, so that a recipe can say it."""

    def mark(kind: Made) -> Made:
        kind.strategy_name = name
        return kind

    return mark
