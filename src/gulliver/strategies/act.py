"""Play a game move by move, and nothing else."""

from dataclasses import dataclass
from typing import ClassVar

from gulliver.inference import BoundModel
from gulliver.strategies.agents import Playing, game_of, play
from gulliver.strategies.base import strategy
from gulliver.tasks.base import Answer, Item


@strategy("act")
@dataclass(frozen=True)
class Act(Playing):
    """Names a move, sees what it brings, names the next. With `details`, everything that is true of the game is told,
    needed or not."""

    details: bool = False
    draws: ClassVar[int] = 10
    tokens: ClassVar[int] = 6
    role: ClassVar[str] = "whole"

    async def answer(self, item: Item, lm: BoundModel) -> Answer:
        game, seed = game_of(item)
        return (await play(game, seed, lm, told=game.details if self.details else "")).answer()
