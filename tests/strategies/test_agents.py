"""Strategies that act in games: what is asked, what is read, and what is kept between episodes."""

import asyncio
from collections.abc import Callable
from pathlib import Path

import pytest

from gulliver.errors import SpecError, TaskError
from gulliver.inference import Meter, Session, Store
from gulliver.models.base import Generate, Reply, Request
from gulliver.spec import parse
from gulliver.strategies import parse_strategy
from gulliver.tasks import load_task
from gulliver.tasks.base import Answer, Item, judge
from tests.strategies.fakes import NUMBERS, number_item


class Player:
    """Says what `says` makes of a prompt, and keeps the prompts."""

    def __init__(self, says: Callable[[str], str]) -> None:
        self.says = says
        self.prompts: list[str] = []

    async def ask(self, request: Request) -> Reply:
        assert isinstance(request, Generate)
        self.prompts.append(request.prompt)
        said = self.says(request.prompt)
        if said == "fail":
            return Reply(finish="failed", error="planted")
        return Reply(said, prompt_tokens=10, completion_tokens=3, logprob=-1.0)

    def peak_memory(self) -> int:
        return 0

    async def close(self) -> None:
        pass


def bandit() -> Item:
    """An episode whose better machine is the first."""
    items = load_task("games(game=bandit)", items=20).test
    return next(i for i in items if judge(i, Answer("machine 1, " * 10)).outcome == "right")


def put(path: Path, text: str, item: Item, says: Callable[[str], str]) -> tuple[Answer, Player]:
    player = Player(says)

    async def body() -> Answer:
        async with Store(path / "s.sqlite") as store, Session(store, 0, lambda _: player) as session:
            return await parse_strategy(parse(text)).answer(item, session.bind(NUMBERS, Meter()))

    return asyncio.run(body()), player


def test_moves_are_named_one_by_one_and_seen(tmp_path: Path) -> None:
    answer, player = put(tmp_path, "act", bandit(), lambda _: "I pull machine 1.")
    assert answer.value == ", ".join(["machine 1"] * 10)
    assert answer.detail == "score 1.00; 0 of 10 replies named no move"
    assert judge(bandit(), answer).outcome == "right"
    assert len(player.prompts) == 10
    assert "Nothing was pulled yet" in player.prompts[0]
    assert "Your last moves: machine 1, machine 1." in player.prompts[2]
    assert "blink" not in player.prompts[0]


def test_details_are_told_in_every_move(tmp_path: Path) -> None:
    _, player = put(tmp_path, "act(details=true)", bandit(), lambda _: "machine 2")
    assert all("blink" in prompt for prompt in player.prompts)


def test_a_reply_without_a_move_is_counted(tmp_path: Path) -> None:
    answer, _ = put(tmp_path, "act", bandit(), lambda _: "hmm")
    assert answer.detail == "score 1.00; 10 of 10 replies named no move"


@pytest.mark.parametrize(("text", "label"), [("reflect", "Reflection: "), ("plan(ahead=2)", "Plan: ")])
def test_a_note_is_written_before_each_move_and_read(tmp_path: Path, text: str, label: str) -> None:
    answer, player = put(
        tmp_path, text, bandit(), lambda p: "machine 2" if "Reply with one move" in p else "Try the other one."
    )
    assert answer.value == ", ".join(["machine 2"] * 10)
    assert len(player.prompts) == 20
    assert all(f"{label}Try the other one." in prompt for prompt in player.prompts[1::2])


def test_rules_of_thumb_stay_only_when_they_score_better(tmp_path: Path) -> None:
    written = iter(["pull two", "pull one", "pull two again"])

    def says(prompt: str) -> str:
        if "Write at most three" in prompt:
            return next(written)
        return "machine 2" if "pull two" in prompt else "machine 1"

    _, player = put(tmp_path, "mutate(episodes=2)", bandit(), says)
    first, second = player.prompts[0], next(p for p in player.prompts if "Rules of thumb: pull two" in p)
    assert "Rules of thumb" not in first
    rewriting = next(p for p in player.prompts if "Write at most three" in p)
    # The first practice episode took machine 1 always; where that machine is the worse one, the new rule scored better.
    assert ("Rules of thumb: pull two" in player.prompts[-1]) == ("It scored 0.00" in rewriting)
    assert "machine 1" in second


@pytest.mark.parametrize("text", ["act", "reflect", "plan", "mutate"])
def test_a_failed_request_is_an_answer_and_other_items_are_refused(tmp_path: Path, text: str) -> None:
    assert put(tmp_path, text, bandit(), lambda _: "fail")[0].status == "failed"
    with pytest.raises(TaskError, match="no game"):
        parse_strategy(parse(text)).ask(number_item())


@pytest.mark.parametrize("text", ["reflect(note=0)", "plan(ahead=0)", "mutate(episodes=1)"])
def test_options_are_checked(text: str) -> None:
    with pytest.raises(SpecError):
        parse_strategy(parse(text))
