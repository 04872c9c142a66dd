"""How players of Avalon act, as chances: what they do is drawn from these, and beliefs about them are computed from the same.

A servant's own chances are what others assume of one: a servant knows nothing, so its votes, teams and words count as drawn
by lot, whatever rule really moves it.
"""

from collections.abc import Mapping

from gulliver.tasks.games.avalon_record import NAMES, Opinion, Roles, Team, teams

APPROVES = {("evil", True): 0.3, ("evil", False): 0.85, ("Merlin", True): 0.85, ("Merlin", False): 0.35}
"""Chance of a vote for a team, by role and by whether the team has no evil on it; a Merlin hides what it knows."""
FAILS = 0.8
"""Chance that an evil player on a quest plays failure."""
CLEAN = 0.75
"""Chance that Merlin as the leader takes a clean team, where it does not draw one by lot."""
HONEST = 0.75
"""Chance that Merlin's words fit the roles; also how often the evil speak against the good and for their own."""


def approves(roles: Roles, seat: int, team: Team) -> float:
    """Chance that a player votes for a team."""
    role = roles.of(seat)
    return 0.5 if role == "servant" else APPROVES[role, roles.clean(team)]


def proposes(roles: Roles, leader: int, quest: int) -> Mapping[Team, float]:
    """Chance of each team that a leader may name. All take themselves along; the evil take the good otherwise."""
    options = teams(quest, leader)
    role = roles.of(leader)
    liked = [
        team
        for team in options
        if (role == "Merlin" and roles.clean(team)) or (role == "evil" and len(roles.evil.intersection(team)) == 1)
    ]
    if not liked:
        return dict.fromkeys(options, 1.0 / len(options))
    even = (1.0 - CLEAN) / len(options)
    return {team: even + (CLEAN / len(liked) if team in liked else 0.0) for team in options}


def speaks(roles: Roles, speaker: int) -> Mapping[tuple[int, Opinion], float]:
    """Chance of what a player says of whom: suspicion and trust come equally often."""
    others = [seat for seat in range(len(NAMES)) if seat != speaker]
    role = roles.of(speaker)
    if role == "servant":
        return {(seat, opinion): 0.5 / len(others) for opinion in _BOTH for seat in others}
    made: dict[tuple[int, Opinion], float] = {}
    for opinion in _BOTH:
        # Merlin suspects the evil and trusts the good; the evil say the opposite.
        fits = [s for s in others if (s in roles.evil) == ((opinion == "suspects") == (role == "Merlin"))]
        rest = [s for s in others if s not in fits]
        made |= {(s, opinion): 0.5 * HONEST / len(fits) for s in fits}
        made |= {(s, opinion): 0.5 * (1.0 - HONEST) / len(rest) for s in rest}
    return made


_BOTH: tuple[Opinion, Opinion] = ("suspects", "trusts")
