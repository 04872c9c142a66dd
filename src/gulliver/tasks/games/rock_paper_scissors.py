"""Rock, paper, scissors against one who likes one hand best."""

import random
from dataclasses import dataclass
from typing import ClassVar

ROUNDS = 10
HANDS = ("rock", "paper", "scissors")
LIKES = 0.7


@dataclass(frozen=True)
class Hands:
    """What both showed so far."""

    seed: int
    mine: tuple[str, ...] = ()
    theirs: tuple[str, ...] = ()


class RockPaperScissors:
    """Ten rounds; the score is the share won."""

    name: ClassVar[str] = "rock_paper_scissors"
    manual: ClassVar[str] = (
        f"Rock, paper, scissors, {ROUNDS} rounds: rock beats scissors, scissors beat paper, paper beats rock. Your opponent shows one hand "
        "more often than the others."
    )
    details: ClassVar[str] = (
        "Both show their hand at the same moment. Equal hands are a draw and win nothing. The opponent does not look at what you showed "
        "before and does not learn. The hand that the opponent likes best was drawn by lot before the game and stays the same. "
        "There is no fourth hand. Rounds are counted whether they are won or not. The players sit at a table, and the weather "
        "has no influence."
    )
    goal: ClassVar[float] = 0.5

    def start(self, seed: int) -> Hands:
        return Hands(seed)

    def moves(self, state: Hands) -> tuple[str, ...]:
        return HANDS

    def step(self, state: Hands, move: str) -> Hands:
        draw = random.Random(f"{state.seed} {len(state.mine)}")
        likes = random.Random(f"likes {state.seed}").choice(HANDS)
        theirs = likes if draw.random() < LIKES else draw.choice([hand for hand in HANDS if hand != likes])
        return Hands(state.seed, (*state.mine, move), (*state.theirs, theirs))

    def over(self, state: Hands) -> bool:
        return len(state.mine) >= ROUNDS

    def see(self, state: Hands) -> str:
        if not state.mine:
            return "No round was played yet."
        shown = ", ".join(f"{hand} {state.theirs.count(hand)} times" for hand in HANDS)
        outcome = (
            "won"
            if wins(state.mine[-1], state.theirs[-1])
            else "drew"
            if state.mine[-1] == state.theirs[-1]
            else "lost"
        )
        return f"So far the opponent showed {shown}. Last round: you {state.mine[-1]}, the opponent {state.theirs[-1]}; you {outcome}."

    def score(self, state: Hands) -> float:
        return sum(wins(a, b) for a, b in zip(state.mine, state.theirs, strict=True)) / ROUNDS


def wins(mine: str, theirs: str) -> bool:
    """Whether the first hand beats the second."""
    return (HANDS.index(mine) - HANDS.index(theirs)) % 3 == 1


GAME = RockPaperScissors()
