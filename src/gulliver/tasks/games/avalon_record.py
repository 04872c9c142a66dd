"""What has happened at a table of Avalon, and who may be who."""

import functools
import itertools
from dataclasses import dataclass
from typing import Literal

NAMES = ("Ann", "Bob", "Cid", "Dee", "Eve")
SIZES = (2, 3, 2, 3, 3)
"""Players sent on each of the five quests."""
WINS = 3
PROPOSALS = 5
"""So many refused teams in a row lose the game for the good."""

Team = tuple[int, ...]
Opinion = Literal["suspects", "trusts"]
Role = Literal["Merlin", "servant", "evil"]


@dataclass(frozen=True)
class Roles:
    """Who is who: one Merlin, two evil, two servants. Which of the evil is the assassin changes nothing in how they act."""

    merlin: int
    evil: frozenset[int]

    def of(self, seat: int) -> Role:
        return "evil" if seat in self.evil else "Merlin" if seat == self.merlin else "servant"

    def clean(self, team: Team) -> bool:
        """Whether no evil player is on a team."""
        return not self.evil.intersection(team)


@dataclass(frozen=True)
class Proposed:
    """A leader named a team."""

    leader: int
    team: Team


@dataclass(frozen=True)
class Voted:
    """Who approved of a team, seat by seat."""

    team: Team
    approved: tuple[bool, ...]

    @property
    def passed(self) -> bool:
        return sum(self.approved) * 2 > len(self.approved)


@dataclass(frozen=True)
class Quested:
    """A team came back with so many cards for failure; one is enough."""

    team: Team
    fails: int


@dataclass(frozen=True)
class Said:
    """A player spoke of another. `text` is what all hear; what was meant stands beside it."""

    speaker: int
    about: int
    opinion: Opinion
    text: str


Event = Proposed | Voted | Quested | Said


@functools.cache
def every_roles() -> tuple[Roles, ...]:
    """All 30 ways of dealing the roles among five."""
    seats = range(len(NAMES))
    pairs = [frozenset(pair) for pair in itertools.combinations(seats, 2)]
    return tuple(Roles(merlin, evil) for evil in pairs for merlin in seats if merlin not in evil)


@functools.cache
def teams(quest: int, leader: int | None = None) -> tuple[Team, ...]:
    """The teams of a quest (0 to 4) in a fixed order; only those with the leader, where one is named."""
    every = itertools.combinations(range(len(NAMES)), SIZES[quest])
    return tuple(team for team in every if leader is None or leader in team)


def named(team: Team) -> str:
    """A team as a move: `Ann+Bob`."""
    return "+".join(NAMES[seat] for seat in team)


def quest_of(events: tuple[Event, ...]) -> int:
    """Which quest is on (0 to 4, 5 after the last)."""
    return sum(isinstance(event, Quested) for event in events)
