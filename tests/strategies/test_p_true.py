"""The model's opinion of its own answer."""

import asyncio
import math
from pathlib import Path

import pytest

from gulliver.inference import Meter, Session, Store
from gulliver.models.base import Reply, Request, Score
from gulliver.spec import parse
from gulliver.strategies import Strategy, parse_strategy
from gulliver.strategies.confidence import confidence
from gulliver.strategies.p_true import question, share
from tests.strategies.contract import StrategyContract
from tests.strategies.fakes import NUMBERS, ScriptedClient, number_item


class Opinion(ScriptedClient):
    """Answers as told; says True with probability `sure` when it is asked."""

    def __init__(self, replies: tuple[str, ...], sure: float = 0.5, fail: bool = False) -> None:
        super().__init__(replies, fail)
        self.sure = sure
        self.scored: list[Score] = []

    async def ask(self, request: Request) -> Reply:
        if not isinstance(request, Score):
            return await super().ask(request)
        self.asked += 1
        self.scored.append(request)
        chance = self.sure if request.continuation == "A" else 1 - self.sure
        return Reply(prompt_tokens=5, completion_tokens=1, logprob=math.log(chance / 2))


class TestPTrue(StrategyContract):
    text = "p_true"


class TestPTrueAlone(StrategyContract):
    text = "cot | p_true(samples=0)"


def test_its_confidence_is_the_share_of_the_letter_for_true(tmp_path: Path) -> None:
    client = Opinion(("Answer: 7", "Answer: 7", "Answer: 8", "no idea"), sure=0.7)
    strategy = parse_strategy(parse("p_true(samples=3)"))

    async def body() -> float | None:
        async with Store(tmp_path / "s.sqlite") as store, Session(store, 0, lambda _: client) as session:
            meter = Meter()
            answer = await strategy.answer(number_item(), session.bind(NUMBERS, meter))
            assert answer.value == "7"
            return confidence(answer, strategy, meter)

    assert asyncio.run(body()) == pytest.approx(0.7)
    prompt = client.scored[0].prompt
    assert "three and four" in prompt
    assert "brainstormed ideas:\n7\n8\n" in prompt
    assert "Proposed answer: 7" in prompt


def test_without_samples_no_ideas_are_shown() -> None:
    assert "brainstormed" not in question(number_item(), "7", [])[0].content


def test_a_share_of_very_unlikely_letters_is_still_a_share() -> None:
    assert share([-900.0, -900.0 - math.log(3)]) == pytest.approx(0.75)


def test_samples_are_not_negative(tmp_path: Path) -> None:
    with pytest.raises(Exception, match="at least 0"):
        parse_strategy(parse("p_true(samples=-1)"))


def test_nothing_read_is_nothing_to_be_sure_of(tmp_path: Path) -> None:
    strategy: Strategy = parse_strategy(parse("p_true"))
    client = Opinion(("no idea",))

    async def body() -> None:
        async with Store(tmp_path / "s.sqlite") as store, Session(store, 0, lambda _: client) as session:
            meter = Meter()
            answer = await strategy.answer(number_item(), session.bind(NUMBERS, meter))
            assert confidence(answer, strategy, meter) == 0.0

    asyncio.run(body())
    assert not client.scored
