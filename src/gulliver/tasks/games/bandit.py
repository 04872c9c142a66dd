"""Two slot machines, one of which pays more often."""

import random
from dataclasses import dataclass
from typing import ClassVar

ROUNDS = 10
PAYS = (0.8, 0.2)


@dataclass(frozen=True)
class Pulls:
    """What was pulled and paid so far."""

    seed: int
    pulled: tuple[str, ...] = ()
    paid: tuple[int, ...] = ()


class Bandit:
    """`machine 1` or `machine 2`, ten times; the score is the share of pulls of the better one."""

    name: ClassVar[str] = "bandit"
    manual: ClassVar[str] = (
        f"Two slot machines pay 1 coin or nothing. One pays more often. Win as much as you can in {ROUNDS} pulls."
    )
    details: ClassVar[str] = (
        "Each machine has a chance of its own to pay, which stays the same in all pulls. What one machine paid says nothing about the "
        "other. The machines look alike, stand side by side and make the same noise. Pulling costs nothing. Coins that were won "
        "cannot be lost again. The order of the machines was drawn by lot before the game. Nobody else plays. The lights on a "
        "machine blink at random, and their colour has no meaning."
    )
    goal: ClassVar[float] = 0.7

    def start(self, seed: int) -> Pulls:
        return Pulls(seed)

    def moves(self, state: Pulls) -> tuple[str, ...]:
        return ("machine 1", "machine 2")

    def step(self, state: Pulls, move: str) -> Pulls:
        chance = PAYS[0] if move == self._better(state) else PAYS[1]
        paid = int(random.Random(f"{state.seed} {len(state.pulled)} {move}").random() < chance)
        return Pulls(state.seed, (*state.pulled, move), (*state.paid, paid))

    def over(self, state: Pulls) -> bool:
        return len(state.pulled) >= ROUNDS

    def see(self, state: Pulls) -> str:
        if not state.pulled:
            return "Nothing was pulled yet."
        told = [f"{m}: {sum(p for q, p in zip(state.pulled, state.paid, strict=True) if q == m)} coins in {state.pulled.count(m)} pulls" for m in self.moves(state)]  # fmt: skip
        return f"So far {' and '.join(told)}. The last pull, {state.pulled[-1]}, paid {state.paid[-1]}."

    def score(self, state: Pulls) -> float:
        return state.pulled.count(self._better(state)) / ROUNDS

    def _better(self, state: Pulls) -> str:
        return random.Random(f"better {state.seed}").choice(("machine 1", "machine 2"))


GAME = Bandit()
