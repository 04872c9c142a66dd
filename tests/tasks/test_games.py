"""Games follow their rules, and the same seed and moves lead to the same end."""

import random

import pytest

from gulliver.errors import TaskError
from gulliver.inference.types import Draft
from gulliver.tasks import load_task
from gulliver.tasks.base import Answer, judge
from gulliver.tasks.games import Game, find_game, game_names, replay
from gulliver.tasks.games.bandit import GAME as BANDIT
from gulliver.tasks.games.hanoi import GAME as HANOI
from gulliver.tasks.games.hanoi import Tower
from gulliver.tasks.games.messenger import GAME as MESSENGER
from gulliver.tasks.games.messenger import Board
from gulliver.tasks.games.rock_paper_scissors import GAME as HANDS
from gulliver.tasks.games.rock_paper_scissors import wins


@pytest.mark.parametrize("name", game_names())
@pytest.mark.parametrize("seed", range(3))
def test_an_episode_ends_is_scored_and_can_be_played_again(name: str, seed: int) -> None:
    game: Game = find_game(name)
    rng = random.Random(seed)
    state, moves = game.start(seed), []
    while not game.over(state):
        assert game.see(state)
        moves.append(rng.choice(game.moves(state)))
        state = game.step(state, moves[-1])
    assert 0 <= game.score(state) <= 1
    assert len(moves) <= (60 if name == "avalon" else 12)
    assert replay(game, seed, [*moves, moves[0]]) == state


def test_the_better_machine_pays_more_and_is_scored() -> None:
    better = [replay(BANDIT, s, ["machine 1"] * 10) for s in range(60)]
    paid = {True: 0, False: 0}
    for state in better:
        paid[BANDIT.score(state) == 1.0] += sum(state.paid)
    assert {BANDIT.score(state) for state in better} == {0.0, 1.0}
    assert paid[True] > 2 * paid[False]


def test_hands_beat_each_other_in_a_circle_and_the_liked_one_comes_often() -> None:
    assert wins("rock", "scissors")
    assert wins("scissors", "paper")
    assert wins("paper", "rock")
    assert not wins("rock", "paper")
    assert not wins("rock", "rock")
    shown = [
        max(replay(HANDS, s, ["rock"] * 10).theirs.count(h) for h in ("rock", "paper", "scissors")) for s in range(20)
    ]
    assert sum(shown) / 20 > 6


def test_hanoi_refuses_a_larger_disc_on_a_smaller_and_knows_when_it_is_done() -> None:
    whole = Tower(((3, 2, 1), (), ()))
    bad = HANOI.step(HANOI.step(whole, "A to B"), "A to B")
    assert bad.pegs == ((3, 2), (1,), ())
    assert not bad.allowed
    state = whole
    for move in ("A to C", "A to B", "C to B", "A to C", "B to A", "B to C", "A to C"):
        state = HANOI.step(state, move)
    assert (HANOI.score(state), HANOI.over(state), state.made) == (1.0, True, 7)
    assert HANOI.score(HANOI.start(5)) < 1


def test_the_messenger_delivers_or_is_caught() -> None:
    board = Board((0, 0), (1, 0), (2, 0), (4, 4))
    state = MESSENGER.step(MESSENGER.step(board, "east"), "east")
    assert (MESSENGER.score(state), MESSENGER.over(state)) == (1.0, True)
    assert MESSENGER.score(MESSENGER.step(board, "east")) == 0.5
    assert MESSENGER.step(board, "south").me == (0, 0)
    near = Board((0, 0), (4, 4), (3, 3), (0, 1), made=2)
    assert MESSENGER.step(near, "south").caught
    assert "1 north" in MESSENGER.see(near)


def test_episodes_are_items_and_the_judge_plays_them_again() -> None:
    task = load_task("games(game=bandit)", items=8)
    assert len({item.id for item in (*task.test, *task.train, *task.dev)}) == 48
    outcomes = {judge(item, Answer("machine 1, " * 10)).outcome for item in task.test}
    assert outcomes == {"right", "wrong"}
    item = task.test[0]
    assert item.read(Draft("Answer: machine 2, machine 2, jump")).value == "machine 2, machine 2"
    assert item.read(Draft("I do not know")).status == "unreadable"
    with pytest.raises(TaskError, match="hanoi"):
        load_task("games(game=chess)")
