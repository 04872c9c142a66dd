"""Improve rules of thumb between episodes of a game, then play by them."""

import hashlib
from dataclasses import dataclass
from typing import ClassVar

from gulliver.inference import BoundModel
from gulliver.strategies.agents import Played, Playing, game_of, play
from gulliver.strategies.base import strategy
from gulliver.tasks.base import Answer, Item
from gulliver.tasks.games.base import Game


@strategy("mutate")
@dataclass(frozen=True)
class Mutate(Playing):
    """Plays `episodes` other episodes first; between them the model rewrites its rules of thumb, and the new ones
    stay when they score better than the old ones did: a (1+1) evolution strategy (Wong et al. 2025,
    arXiv:2505.10543). Then it plays the item by the rules that stayed.

    Practice episodes are seeded by the item, and differ from every item's.
    """

    episodes: int = 2
    note: int = 60
    tokens: ClassVar[int] = 8
    role: ClassVar[str] = "whole"

    def __post_init__(self) -> None:
        if self.episodes < 2 or self.note < 1:
            raise ValueError("episodes must be at least 2, so that rules can be compared, and note at least 1")

    @property
    def draws(self) -> int:
        """Moves of all episodes, and the rewriting."""
        return 10 * (self.episodes + 1) + self.episodes

    async def answer(self, item: Item, lm: BoundModel) -> Answer:
        game, seed = game_of(item)
        rules, best = "", -1.0
        tried = rules
        for number in range(self.episodes):
            done = await play(game, _practice(seed, number), lm, told=tried)
            if done.failed:
                return done.answer()
            if done.score > best:
                rules, best = tried, done.score
            if number + 1 < self.episodes:  # rules that are never tried have no score
                tried = await self._rewritten(game, rules, done, lm)
        return (await play(game, seed, lm, told=rules)).answer()

    async def _rewritten(self, game: Game, rules: str, done: Played, lm: BoundModel) -> str:
        ask = (
            f"{game.manual}\n{rules or 'You had no rules of thumb.'}\nAn episode by them: {', '.join(done.moves)}. It scored {done.score:.2f} of 1.\n"
            "Write at most three short rules of thumb with which to play better."
        )
        text = " ".join((await lm.generate(ask, max_tokens=self.note)).text.split())
        return f"Rules of thumb: {text}" if text else rules


def _practice(seed: int, number: int) -> int:
    digest = hashlib.sha256(f"practice {seed} {number}".encode()).digest()
    return -1 - int.from_bytes(digest[:6], "big")
