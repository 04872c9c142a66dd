"""Look ahead before each move of a game."""

from dataclasses import dataclass
from typing import ClassVar

from gulliver.inference import BoundModel
from gulliver.strategies.agents import Playing, game_of, note, play
from gulliver.strategies.base import strategy
from gulliver.tasks.base import Answer, Item

_ASK = "Think {n} moves ahead: which {n} moves in a row bring most? Name them in order and what each brings, in one sentence."


@strategy("plan")
@dataclass(frozen=True)
class Plan(Playing):
    """Before each move the model writes its next `ahead` moves and what they bring, in at most `note` tokens, and
    reads it (Wong et al. 2025, arXiv:2505.10543)."""

    ahead: int = 3
    note: int = 40
    draws: ClassVar[int] = 20
    tokens: ClassVar[int] = 24
    role: ClassVar[str] = "whole"

    def __post_init__(self) -> None:
        if self.ahead < 1 or self.note < 1:
            raise ValueError("ahead and note must be at least 1")

    async def answer(self, item: Item, lm: BoundModel) -> Answer:
        game, seed = game_of(item)
        ask = _ASK.format(n=self.ahead)
        return (await play(game, seed, lm, lambda seen, lm: note(seen, ask, "Plan", self.note, lm))).answer()
