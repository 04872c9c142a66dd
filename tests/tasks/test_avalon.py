"""Avalon follows its rules, and beliefs about roles are exact."""

import itertools
import random
from collections import Counter
from collections.abc import Sequence

import pytest

from gulliver.tasks.games.avalon import GAME, Table
from gulliver.tasks.games.avalon_beliefs import as_meant, beliefs, clean, deaf, evil, merlin
from gulliver.tasks.games.avalon_players import APPROVES, CLEAN, FAILS, HONEST, proposes, speaks
from gulliver.tasks.games.avalon_record import (
    NAMES,
    Event,
    Proposed,
    Quested,
    Roles,
    Said,
    Voted,
    every_roles,
    quest_of,
    teams,
)
from gulliver.tasks.games.avalon_rules import by_beliefs, by_failures, by_lot, played
from gulliver.tasks.games.avalon_words import WORDINGS

Deal = tuple[str, ...]


def brute(events: Sequence[Event], seat: int) -> dict[tuple[int, frozenset[int]], float]:
    """The posterior of a servant by dealing all 120 orders of five cards, and every card that the evil could play."""
    weights: Counter[tuple[int, frozenset[int]]] = Counter()
    for deal in itertools.permutations(("Merlin", "servant", "servant2", "Assassin", "Minion")):
        if not deal[seat].startswith("servant"):
            continue
        weight, quest = 1.0, 0
        for event in events:
            weight *= likelihood(event, deal, quest)
            quest += isinstance(event, Quested)
        bad = frozenset(s for s in range(5) if deal[s] in ("Assassin", "Minion"))
        weights[deal.index("Merlin"), bad] += weight
    total = sum(weights.values())
    return {who: weight / total for who, weight in weights.items() if weight > 0}


def likelihood(event: Event, deal: Deal, quest: int) -> float:
    bad = [s for s in range(5) if deal[s] in ("Assassin", "Minion")]
    if isinstance(event, Proposed):
        options = [t for t in itertools.combinations(range(5), (2, 3, 2, 3, 3)[quest]) if event.leader in t]
        if deal[event.leader].startswith("servant"):
            return 1 / len(options)
        wanted = 0 if deal[event.leader] == "Merlin" else 1
        liked = [t for t in options if sum(s in bad for s in t) == wanted]
        return (1 - CLEAN) / len(options) + CLEAN * (event.team in liked) / len(liked)
    if isinstance(event, Voted):
        product = 1.0
        for s, yes in enumerate(event.approved):
            kind = "evil" if s in bad else deal[s]
            p = 0.5 if kind.startswith("servant") else APPROVES[kind, not set(bad) & set(event.team)]
            product *= p if yes else 1 - p
        return product
    if isinstance(event, Quested):
        there = [s for s in event.team if s in bad]
        ways = [cards for cards in itertools.product((0, 1), repeat=len(there)) if sum(cards) == event.fails]
        return sum(FAILS ** sum(c) * (1 - FAILS) ** (len(c) - sum(c)) for c in ways)
    others = [s for s in range(5) if s != event.speaker]
    if deal[event.speaker].startswith("servant"):
        return 0.5 / len(others)
    against = (event.opinion == "suspects") == (event.about in bad)  # words that fit the roles
    fitting = against if deal[event.speaker] == "Merlin" else not against
    pool = [
        s
        for s in others
        if (((event.opinion == "suspects") == (s in bad)) == (deal[event.speaker] == "Merlin")) == fitting
    ]
    return 0.5 * (HONEST if fitting else 1 - HONEST) / len(pool)


@pytest.mark.parametrize("seed", range(6))
def test_beliefs_are_those_of_brute_force(seed: int) -> None:
    events = played(seed, by_lot).events
    for end in range(0, len(events) + 1, 5):
        table = played(seed, by_lot)
        seat = table.servants[0]
        held = beliefs(events[:end], lambda roles, seat=seat: roles.of(seat) == "servant")
        want = brute(events[:end], seat)
        assert len(want) == len(held)
        for roles, chance in held.items():
            assert chance == pytest.approx(want[roles.merlin, roles.evil], abs=1e-12)
        assert sum(evil(held)) == pytest.approx(2)
        assert sum(merlin(held)) == pytest.approx(1)
        assert evil(held)[seat] == 0


def test_chances_are_distributions() -> None:
    assert len(every_roles()) == 30
    for roles in every_roles():
        for seat in range(5):
            assert sum(speaks(roles, seat).values()) == pytest.approx(1)
            assert all(sum(proposes(roles, seat, quest).values()) == pytest.approx(1) for quest in range(5))


