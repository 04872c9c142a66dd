"""Beam, reward-balanced and Monte-Carlo search: what each goes on with, and what it asks for."""

import asyncio
import re
from pathlib import Path as Place

import pytest

from gulliver.errors import SpecError
from gulliver.inference import Meter, Session, Store
from gulliver.models.base import Generate, Reply
from gulliver.spec import parse
from gulliver.strategies import parse_strategy
from gulliver.strategies.rebase import shared
from gulliver.strategies.steps import Path
from gulliver.tasks.base import Answer
from tests.strategies.contract import StrategyContract
from tests.strategies.fakes import NUMBERS, number_item
from tests.strategies.test_steps import Writer


class TestBeam(StrategyContract):
    text = "cot | beam(n=4, keep=2)"


class TestRebase(StrategyContract):
    text = "cot | rebase(n=4)"


class TestMcts(StrategyContract):
    text = "cot | mcts(n=4, width=4)"


def forked(request: Generate) -> Reply:
    """A model whose first step is right once in three draws; a right beginning leads to 7, a wrong one to 9."""
    begun = re.search(r"3 \+ 4 = (\d+)", request.prompt.rpartition("Answer: <number>")[2])
    if begun is None:
        value = 7 if request.seed % 3 == 0 else 8 + request.seed % 2
        text = f"3 + 4 = {value}"
    else:
        text = f"Answer: {'7' if begun[1] == '7' else '9'}"
    return Reply(text, prompt_tokens=9, completion_tokens=4, logprob=-1.0)


def answered(place: Place, text: str) -> tuple[Answer, Writer, Meter]:
    client = Writer(forked)

    async def body() -> tuple[Answer, Meter]:
        async with Store(place / "s.sqlite") as store, Session(store, 0, lambda _: client) as session:
            meter = Meter()
            return await parse_strategy(parse(text)).answer(number_item(), session.bind(NUMBERS, meter)), meter

    answer, meter = asyncio.run(body())
    return answer, client, meter


@pytest.mark.parametrize("search", ["beam(n=12, keep=1, by=tool)", "rebase(n=12, by=tool)"])
def test_a_scorer_that_knows_wrong_beginnings_leads_to_the_right_end(tmp_path: Place, search: str) -> None:
    plain, _, _ = answered(tmp_path, "cot | majority(n=12)")
    answer, client, _ = answered(tmp_path, f"cot | {search}")
    assert answer.value == "7"
    wrong_begun = sum("= 8\n" in request.prompt or "= 9\n" in request.prompt for request in client.requests)
    right_begun = sum("= 7\n" in request.prompt for request in client.requests)
    assert right_begun > wrong_begun
    assert plain.value != "7"


def test_monte_carlo_search_writes_a_reply_a_round_and_stops_when_all_is_known(tmp_path: Place) -> None:
    answer, client, _ = answered(tmp_path, "cot | mcts(n=20, width=2, by=tool, final=best)")
    whole = [request for request in client.requests if not request.sampling.stop]
    assert answer.status == "read"
    assert len(whole) <= 20
    assert len(client.requests) < 40


@pytest.mark.parametrize("search", ["beam(n=6, keep=2)", "rebase(n=6)", "mcts(n=6)"])
def test_a_search_is_replayed_from_the_store_at_the_same_cost(tmp_path: Place, search: str) -> None:
    first, _, cost = answered(tmp_path, f"cot | {search}")
    second, client, again = answered(tmp_path, f"cot | {search}")
    assert (first, cost.cost) == (second, again.cost)
    assert client.requests == []


def test_replies_are_shared_by_score_and_add_up() -> None:
    paths = [Path(score=score) for score in (0.9, 0.8, 0.1)]
    assert sum(shared(7, paths, 0.1)) == 7
    assert shared(7, paths, 0.1)[0] > shared(7, paths, 0.1)[1] > shared(7, paths, 0.1)[2] == 0
    assert shared(6, paths, 1e6) == [2, 2, 2]
    assert shared(3, [], 0.1) == []


@pytest.mark.parametrize(
    "text",
    [
        "beam(n=2, keep=3)",
        "beam(border='')",
        "rebase(balance=0)",
        "mcts(explore=-1)",
        "rebase(final=luck)",
        "beam(depth=0)",
    ],
)
def test_options_out_of_range_are_refused(text: str) -> None:
    with pytest.raises(SpecError):
        parse_strategy(parse(text))
