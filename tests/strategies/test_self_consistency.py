import asyncio
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import beta

from gulliver.errors import SpecError
from gulliver.inference import Meter, Session, Store
from gulliver.spec import parse
from gulliver.strategies import Strategy, parse_strategy
from gulliver.strategies.base import Adaptive
from gulliver.strategies.majority import Majority, ballot
from gulliver.strategies.self_consistency import SelfConsistency, lead
from gulliver.tasks.base import Answer
from tests.strategies.contract import StrategyContract
from tests.strategies.fakes import NUMBERS, ScriptedClient, number_item


class TestSelfConsistency(StrategyContract):
    text = "cot | self_consistency(n=16)"

    def test_it_asks_for_as_many_drafts_as_it_says(self, tmp_path: Path, strategy: Strategy) -> None:
        """It says a guess between the fewest, which agreement takes, and all."""
        client = ScriptedClient(self.replies)
        self.answer(tmp_path, strategy, number_item(), client)
        assert client.asked == 4 <= strategy.draws <= 16


class TestSelfConsistencyOfSampledDrafts(TestSelfConsistency):
    text = "direct | sample(temperature=1.0) | self_consistency(n=16)"


def drawn(votes: list[int | None], n: int, sure: float) -> tuple[Answer, int]:
    """The answer, and after how many drafts, when drafts say these in turn."""
    part = SelfConsistency(n, sure)
    answers: list[Answer] = []
    while more := part.more(answers):
        said = votes[len(answers) : len(answers) + more]
        answers += [Answer(vote) if vote is not None else Answer(status="unreadable") for vote in said]
    return part.choose(answers), len(answers)


def one_by_one(votes: list[int | None], n: int, sure: float) -> int:
    """The published rule, looked at after every draft."""
    for k in range(1, n + 1):
        counts = sorted((votes[:k].count(vote) for vote in set(votes[:k]) - {None}), reverse=True)
        first, second = [*counts, 0, 0][:2]
        if first - second > n - k or (sure < 1 and lead(first, second) >= sure):
            return k
    return n


VOTES = st.lists(st.one_of(st.none(), st.integers(0, 3)), min_size=16, max_size=16)


@settings(deadline=None)
@given(VOTES, st.integers(1, 16), st.sampled_from([0.6, 0.8, 0.95, 0.99, 1.0]))
def test_drawing_in_rounds_stops_exactly_where_drawing_one_by_one_would(
    votes: list[int | None], n: int, sure: float
) -> None:
    assert drawn(votes, n, sure)[1] == one_by_one(votes, n, sure)


@settings(deadline=None)
@given(VOTES, st.integers(1, 16))
def test_when_wholly_sure_it_answers_as_the_whole_vote_would(votes: list[int | None], n: int) -> None:
    said = [Answer(vote) if vote is not None else Answer(status="unreadable") for vote in votes[:n]]
    answer, asked = drawn(votes, n, 1.0)
    assert ballot(answer) == ballot(Majority(n).choose(said))
    assert asked <= n


@pytest.mark.parametrize(("first", "second", "value"), [(1, 0, 0.75), (4, 0, 1 - 2**-5), (3, 3, 0.5), (2, 1, 0.6875)])
def test_the_lead_is_a_beta_tail(first: int, second: int, value: float) -> None:
    assert lead(first, second) == pytest.approx(value)


@settings(deadline=None)
@given(st.integers(0, 40), st.integers(0, 40))
def test_the_lead_agrees_with_scipy(first: int, second: int) -> None:
    assert lead(first, second) == pytest.approx(float(beta.sf(0.5, first + 1, second + 1)), abs=1e-12)


def test_its_drafts_are_those_of_majority(tmp_path: Path) -> None:
    """After a vote over sixteen, nothing is left to ask."""

    async def body() -> tuple[int, int]:
        first, second = ScriptedClient(("Answer: 7", "Answer: 8")), ScriptedClient(("Answer: 9",))
        async with Store(tmp_path / "store.sqlite") as store:
            for text, client in (("cot | majority(n=16)", first), ("cot | self_consistency(n=16)", second)):
                async with Session(store, 0, lambda _, client=client: client) as session:  # type: ignore[misc]
                    strategy = parse_strategy(parse(text))
                    await strategy.answer(number_item(), session.bind(NUMBERS, Meter()))
        return first.asked, second.asked

    assert asyncio.run(body()) == (16, 0)


def test_each_draft_is_charged_once(tmp_path: Path) -> None:
    async def body() -> Meter:
        client = ScriptedClient(("Answer: 7", "Answer: 8", "Answer: 7", "Answer: 8", "Answer: 7"))
        async with Store(tmp_path / "store.sqlite") as store, Session(store, 0, lambda _: client) as session:
            meter = Meter()
            strategy = parse_strategy(parse("cot | self_consistency(n=16)"))
            assert isinstance(strategy.choosing, Adaptive)
            answer = await strategy.answer(number_item(), session.bind(NUMBERS, meter))
            assert (answer.value, client.asked) == ("7", meter.cost.requests)
            return meter

    assert 4 < asyncio.run(body()).cost.requests < 16


@pytest.mark.parametrize("options", ["n=0", "sure=0.5", "sure=1.5"])
def test_options_out_of_range_are_refused(options: str) -> None:
    with pytest.raises(SpecError, match="at least 1 and sure"):
        parse_strategy(parse(f"self_consistency({options})"))
