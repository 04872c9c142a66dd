"""Rules by which a servant moves in Avalon without a language model: by exact beliefs, by failed quests, or by lot."""

import random
from collections.abc import Callable

from gulliver.tasks.games.avalon import GAME, Table
from gulliver.tasks.games.avalon_beliefs import Hear, as_meant, beliefs, clean
from gulliver.tasks.games.avalon_record import PROPOSALS, Quested, Team, named, teams

Move = Callable[[Table], str]
MARGIN = 0.75
"""A team is approved of when it is at least so likely to be clean, as a share of the likeliest one."""


def by_beliefs(table: Table, hear: Hear = as_meant, sure: float = 1.0) -> str:
    """The likeliest clean team as the leader; a vote for what comes near it, and for the last team before the game is lost."""
    seat = table.seat
    held = beliefs(table.events, lambda roles: roles.of(seat) == "servant", hear, sure)
    if table.team is None:
        best = max(teams(table.quest, seat), key=lambda team: clean(held, team))
        return named(best)
    if table.refused == PROPOSALS - 1:
        return "approve"
    most = max(clean(held, team) for team in teams(table.quest))
    return "approve" if clean(held, table.team) >= MARGIN * most else "reject"


def by_failures(table: Table) -> str:
    """What a plain player does: avoid those who were on a quest that failed, else those of whom least is known."""
    seat = table.seat

    def blame(team: Team) -> float:
        quests = [event for event in table.events if isinstance(event, Quested)]
        return sum((1.0 if q.fails else -0.5) for q in quests for s in team if s in q.team and s != seat)

    if table.team is None:
        return named(min(teams(table.quest, seat), key=blame))
    if table.refused == PROPOSALS - 1:
        return "approve"
    return "approve" if blame(table.team) <= 0 else "reject"


def by_lot(table: Table) -> str:
    """Any move, drawn by the game's seed: also what others assume of a servant."""
    return random.Random(f"lot {table.seed} {len(table.events)} {len(table.votes)}").choice(GAME.moves(table))


def played(seed: int, move: Move) -> Table:
    """A whole game by a rule."""
    table = GAME.start(seed)
    while not GAME.over(table):
        table = GAME.step(table, move(table))
    return table
