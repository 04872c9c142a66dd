"""Followers keep to a planner's program, weigh as brute force says, and a program that fails costs no answer."""

import asyncio
import math
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import pytest

from gulliver.errors import SpecError
from gulliver.inference import Draft
from gulliver.models.base import Message, Sampling
from gulliver.spec import parse
from gulliver.strategies import Strategy, parse_strategy
from gulliver.strategies.discipl import Discipl, planned
from gulliver.tasks.base import Answer, Item, make_item
from gulliver.tasks.constraints import Keeps, words_of
from tests.strategies.contract import StrategyContract
from tests.strategies.fakes import ScriptedClient, number_item
from tests.strategies.test_smc import Toy, exact

PLACED = """
def step(text):
    n = len(words(text))
    if n == 4:
        return None
    return "ice" if n == 2 else 1

def check(text):
    return len(words(text)) == 4 and words(text)[2].lower() == "ice"
"""
WAITED = """
def step(text):
    n = len(words(text))
    return None if n == 4 else 2

def score(text):
    return 1.0 if has(text, "ice") else 0.0

def check(text):
    return len(words(text)) == 4 and has(text, "ice")
"""


class Planned(Toy):
    """The toy model, with what a planner replies, one reply after another."""

    def __init__(self, seed: int, *replies: str) -> None:
        super().__init__(seed)
        self.replies = list(replies)
        self.heard: list[str] = []
        self.prompts: list[str] = []

    def other(self, name: str) -> "Planned":
        assert name == "larger"
        return self

    async def generate(
        self, prompt: Sequence[Message], *, max_tokens: int, stop: Sequence[str] = (), begun: str = ""
    ) -> Draft:
        self.heard.append(prompt[-1].content)
        assert begun.startswith("```python") == bool(self.replies)
        return Draft(" {}\n" + self.replies.pop(0)) if self.replies else Draft("Sea sun.", "stop")

    async def draws(
        self, prompt: Sequence[Message], n: int, sampling: Sampling, *, start: int = 0, begun: str = ""
    ) -> list[Draft]:
        self.prompts.append(prompt[-1].content)
        return await super().draws(prompt, n, sampling, start=start, begun=begun)


def _item(number: int = 0) -> Item:
    return make_item(f"i{number}", "Write a text.", None, Keeps(), max_tokens=12)


def _run(options: Discipl, lm: Planned, number: int = 0) -> Answer:
    return asyncio.run(options.answer(_item(number), lm))  # type: ignore[arg-type]


def _evidence(answer: Answer) -> float:
    return math.exp(float(answer.detail.rpartition(" ")[2]))


@pytest.mark.parametrize(
    ("program", "want"), [(PLACED, exact(4, 4, place=3, word="ice")), (WAITED, exact(4, 4, "ice"))]
)
@pytest.mark.parametrize("method", ["smc", "importance"])
def test_the_weights_estimate_the_exact_probability_without_bias(program: str, want: float, method: str) -> None:
    """The toy model ends texts by itself too, so that some die on the way."""
    told = [_evidence(_run(Discipl(n=6, method=method), Planned(i, program), i)) for i in range(60)]
    mean = sum(told) / len(told)
    error = math.sqrt(sum((x - mean) ** 2 for x in told) / len(told) / (len(told) - 1))
    assert abs(mean - want) < 4.0 * error + 0.01, (mean, want, error)


def test_texts_keep_to_the_program_and_the_answer_tells_of_it() -> None:
    answer = _run(Discipl(n=6, planner="larger"), lm := Planned(1, f"{PLACED}\n```"))
    assert words_of(answer.value)[2].lower() == "ice"
    assert answer.program == f"# The conditions\nPLACES = {{}}\n{PLACED}".strip("\n")
    assert "of 6 texts pass the program's check; smc" in answer.detail
    assert lm.heard[0].startswith("The small model's task: Write a text.")
    assert len(lm.heard) == 1
    assert Discipl(planner="larger").others == ("larger",)


