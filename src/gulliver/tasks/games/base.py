"""What a game is, and its episodes as items of a task."""

import hashlib
import importlib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, ClassVar, Protocol

from gulliver.errors import TaskError
from gulliver.inference.types import Draft
from gulliver.tasks.base import Answer, Item, Kind, Task, make_item

NAMES = ("avalon", "bandit", "hanoi", "messenger", "rock_paper_scissors")
State = Any
"""Where an episode stands: a frozen dataclass of the game's own."""


class Game(Protocol):
    """A game for one player. Everything follows from the seed and the moves, so that an episode can be played again.

    Attributes:
        manual: the rules, briefly; details: what is true of them besides and not needed.
        goal: the score from which an episode counts as right.
    """

    name: ClassVar[str]
    manual: ClassVar[str]
    details: ClassVar[str]
    goal: ClassVar[float]

    def start(self, seed: int) -> State: ...

    def moves(self, state: State) -> tuple[str, ...]:
        """What can be said now, in a fixed order; a move may turn out to change nothing."""
        ...

    def step(self, state: State, move: str) -> State: ...

    def over(self, state: State) -> bool: ...

    def see(self, state: State) -> str:
        """Where things stand, with what the last move brought, in a sentence or two."""
        ...

    def score(self, state: State) -> float:
        """In [0, 1]."""
        ...


@dataclass(frozen=True)
class Episode:
    """The judge of an episode: right when the moves reach the game's goal."""

    game: Game
    seed: int
    kind: ClassVar[Kind] = "text"
    answer_only: ClassVar[str] = "Reply with all moves in order, with commas between."
    after_reasoning: ClassVar[str] = "Think, then write all moves in order after 'Answer:', with commas between."

    def read(self, draft: Draft, item: Item) -> Answer:
        """Moves written at once, without seeing what they bring."""
        said = [part.strip() for part in draft.text.rpartition("Answer:")[2].split(",")]
        allowed = set(self.game.moves(self.game.start(self.seed)))
        moves = [move for move in said if move in allowed]
        return Answer(value=", ".join(moves)) if moves else Answer(status="unreadable", detail="no move in it")

    def right(self, value: Any, item: Item) -> bool:
        return self.game.score(replay(self.game, self.seed, moves_of(str(value)))) >= self.game.goal


def moves_of(value: str) -> list[str]:
    """The moves in an answer's value."""
    return [move.strip() for move in value.split(",") if move.strip()]


def replay(game: Game, seed: int, moves: Sequence[str]) -> State:
    """Where these moves lead; moves after the end are left out."""
    state = game.start(seed)
    for move in moves:
        if game.over(state):
            break
        state = game.step(state, move)
    return state


def game_names() -> tuple[str, ...]:
    """All games."""
    return NAMES


def find_game(name: str) -> Game:
    """A game by its name.

    Raises:
        TaskError: there is none of that name.
    """
    if name not in NAMES:
        raise TaskError(f"There is no game {name!r}; there are {', '.join(NAMES)}.")
    made: Game = importlib.import_module(f"gulliver.tasks.games.{name}").GAME
    return made


def make(*, game: str = "hanoi", items: int | None = None, seed: int = 0) -> Task:
    """Episodes of one game, 20 unless stated; train and dev have episodes of their own.

    Raises:
        TaskError: there is no game of that name.
    """
    played = find_game(game)
    count = 20 if items is None else items
    splits = [
        [_item(played, 1_000_000 * part + 10_000 * seed + n) for n in range(size)]
        for part, size in ((0, count), (1, 20), (2, 20))
    ]
    return Task(
        f"games(game={game})", splits[0], splits[1], splits[2],
        source=f"episodes of {game}, generated with seed {seed}",
        digest=hashlib.sha256(f"{game} {seed} {count} {played.manual}".encode()).hexdigest(),
        generated=True,
    )  # fmt: skip


def _item(game: Game, seed: int) -> Item:
    start = game.start(seed)
    question = f"{game.manual}\n{game.see(start)}\nMoves: {', '.join(game.moves(start))}."
    return make_item(
        f"{game.name}-{seed}",
        question,
        None,
        Episode(game, seed),
        fields={"game": game.name, "seed": seed},
        max_tokens=200,
    )