def test_beliefs_are_calibrated_when_servants_act_by_lot() -> None:
    """Of seats that are held to be evil with probability p, a share p is."""
    told: list[tuple[float, bool]] = []
    for seed in range(150):
        table = played(1000 + seed, by_lot)
        cut = random.Random(seed).randrange(1, len(table.events))
        for seat in table.servants:
            held = beliefs(table.events[:cut], lambda roles, seat=seat: roles.of(seat) == "servant")
            told += [(p, s in table.roles.evil) for s, p in enumerate(evil(held)) if s != seat]
    for low, high in ((0.0, 0.3), (0.3, 0.6), (0.6, 1.01)):
        inside = [(p, was) for p, was in told if low <= p < high]
        assert len(inside) > 50
        assert abs(sum(p for p, _ in inside) - sum(was for _, was in inside)) / len(inside) < 0.12


def test_two_failure_cards_settle_who_is_evil_and_nothing_heard_changes_nothing() -> None:
    events: tuple[Event, ...] = (Quested((0, 1), 2), Said(2, 3, "suspects", "I do not trust Dee."))
    held = beliefs(events, lambda roles: roles.of(4) == "servant")
    assert clean(held, (2, 3)) == pytest.approx(1)
    assert evil(held)[:2] == pytest.approx((1, 1))
    silent = beliefs(events, lambda roles: roles.of(4) == "servant", deaf)
    assert silent == pytest.approx(beliefs(events[:1], lambda roles: roles.of(4) == "servant"))
    unsure = beliefs(events, lambda roles: roles.of(4) == "servant", as_meant, 0.5)
    assert merlin(unsure) == pytest.approx(merlin(silent))
    with pytest.raises(ValueError, match="does not fit"):
        beliefs(events, lambda roles: roles.merlin == 0)


@pytest.mark.parametrize("seed", range(20))
def test_games_keep_to_the_rules(seed: int) -> None:
    table = played(seed, by_lot)
    quests = [event for event in table.events if isinstance(event, Quested)]
    refused = 0
    for event in table.events:
        if isinstance(event, Voted):
            refused = 0 if event.passed else refused + 1
    lost = sum(q.fails > 0 for q in quests)
    assert all(sum(s in table.roles.evil for s in q.team) >= q.fails for q in quests)
    assert [len(q.team) for q in quests] == [2, 3, 2, 3, 3][: len(quests)]
    assert (lost == 3 or refused == 5) <= (table.winner == "evil")
    assert table.winner == "evil" or len(quests) - lost == 3
    assert quest_of(table.events) == len(quests) <= 5


def test_the_text_tells_a_seat_no_more_than_it_knows() -> None:
    table = GAME.start(3)
    while not GAME.over(table):
        seen = GAME.see(table)
        assert f"You are {NAMES[table.seat]}, a servant." in seen
        assert "Merlin" not in seen
        assert "evil" not in seen
        table = GAME.step(table, by_failures(table))
    assert GAME.see(table).endswith(f"The {table.winner} have won.")


def test_a_move_out_of_turn_is_refused() -> None:
    table = next(t for t in map(GAME.start, range(20)) if t.team is None)
    assert GAME.moves(table)[0].count("+") == 1
    assert len(GAME.moves(table)) == len(teams(0, table.leader)) == 4
    with pytest.raises(ValueError, match="cannot be said now"):
        GAME.step(table, "approve")


def test_beliefs_win_more_than_rules_and_rules_more_than_lots() -> None:
    def share(move: object) -> float:
        return sum(played(s, move).winner == "good" for s in range(60)) / 60  # type: ignore[arg-type]

    best, plain, lot = share(by_beliefs), share(by_failures), share(by_lot)
    assert best > plain + 0.15
    assert plain >= lot


def test_wordings_differ_and_name_one_player() -> None:
    every = [wording for wordings in WORDINGS.values() for wording in wordings]
    assert len(set(every)) == len(every) == 16
    assert all(wording.count("{}") == 1 for wording in every)


def test_the_last_team_before_the_game_is_lost_is_approved() -> None:
    team = (0, 1)
    roles = Roles(4, frozenset((0, 1)))
    table = Table(0, roles, (Quested(team, 2), Proposed(0, (0, 1, 2))), refused=4)
    assert table.servants == (2, 3)
    assert by_beliefs(table) == by_failures(table) == "approve"
    assert by_beliefs(Table(0, roles, table.events, refused=3)) == "reject"