def test_the_methods_differ_in_what_they_draw_anew() -> None:
    answers = {m: _run(Discipl(n=6, keep=1.0, method=m), Planned(2, WAITED)) for m in ("importance", "rejection")}
    smc = [_run(Discipl(n=6, keep=1.0, method="smc"), Planned(i, WAITED)).detail for i in range(6)]
    assert any("smc, resampled 0 times" not in detail for detail in smc)
    assert "importance, resampled 0 times" in answers["importance"].detail
    assert "rejection, resampled 0 times" in answers["rejection"].detail


def test_a_program_that_cannot_be_used_is_asked_for_once_more_with_the_reason() -> None:
    answer = _run(Discipl(n=4), lm := Planned(3, "def step(text):\n    return 1", PLACED))
    assert "no function check(text)" in lm.heard[1]
    assert answer.program == f"# The conditions\nPLACES = {{}}\n{PLACED}".strip("\n")


def test_then_the_answer_is_a_plain_draft_that_says_so() -> None:
    answer = _run(Discipl(n=4), lm := Planned(4, "no", "no again"))
    assert (answer.value, answer.program) == ("Sea sun.", "")
    assert answer.detail.startswith("plain draft, since no program could be used: There is no program")
    assert lm.heard[2] == "Write a text."


def test_a_program_that_breaks_on_the_way_gives_a_plain_draft_too() -> None:
    late = PLACED.replace("n == 2", "n == 2 and [1 for _ in range(10**9)]")
    answer = _run(Discipl(n=2, timeout=0.3), Planned(5, late.replace("return None", "return 'ice'")))
    assert answer.value == "Sea sun."
    assert "since" in answer.detail


def test_a_text_that_a_program_fails_on_is_dropped_and_the_others_go_on() -> None:
    touchy = PLACED.replace(
        "    n = len(words(text))\n", "    n = len(words(text))\n    assert not text.startswith('Sea')\n", 1
    )
    answer = _run(Discipl(n=12), Planned(6, touchy))
    assert answer.value.startswith("Sun")
    assert "AssertionError" in answer.detail


def test_a_check_that_nothing_passes_gives_a_text_all_the_same() -> None:
    never = PLACED.replace('"ice"\n', '"moon"\n')
    answer = _run(Discipl(n=4), Planned(7, never))
    assert answer.status == "read"
    assert answer.detail.startswith("0 of 4")


def test_the_program_may_put_the_task_in_other_words() -> None:
    told = PLACED + "\ndef prompt(text):\n    return 'Write about ' + str(len(words(text)))\n"
    _run(Discipl(n=2), lm := Planned(8, told))
    assert lm.prompts[0] == "Write about 0"
    assert set(lm.prompts) <= {f"Write about {n}" for n in range(4)}


class TestDiscipl(StrategyContract):
    """A model whose replies are no programs: it is asked twice for one, and then plainly."""

    text = "discipl"

    def item(self, system: str = "") -> Item:
        return replace(number_item(system), max_tokens=12)

    def test_it_asks_for_as_many_drafts_as_it_says(self, tmp_path: Path, strategy: Strategy) -> None:
        client = ScriptedClient(self.replies)
        self.answer(tmp_path, strategy, self.item(), client)
        assert client.asked == 3 < strategy.draws


def test_the_planner_sees_the_rules_two_programs_and_the_question() -> None:
    turns = planned(_item())
    assert [turn.role for turn in turns] == ["system", "user", "assistant", "user", "assistant", "user"]
    assert "Write a text." in turns[-1].content


@pytest.mark.parametrize("options", ["n=33", "keep=2", "temperature=0", "top_p=0", "method=magic", "timeout=0"])
def test_options_out_of_range_are_refused(options: str) -> None:
    with pytest.raises(SpecError, match="must be"):
        parse_strategy(parse(f"discipl({options})"))
