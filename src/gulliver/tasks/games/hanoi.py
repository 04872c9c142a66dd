"""The tower of Hanoi with three discs, from a position drawn by the seed."""

import random
from dataclasses import dataclass
from typing import ClassVar

DISCS = 3
MOST = 12
PEGS = ("A", "B", "C")
_MOVES = tuple(f"{a} to {b}" for a in PEGS for b in PEGS if a != b)


@dataclass(frozen=True)
class Tower:
    """Discs on each peg from the bottom up (larger numbers are larger discs), moves made, and whether the last was
    allowed."""

    pegs: tuple[tuple[int, ...], ...]
    made: int = 0
    allowed: bool = True


class Hanoi:
    """All discs to peg C; the score is the share of discs that lie there as they belong."""

    name: ClassVar[str] = "hanoi"
    manual: ClassVar[str] = (
        f"Tower of Hanoi, discs 1 (small) to {DISCS} (large) on pegs A, B, C. A move takes the top disc of a peg to another peg; a disc may "
        f"not lie on a smaller one. Bring all discs to peg C in at most {MOST} moves."
    )
    details: ClassVar[str] = (
        "Only one disc is moved at a time. A move from an empty peg, or onto a smaller disc, changes nothing and still counts. Pegs "
        "stand in a row and any two may be used. The puzzle was sold by Édouard Lucas in 1883. A tower of n discs needs two to the power of n "
        "moves less one at most. The discs are made of wood. It does not matter how fast you move, and discs cannot be turned over."
    )
    goal: ClassVar[float] = 1.0

    def start(self, seed: int) -> Tower:
        rng = random.Random(f"hanoi {seed}")
        pegs: list[list[int]] = [[], [], []]
        for disc in range(DISCS, 0, -1):
            # The largest does not begin where it belongs, so that something is to be done.
            pegs[rng.choice((0, 1) if disc == DISCS else (0, 1, 2))].append(disc)
        return Tower(tuple(map(tuple, pegs)))

    def moves(self, state: Tower) -> tuple[str, ...]:
        return _MOVES

    def step(self, state: Tower, move: str) -> Tower:
        a, b = PEGS.index(move[0]), PEGS.index(move[-1])
        pegs = [list(peg) for peg in state.pegs]
        if not pegs[a] or (pegs[b] and pegs[b][-1] < pegs[a][-1]):
            return Tower(state.pegs, state.made + 1, False)
        pegs[b].append(pegs[a].pop())
        return Tower(tuple(map(tuple, pegs)), state.made + 1)

    def over(self, state: Tower) -> bool:
        return state.made >= MOST or self.score(state) == 1.0

    def see(self, state: Tower) -> str:
        told = "; ".join(
            f"{name}: {', '.join(map(str, peg)) or 'empty'}" for name, peg in zip(PEGS, state.pegs, strict=True)
        )
        refused = "" if state.allowed else " The last move was not allowed."
        return f"Pegs from bottom to top: {told}. Moves made: {state.made}.{refused}"

    def score(self, state: Tower) -> float:
        there = state.pegs[2]
        placed = 0
        while placed < len(there) and there[placed] == DISCS - placed:
            placed += 1
        return placed / DISCS


GAME = Hanoi()
