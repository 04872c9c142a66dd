"""Avalon for five: Merlin and two servants against two evil players who know each other.

Whoever plays moves both servants, in turn and each with what that seat knows; Merlin and the evil follow the chances
of `avalon_players`. Without Percival and Morgana. When three quests succeed, the evil name the player whom they hold to be Merlin, by exact
beliefs; if they are right, they win.
"""

import random
from dataclasses import dataclass, replace
from typing import ClassVar, Literal

from gulliver.tasks.games.avalon_beliefs import beliefs, merlin
from gulliver.tasks.games.avalon_players import FAILS, approves, proposes, speaks
from gulliver.tasks.games.avalon_record import (
    NAMES,
    PROPOSALS,
    SIZES,
    WINS,
    Event,
    Proposed,
    Quested,
    Roles,
    Said,
    Team,
    Voted,
    named,
    quest_of,
    teams,
)
from gulliver.tasks.games.avalon_words import sentence, told

Side = Literal["", "good", "evil"]


@dataclass(frozen=True)
class Table:
    """Where a game stands: roles, all that has happened, who leads, votes of servants on the open team, and who won."""

    seed: int
    roles: Roles
    events: tuple[Event, ...] = ()
    leader: int = 0
    votes: tuple[bool, ...] = ()
    refused: int = 0
    winner: Side = ""

    @property
    def servants(self) -> tuple[int, ...]:
        return tuple(s for s in range(len(NAMES)) if self.roles.of(s) == "servant")

    @property
    def quest(self) -> int:
        return quest_of(self.events)

    @property
    def team(self) -> Team | None:
        """The team that is voted on; None while one is to be named."""
        last = self.events[-1] if self.events else None
        return last.team if isinstance(last, Proposed) else None

    @property
    def seat(self) -> int:
        """The servant whose move it is."""
        return self.leader if self.team is None else self.servants[len(self.votes)]


class Avalon:
    """The score is 1 when the good win."""

    name: ClassVar[str] = "avalon"
    manual: ClassVar[str] = (
        "Avalon: of five players two are evil and know each other, one is Merlin, who knows them, two are servants. Leaders name teams, "
        f"all vote, teams go on quests of {', '.join(map(str, SIZES))} players. An evil player on a team can make it fail. Three successes "
        f"win for the good; three failures, or {PROPOSALS} refused teams in a row, for the evil."
    )
    details: ClassVar[str] = (
        "Each time a quest is over everybody says something about somebody, and the evil lie. After three successes the evil name the one whom they take for "
        "Merlin, and win if they are right; so Merlin hides. The lead goes round the table after each vote. A vote needs a majority. "
        "Votes are open once all have voted. The table is of oak, and there is no talk of the weather."
    )
    goal: ClassVar[float] = 1.0

    def start(self, seed: int) -> Table:
        order = random.Random(f"avalon {seed}").sample(range(len(NAMES)), len(NAMES))
        return _onwards(Table(seed, Roles(order[0], frozenset(order[1:3])), leader=order[4]))

    def moves(self, state: Table) -> tuple[str, ...]:
        if state.team is not None:
            return ("approve", "reject")
        return tuple(named(team) for team in teams(state.quest, state.leader))

    def step(self, state: Table, move: str) -> Table:
        """
        Raises:
            ValueError: the move is none of `moves(state)`.
        """
        options = self.moves(state)
        if move not in options:
            raise ValueError(f"{move!r} cannot be said now; {', '.join(options)} can.")
        if state.team is None:
            team = teams(state.quest, state.leader)[options.index(move)]
            return _onwards(replace(state, events=(*state.events, Proposed(state.leader, team))))
        return _onwards(replace(state, votes=(*state.votes, move == "approve")))

    def over(self, state: Table) -> bool:
        return bool(state.winner)

    def see(self, state: Table) -> str:
        lines = [told(event) for event in state.events if not isinstance(event, Proposed)]
        if state.winner:
            return " ".join([*lines, f"The {state.winner} have won."])
        you = f"You are {NAMES[state.seat]}, a servant."
        if state.team is None:
            return " ".join([*lines, you, f"Name {SIZES[state.quest]} players for quest {state.quest + 1}."])
        asks = f"{NAMES[state.leader]} wants to send {named(state.team)}; {state.refused} teams were refused before it."
        return " ".join([*lines, you, asks])

    def score(self, state: Table) -> float:
        return float(state.winner == "good")


def _onwards(table: Table) -> Table:
    """All that follows without a servant's move."""
    while not table.winner:
        if table.team is None:
            if table.leader in table.servants:
                return table
            chances = proposes(table.roles, table.leader, table.quest)
            team = _rng(table, "team").choices(list(chances), list(chances.values()))[0]
            table = replace(table, events=(*table.events, Proposed(table.leader, team)))
        if len(table.votes) < len(table.servants):
            return table
        table = _voted(table)
    return table


def _voted(table: Table) -> Table:
    team = table.team
    assert team is not None
    own = dict(zip(table.servants, table.votes, strict=True))
    rng = _rng(table, "votes")
    lots = [rng.random() for _ in NAMES]
    approved = tuple(own.get(s, lots[s] < approves(table.roles, s, team)) for s in range(len(NAMES)))
    vote = Voted(team, approved)
    table = replace(table, events=(*table.events, vote), votes=(), leader=(table.leader + 1) % len(NAMES))
    if vote.passed:
        return _quested(replace(table, refused=0), team)
    refused = table.refused + 1
    return replace(table, refused=refused, winner="evil" if refused == PROPOSALS else "")


def _quested(table: Table, team: Team) -> Table:
    rng = _rng(table, "quest")
    fails = sum(rng.random() < FAILS for seat in team if seat in table.roles.evil)
    table = replace(table, events=(*table.events, Quested(team, fails)))
    results = [event.fails == 0 for event in table.events if isinstance(event, Quested)]
    if results.count(False) == WINS:
        return replace(table, winner="evil")
    if results.count(True) == WINS:
        return replace(table, winner="evil" if _named_merlin(table) == table.roles.merlin else "good")
    return replace(table, events=(*table.events, *_talk(table)))


def _talk(table: Table) -> list[Said]:
    made = []
    for speaker in range(len(NAMES)):
        rng = _rng(table, f"talk {speaker}")
        chances = speaks(table.roles, speaker)
        about, opinion = rng.choices(list(chances), list(chances.values()))[0]
        made.append(Said(speaker, about, opinion, sentence(opinion, about, rng)))
    return made


def _named_merlin(table: Table) -> int:
    held = beliefs(table.events, lambda roles: roles.evil == table.roles.evil)
    chances = merlin(held)
    return chances.index(max(chances))


def _rng(table: Table, what: str) -> random.Random:
    return random.Random(f"avalon {table.seed} {len(table.events)} {what}")


GAME = Avalon()
