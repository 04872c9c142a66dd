"""Replies in steps: where one ends, what is shared, and how one of several is chosen."""

import asyncio
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path as Place

import pytest

from gulliver.inference import Draft, Meter, Session, Store
from gulliver.models.base import Generate, Reply, Request
from gulliver.strategies.scorers import make_scorer
from gulliver.strategies.steps import Path, Steps, choose_path, ended, merged, score_paths
from gulliver.tasks.base import Item
from tests.strategies.fakes import NUMBERS, number_item

Say = Callable[[Generate], Reply]


class Writer:
    """Answers each request as a function of it says."""

    def __init__(self, say: Say) -> None:
        self.say = say
        self.requests: list[Generate] = []

    async def ask(self, request: Request) -> Reply:
        assert isinstance(request, Generate)
        self.requests.append(request)
        return self.say(request)

    def peak_memory(self) -> int:
        return 0

    async def close(self) -> None:
        pass


def story(*parts: str) -> Say:
    """A model that writes these steps one after another, however it is asked to begin, and then ends."""

    def say(request: Generate) -> Reply:
        begun = sum(part in request.prompt for part in parts)
        text = parts[begun] if begun < len(parts) else ""
        if not request.sampling.stop:
            text = "\n\n".join(parts[begun:])
        return Reply(text, prompt_tokens=5, completion_tokens=max(1, len(text.split())), logprob=-1.0)

    return say


def grown(place: Place, say: Say, item: Item, steps: Steps = Steps(), times: int = 9) -> tuple[Path, Writer]:  # noqa: B008
    client = Writer(say)

    async def body() -> Path:
        async with Store(place / "s.sqlite") as store, Session(store, 0, lambda _: client) as session:
            path = Path()
            for _ in range(times):
                if not path.done:
                    path = (await steps.grow(item, session.bind(NUMBERS), path, 1))[0]
            return path

    return asyncio.run(body()), client


def test_a_reply_grows_until_its_answer_is_said(tmp_path: Place) -> None:
    path, client = grown(tmp_path, story("Three and four.", "That makes 7.", "Answer: 7"), number_item())
    assert path.done
    assert path.text == "Three and four.\n\nThat makes 7.\n\nAnswer: 7\n\n"
    assert (path.depth, path.finish) == (3, "stop")
    assert client.requests[1].prompt.endswith("Three and four.\n\n")
    assert number_item().read(path.draft).value == "7"


def test_a_reply_that_stops_without_announcing_an_answer_is_done_when_nothing_follows(tmp_path: Place) -> None:
    path, client = grown(tmp_path, story("It is", "seven, 7"), number_item())
    assert (path.done, len(client.requests)) == (True, 3)
    assert number_item().read(path.draft).value == "7"


@pytest.mark.parametrize("border", ["line", "paragraph"])
def test_what_ends_a_reply_of_the_task_ends_it_also_in_steps(border: str, tmp_path: Place) -> None:
    item = replace(number_item(), stop=("\n",))
    path, client = grown(tmp_path, story("It is 7.", "I chose it for its beauty."), item, Steps(border))
    assert (path.done, path.text, path.finish, len(client.requests)) == (True, "It is 7.", "stop", 1)


def test_limits_end_a_reply_as_cut(tmp_path: Place) -> None:
    endless: Say = lambda request: Reply(f"and {len(request.prompt)}", "stop", 5, 2, logprob=-1.0)  # noqa: E731
    short, _ = grown(tmp_path / "a", endless, number_item(), Steps(depth=3))
    few, client = grown(tmp_path / "b", endless, replace(number_item(), max_tokens=5))
    assert (short.depth, short.finish, short.done) == (3, "length", True)
    assert (few.done, few.tokens) == (True, 6)
    assert [request.sampling.max_tokens for request in client.requests] == [5, 3, 1]


def test_a_reply_that_repeats_itself_is_done(tmp_path: Place) -> None:
    path, client = grown(tmp_path, lambda _: Reply("again", completion_tokens=1, logprob=-1.0), number_item())
    assert (path.done, len(client.requests)) == (True, 2)


def test_an_answer_counts_when_it_is_announced_and_a_program_when_its_block_is_closed() -> None:
    item, code = number_item(), replace(number_item(), runs_code=True)
    assert ended(item, "So 3 + 4 = 7.\nAnswer: 7")
    assert not ended(item, "So 3 + 4 = 7.")
    assert ended(code, "```python\nx = 1\n```")
    assert not ended(code, "```python\nx = 1\n\n")


def test_equal_beginnings_are_one() -> None:
    assert [path.text for path in merged([Path("a"), Path("b"), Path("a")])] == ["a", "b"]


@pytest.mark.parametrize(("how", "value"), [("best", "7"), ("weighted", "8"), ("majority", "8")])
def test_one_of_the_finished_replies_is_chosen(how: str, value: str) -> None:
    paths = [
        Path(text, done=True, score=score)
        for text, score in (("Answer: 8", 0.5), ("Answer: 7", 0.9), ("Answer: 8", 0.6))
    ]
    assert asyncio.run(choose_path(number_item(), paths, how)).value == value
    dead = [Path("what", done=True, score=0.1), Path("", finish="failed", done=True)]
    assert asyncio.run(choose_path(number_item(), dead, how)).status == "unreadable"


def test_beginnings_are_scored_as_what_they_are() -> None:
    paths = [Path("3 + 4 = 7\n\n"), Path("3 + 4 = 8\n\n")]
    scored = asyncio.run(score_paths(make_scorer("tool"), number_item(), paths, None))  # type: ignore[arg-type]
    assert scored[0].score > 0.5 > scored[1].score
    assert paths[0].draft == Draft("3 + 4 = 7\n\n", "length", logprob=0.0)


def test_a_replay_asks_nothing(tmp_path: Place) -> None:
    say = story("Three and four.", "Answer: 7")
    first, _ = grown(tmp_path, say, number_item())
    second, client = grown(tmp_path, say, number_item())
    assert first == second
    assert client.requests == []
    assert Meter().cost.requests == 0
