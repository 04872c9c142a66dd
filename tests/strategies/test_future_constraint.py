"""Looking ahead turns the search towards the constraint; without a weight it is plain search."""

import asyncio
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import pytest

from gulliver.errors import SpecError, TaskError
from gulliver.inference import Draft
from gulliver.models.base import Message, Sampling
from gulliver.spec import parse
from gulliver.strategies import Strategy, parse_strategy
from gulliver.strategies.future_constraint import FutureConstraint
from gulliver.tasks.base import Item, make_item
from gulliver.tasks.constraints import Keeps
from tests.strategies.contract import StrategyContract
from tests.strategies.fakes import ScriptedClient, number_item


class Two:
    """Goes on with one of two words by turns; "glass" is the unlikelier. Expects glass where it is being written of."""

    def __init__(self) -> None:
        self.asked = 0
        self.scored = 0

    async def draws(
        self, prompt: Sequence[Message], n: int, sampling: Sampling, *, start: int = 0, begun: str = ""
    ) -> list[Draft]:
        self.asked += n
        done = "stop" if len(begun) > 12 else "length"
        words = [(" wood", -1.0), (" glass", -2.0)]
        return [Draft(words[i % 2][0], done, i, 1, words[i % 2][1]) for i in range(start, start + n)]  # type: ignore[arg-type]

    async def weigh(self, prompt: Sequence[Message], continuations: Sequence[str]) -> list[Draft]:
        self.scored += len(continuations)
        there = "glass" in prompt[0].content
        sure = {"Yes": -0.1 if there else -3.0, "No": -3.0 if there else -0.1}
        return [Draft(c, logprob=sure.get(c, -0.5 if there else -6.0), completion_tokens=1) for c in continuations]


def _answer(strategy: FutureConstraint, lm: Two, **fields: object) -> str:
    item = make_item("i", "Write.", None, Keeps(), fields=fields, max_tokens=40)
    return str(asyncio.run(strategy.answer(item, lm)).value)  # type: ignore[arg-type]


@pytest.mark.parametrize("fields", [{"keywords": ["glass"]}, {"constraint": "It is about a window."}])
def test_looking_ahead_reaches_what_plain_search_does_not(fields: dict[str, object]) -> None:
    plain, ahead = Two(), Two()
    assert "glass" not in _answer(FutureConstraint(weight=0.0), plain, **fields)
    assert "glass" in _answer(FutureConstraint(weight=1.0), ahead, **fields)
    assert (plain.scored, ahead.scored > 0) == (0, True)


def test_a_wider_search_draws_more() -> None:
    narrow, wide = Two(), Two()
    for lm, width in ((narrow, 2), (wide, 4)):
        _answer(FutureConstraint(width=width), lm, keywords=["glass"])
    assert wide.asked > narrow.asked


class TestFutureConstraint(StrategyContract):
    text = "future_constraint(step=8, weight=0)"

    def item(self, system: str = "") -> Item:
        return replace(number_item(system), max_tokens=16)

    def test_it_asks_for_as_many_drafts_as_it_says(self, tmp_path: Path, strategy: Strategy) -> None:
        """It says a guess: four steps; replies that end at once take one."""
        client = ScriptedClient(self.replies)
        self.answer(tmp_path, strategy, self.item(), client)
        assert client.asked == 8 < strategy.draws


def test_a_row_without_a_constraint_is_refused_before_anything_is_spent() -> None:
    with pytest.raises(TaskError, match="has neither"):
        parse_strategy(parse("future_constraint")).ask(number_item())
    plain = number_item()
    assert parse_strategy(parse("future_constraint(weight=0)")).ask(plain) == plain


@pytest.mark.parametrize("options", ["beam=0", "step=0", "weight=-1", "temperature=0"])
def test_options_out_of_range_are_refused(options: str) -> None:
    with pytest.raises(SpecError, match="beam, width and step"):
        parse_strategy(parse(f"future_constraint({options})"))
