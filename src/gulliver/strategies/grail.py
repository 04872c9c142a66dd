"""Play Avalon by exact beliefs; the model only reads what is said."""

import asyncio
from dataclasses import dataclass
from typing import ClassVar

from gulliver.errors import TaskError
from gulliver.inference import BoundModel
from gulliver.strategies.agents import game_of
from gulliver.strategies.base import strategy
from gulliver.tasks.base import Answer, Item
from gulliver.tasks.choices import choice
from gulliver.tasks.games.avalon import GAME, Table
from gulliver.tasks.games.avalon_record import NAMES, Opinion, Said
from gulliver.tasks.games.avalon_rules import by_beliefs

_ASK = 'At a table somebody says: "{text}" Does the speaker trust {about}, or suspect {about}? Reply with one word: {words}.'
_WORDS: dict[str, Opinion] = {"trust": "trusts", "suspect": "suspects"}
_FORMS = {"trusts": "trust", "suspects": "suspect"}
READ_TOKENS = 4


@strategy("grail")
@dataclass(frozen=True)
class Grail:
    """Avalon by beliefs over all role assignments, computed exactly from votes, teams, quests and messages (Rahimirad et al.
    2025, arXiv:2506.17788); the model says of each message whether it is trust or suspicion, and is believed to be
    right with probability `sure`.
    """

    sure: float = 0.85
    draws: ClassVar[int] = 20
    tokens: ClassVar[int] = 2
    role: ClassVar[str] = "whole"

    def __post_init__(self) -> None:
        if not 0.5 <= self.sure <= 1:
            raise ValueError("sure must be in [0.5, 1]")

    def check(self, item: Item) -> None:
        """
        Raises:
            TaskError: the item is no game of Avalon.
        """
        if game_of(item)[0] is not GAME:
            raise TaskError(f"{item.id} is no game of Avalon; use the task games(game=avalon), or act for other games.")

    async def answer(self, item: Item, lm: BoundModel) -> Answer:
        """One game. Messages are read as they come, each wording once; the detail says how many were understood."""
        _, seed = game_of(item)
        table, moves = GAME.start(seed), []
        read: dict[Said, Opinion | None] = {}
        while not GAME.over(table):
            new = [said for said in messages(table) if said not in read]
            opinions = await asyncio.gather(*(opinion(said, lm) for said in new))
            failed = next((found for found in opinions if isinstance(found, Failure)), None)
            if failed is not None:
                return Answer(status="failed", detail=failed.why)
            read |= {said: None if isinstance(o, Failure) else o for said, o in zip(new, opinions, strict=True)}
            moves.append(by_beliefs(table, read.get, self.sure))
            table = GAME.step(table, moves[-1])
        right = sum(understood == said.opinion for said, understood in read.items())
        told = f"score {GAME.score(table):.2f}; {right} of {len(read)} messages understood"
        return Answer(", ".join(moves), text="\n".join(moves), detail=told)


@dataclass(frozen=True)
class Failure:
    """A message could not be put to the model."""

    why: str


def messages(table: Table) -> list[Said]:
    """What has been said, in order."""
    return [event for event in table.events if isinstance(event, Said)]


async def opinion(said: Said, lm: BoundModel) -> Opinion | Failure | None:
    """What the model takes a message to say; None where its reply names neither or both."""
    # The words' order goes with the wording, so that a model that always takes the first is right half of the time.
    words = sorted(_WORDS, reverse=len(said.text) % 2 == 0)
    ask = _ASK.format(text=said.text, about=NAMES[said.about], words=" or ".join(words))
    draft = await lm.generate(ask, max_tokens=READ_TOKENS)
    if draft.finish == "failed":
        return Failure(draft.error)
    found = choice(draft.text, tuple(_FORMS)) or choice(draft.text, tuple(_WORDS))
    return None if found is None else _WORDS[_FORMS.get(found, found)]
