"""Fetch a message on a grid and bring it to its goal, past an enemy."""

import random
from dataclasses import dataclass, replace
from typing import ClassVar

SIDE = 5
MOST = 12
STEPS = {"north": (0, 1), "south": (0, -1), "east": (1, 0), "west": (-1, 0)}
Place = tuple[int, int]


@dataclass(frozen=True)
class Board:
    """Where everything is (column, row), whether the message is carried or delivered, and whether the enemy won."""

    me: Place
    message: Place
    goal: Place
    enemy: Place
    made: int = 0
    carried: bool = False
    delivered: bool = False
    caught: bool = False


class Messenger:
    """A score of one half for the message, one for its delivery. The enemy comes nearer in every third move."""

    name: ClassVar[str] = "messenger"
    manual: ClassVar[str] = (
        f"You walk on a {SIDE} by {SIDE} grid: north, south, east or west. First step onto the message, then bring it to the goal, in at most "
        f"{MOST} moves. Keep away from the enemy."
    )
    details: ClassVar[str] = (
        "North raises the row, east raises the column; walls surround the grid, and walking into one changes nothing. The enemy takes "
        "a step towards you after every third move of yours, along the longer way first. Stepping onto the goal without the message does nothing. The "
        "message has no weight and cannot be dropped. The letters in it are unknown. It is always day on the grid, and the floor "
        "is of grey stone."
    )
    goal: ClassVar[float] = 1.0

    def start(self, seed: int) -> Board:
        rng = random.Random(f"messenger {seed}")
        cells = [(x, y) for x in range(SIDE) for y in range(SIDE)]
        while True:
            me, message, goal, enemy = rng.sample(cells, 4)
            if _apart(me, enemy) >= 4:
                return Board(me, message, goal, enemy)

    def moves(self, state: Board) -> tuple[str, ...]:
        return tuple(STEPS)

    def step(self, state: Board, move: str) -> Board:
        dx, dy = STEPS[move]
        me = (min(SIDE - 1, max(0, state.me[0] + dx)), min(SIDE - 1, max(0, state.me[1] + dy)))
        made = state.made + 1
        carried = state.carried or me == state.message
        enemy = _towards(state.enemy, me) if made % 3 == 0 and me != state.enemy else state.enemy
        delivered = carried and me == state.goal
        return replace(
            state,
            me=me,
            made=made,
            carried=carried,
            enemy=enemy,
            delivered=delivered,
            caught=enemy == me and not delivered,
        )

    def over(self, state: Board) -> bool:
        return state.made >= MOST or state.delivered or state.caught

    def see(self, state: Board) -> str:
        parts = [f"the enemy is {_way(state.me, state.enemy)}"]
        if state.carried:
            parts.append("you carry the message")
        else:
            parts.append(f"the message is {_way(state.me, state.message)}")
        parts.append(f"the goal is {_way(state.me, state.goal)}")
        return f"From where you stand {', '.join(parts)}. Moves made: {state.made}."

    def score(self, state: Board) -> float:
        return 1.0 if state.delivered else 0.5 if state.carried else 0.0


def _apart(a: Place, b: Place) -> int:
    return abs(a[0] - b[0]) + abs(a[1] - b[1])


def _towards(a: Place, b: Place) -> Place:
    """One step from `a` to `b`, along the longer way."""
    dx, dy = b[0] - a[0], b[1] - a[1]
    if abs(dx) >= abs(dy):
        return (a[0] + (dx > 0) - (dx < 0), a[1])
    return (a[0], a[1] + (dy > 0) - (dy < 0))


def _way(a: Place, b: Place) -> str:
    dx, dy = b[0] - a[0], b[1] - a[1]
    parts = [f"{abs(dx)} {'east' if dx > 0 else 'west'}"] if dx else []
    parts += [f"{abs(dy)} {'north' if dy > 0 else 'south'}"] if dy else []
    return " and ".join(parts) or "here"


GAME = Messenger()
