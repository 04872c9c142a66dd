"""Play an episode of a game, move by move: what the strategies act, reflect, plan and mutate share.

A model sees the rules, its last moves and where things stand, and names a move. What else it is asked before a move,
and what it is told besides, makes the difference between them (Wong et al. 2025, arXiv:2505.10543).
"""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from gulliver.errors import TaskError
from gulliver.inference import BoundModel
from gulliver.tasks.base import Answer, Item
from gulliver.tasks.choices import choice
from gulliver.tasks.games.base import Game, State, find_game

REMEMBERED = 6
"""Moves of its own that a model is told."""
MOVE_TOKENS = 12

Advice = Callable[[str, BoundModel], Awaitable[str]]
"""From what the model sees before a move to a note it then reads too."""


@dataclass(frozen=True)
class Played:
    """An episode: the moves, the score, replies that named no move, and what failed, if something did."""

    moves: tuple[str, ...]
    score: float
    unsaid: int
    failed: str = ""

    def answer(self) -> Answer:
        """As a strategy gives it."""
        if self.failed:
            return Answer(status="failed", detail=self.failed)
        told = f"score {self.score:.2f}; {self.unsaid} of {len(self.moves)} replies named no move"
        return Answer(", ".join(self.moves), text="\n".join(self.moves), detail=told)


def game_of(item: Item) -> tuple[Game, int]:
    """The game of an item and its seed.

    Raises:
        TaskError: the item is no episode of a game.
    """
    name, seed = item.fields.get("game"), item.fields.get("seed")
    if not isinstance(name, str) or not isinstance(seed, int):
        raise TaskError(f"{item.id} is no game to act in; use the task games(game=hanoi) or another game.")
    return find_game(name), seed


class Playing:
    """What strategies that play share."""

    def check(self, item: Item) -> None:
        """
        Raises:
            TaskError: the item is no game.
        """
        game_of(item)


async def play(game: Game, seed: int, lm: BoundModel, advise: Advice | None = None, told: str = "") -> Played:
    """One episode, greedy. A reply that names no move counts as the first move there is.

    Args:
        told: what the model reads after the rules in every move.
    """
    state, unsaid = game.start(seed), 0
    moves: list[str] = []
    while not game.over(state):
        seen = view(game, state, moves, told)
        note = await advise(seen, lm) if advise else ""
        ask = f"{seen}\n{note}\nReply with one move." if note else f"{seen}\nReply with one move."
        # Begun, so that a very small model names a move and does not tell the rules again; a server cannot go on so.
        begun = "" if lm.model.engine == "endpoint" else "Move:"
        draft = await lm.generate(ask, max_tokens=MOVE_TOKENS, begun=begun)
        if draft.finish == "failed":
            return Played(tuple(moves), game.score(state), unsaid, draft.error)
        allowed = game.moves(state)
        said = choice(draft.text, allowed)
        unsaid += said is None
        moves.append(said or allowed[0])
        state = game.step(state, moves[-1])
    return Played(tuple(moves), game.score(state), unsaid)


def view(game: Game, state: State, moves: list[str], told: str = "") -> str:
    """What the model reads before a move."""
    last = f"Your last moves: {', '.join(moves[-REMEMBERED:])}." if moves else ""
    return "\n".join(
        part for part in (game.manual, told, last, game.see(state), f"Moves: {', '.join(game.moves(state))}.") if part
    )


async def note(seen: str, ask: str, label: str, tokens: int, lm: BoundModel) -> str:
    """A sentence or two of the model's own before a move; "" when nothing came."""
    draft = await lm.generate(f"{seen}\n{ask}", max_tokens=tokens)
    text = " ".join(draft.text.split())
    return f"{label}: {text}" if text else ""
