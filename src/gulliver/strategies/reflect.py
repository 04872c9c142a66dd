"""Look back before each move of a game."""

from dataclasses import dataclass
from typing import ClassVar

from gulliver.inference import BoundModel
from gulliver.strategies.agents import Playing, game_of, note, play
from gulliver.strategies.base import strategy
from gulliver.tasks.base import Answer, Item

_ASK = "In one sentence: what did your last moves bring, and what should be done differently?"


@strategy("reflect")
@dataclass(frozen=True)
class Reflect(Playing):
    """Before each move the model writes what its last moves brought, in at most `note` tokens, and reads it (as
    Reflexion, Shinn et al. 2023, arXiv:2303.11366, within one episode)."""

    note: int = 40
    draws: ClassVar[int] = 20
    tokens: ClassVar[int] = 24
    role: ClassVar[str] = "whole"

    def __post_init__(self) -> None:
        if self.note < 1:
            raise ValueError("note must be at least 1")

    async def answer(self, item: Item, lm: BoundModel) -> Answer:
        game, seed = game_of(item)
        return (await play(game, seed, lm, lambda seen, lm: note(seen, _ASK, "Reflection", self.note, lm))).answer()
