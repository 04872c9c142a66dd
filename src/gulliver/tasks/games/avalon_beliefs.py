"""Exact beliefs about who is who in Avalon, by enumeration of all role assignments.

A factor graph over roles (as GRAIL's, Rahimirad et al. 2025) with five players has 30 states, so nothing needs to be
approximated: each event multiplies every state by its chance.
"""

import functools
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from math import comb

import numpy as np
import numpy.typing as npt

from gulliver.tasks.games.avalon_players import FAILS, approves, proposes, speaks
from gulliver.tasks.games.avalon_record import (
    NAMES,
    Event,
    Opinion,
    Proposed,
    Quested,
    Roles,
    Said,
    Team,
    Voted,
    every_roles,
)

_EVERY = every_roles()
Beliefs = Mapping[Roles, float]
"""The probability of each role assignment that is possible; sums to 1."""
Hear = Callable[[Said], Opinion | None]
"""What a listener takes a message to say; None for nothing."""


def as_meant(said: Said) -> Opinion | None:
    """Hears what was meant."""
    return said.opinion


def deaf(said: Said) -> Opinion | None:
    """Hears nothing."""
    return None


def beliefs(
    events: Sequence[Event], known: Callable[[Roles], bool], hear: Hear = as_meant, sure: float = 1.0
) -> Beliefs:
    """The posterior over role assignments of one who knows `known` to be true of them.

    Args:
        hear: what is understood of messages; one that is not understood counts for nothing.
        sure: the chance that a message was understood rightly; else the opposite was meant.

    Raises:
        ValueError: nothing that is known is possible.
    """
    weights = np.array([float(known(roles)) for roles in _EVERY])
    quest = 0
    for event in events:
        if isinstance(event, Said):
            heard = hear(event)
            weights = weights if heard is None else weights * _chances(replace(event, opinion=heard, text=""), 0, sure)
        else:
            weights = weights * _chances(event, quest, 1.0)
        quest += isinstance(event, Quested)
    total = float(weights.sum())
    if total <= 0.0:
        raise ValueError("what is known of the roles does not fit what has happened")
    return {roles: float(weight) / total for roles, weight in zip(_EVERY, weights, strict=True) if weight > 0}


def evil(held: Beliefs) -> tuple[float, ...]:
    """Each seat's probability of being evil."""
    return tuple(_sum(held, (roles for roles in held if seat in roles.evil)) for seat in range(len(NAMES)))


def clean(held: Beliefs, team: Team) -> float:
    """The probability that a team has no evil on it."""
    return _sum(held, (roles for roles in held if roles.clean(team)))


def merlin(held: Beliefs) -> tuple[float, ...]:
    """Each seat's probability of being Merlin."""
    return tuple(_sum(held, (roles for roles in held if roles.merlin == seat)) for seat in range(len(NAMES)))


@functools.lru_cache(maxsize=10_000)
def _chances(event: Event, quest: int, sure: float) -> npt.NDArray[np.float64]:
    """The chance of an event under each of `_EVERY`; a table sees the same few thousand again and again."""
    return np.array([_chance(event, roles, quest, sure) for roles in _EVERY])


def _chance(event: Event, roles: Roles, quest: int, sure: float) -> float:
    if isinstance(event, Proposed):
        return proposes(roles, event.leader, quest)[event.team]
    if isinstance(event, Voted):
        product = 1.0
        for seat, approved in enumerate(event.approved):
            chance = approves(roles, seat, event.team)
            product *= chance if approved else 1.0 - chance
        return product
    if isinstance(event, Quested):
        there = len(roles.evil.intersection(event.team))
        return comb(there, event.fails) * FAILS**event.fails * (1.0 - FAILS) ** max(0, there - event.fails)
    chances = speaks(roles, event.speaker)
    other: Opinion = "trusts" if event.opinion == "suspects" else "suspects"
    return sure * chances[event.about, event.opinion] + (1.0 - sure) * chances[event.about, other]


def _sum(held: Beliefs, those: Iterable[Roles]) -> float:
    return sum(held[roles] for roles in those)
