"""Drafts that a tool refutes are left out."""

import asyncio
from pathlib import Path

import pytest

from gulliver.errors import SpecError
from gulliver.inference import Meter, Session, Store
from gulliver.models.base import Generate, Reply
from gulliver.spec import parse
from gulliver.strategies import parse_strategy
from gulliver.strategies.t1 import T1
from gulliver.tasks.base import Answer
from tests.strategies.contract import StrategyContract
from tests.strategies.fakes import NUMBERS, number_item
from tests.strategies.test_steps import Writer

RIGHT, WRONG = Answer("7", text="3 + 4 = 7\nAnswer: 7"), Answer("8", text="3 + 4 = 8\nAnswer: 8")
NONE = Answer(status="unreadable")


class TestT1Calculator(StrategyContract):
    text = "cot | t1(n=4, tool=calculator)"
    replies = ("3 + 4 = 8\nAnswer: 8", "3 + 4 = 8\nAnswer: 8", "3 + 4 = 7\nAnswer: 7", "3 + 4 = 8\nAnswer: 8")


def picked(place: Path, how: T1, answers: list[Answer], program: str) -> tuple[Answer, Writer]:
    client = Writer(lambda request: Reply(program, completion_tokens=9, logprob=-1.0))

    async def body() -> Answer:
        async with Store(place / "s.sqlite") as store, Session(store, 0, lambda _: client) as session:
            return await how.pick(number_item(), answers, session.bind(NUMBERS, Meter()))

    return asyncio.run(body()), client


@pytest.mark.parametrize(
    ("program", "value"),
    [
        ("```python\ndef solution():\n    return 3 + 4\n```", "7"),
        ("```python\ndef solution():\n    return 3 / 0\n```", "8"),  # what does not run refutes nothing
        ("I cannot.", "8"),
        ("```python\ndef solution():\n    return 100\n```", "8"),  # all refuted: all count
    ],
)
def test_a_program_that_gives_another_answer_refutes_a_draft(tmp_path: Path, program: str, value: str) -> None:
    answer, client = picked(tmp_path, T1(4), [WRONG, RIGHT, WRONG, NONE], program)
    assert answer.value == value
    assert len(client.requests) == 2  # one a different answer
    assert all(isinstance(request, Generate) and "three and four" in request.prompt for request in client.requests)


def test_survivors_are_chosen_by_a_scorer_when_asked(tmp_path: Path) -> None:
    sure = Answer("7", text="Answer: 7", logprob=-0.1, tokens=3)
    answer, _ = picked(
        tmp_path, T1(4, "calculator", "logprob"), [WRONG, Answer("9", text="9", logprob=-9.0, tokens=3), sure], ""
    )
    assert answer.value == "7"


def test_nothing_to_read_is_said_as_it_is(tmp_path: Path) -> None:
    assert picked(tmp_path, T1(2), [NONE, NONE], "")[0].status == "unreadable"


@pytest.mark.parametrize("text", ["t1(n=0)", "t1(tool=hammer)", "t1(by=luck)", "t1(timeout=0)", "t1(by=reward)"])
def test_options_out_of_range_are_refused(text: str) -> None:
    with pytest.raises(SpecError):
        parse_strategy(parse(text))
