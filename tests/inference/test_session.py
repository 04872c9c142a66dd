"""Nothing is asked twice, nobody sees an uncommitted answer, and the ledger adds up."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import replace
from pathlib import Path

import pytest

from gulliver.errors import ModelError
from gulliver.inference import Meter, Session, Store
from gulliver.models.base import Sampling
from tests.inference.fakes import MODEL, OTHER, CountingClient

Work = Callable[[Session], Awaitable[None]]
WARM = Sampling(16, temperature=0.7)


def run(store: Path, client: CountingClient, work: Work, seed: int = 0) -> Session:
    async def body() -> Session:
        async with Store(store) as kept, Session(kept, seed, lambda _: client) as session:
            await work(session)
            return session

    return asyncio.run(body())


def test_equal_requests_at_once_are_asked_once(tmp_path: Path) -> None:
    client = CountingClient(delay=0.02)

    async def work(session: Session) -> None:
        lm = session.bind(MODEL)
        drafts = await asyncio.gather(*(lm.generate("same") for _ in range(10)))
        assert len({draft.text for draft in drafts}) == 1

    run(tmp_path / "s.sqlite", client, work)
    assert len(client.requests) == 1


def test_all_that_is_wanted_at_once_is_asked_at_once(tmp_path: Path) -> None:
    client = CountingClient(delay=0.05)

    async def work(session: Session) -> None:
        await asyncio.gather(*(session.bind(MODEL).generate(f"question {i}") for i in range(20)))

    run(tmp_path / "s.sqlite", client, work)
    assert client.most_waiting == 20


def test_a_second_run_replays_without_opening_an_engine(tmp_path: Path) -> None:
    async def work(session: Session) -> None:
        lm = session.bind(MODEL)
        assert "q" in (await lm.generate("q")).text
        assert session.peak_memory(MODEL) == 4096

    first, second = CountingClient(), CountingClient()
    run(tmp_path / "s.sqlite", first, work)
    session = run(tmp_path / "s.sqlite", second, work)
    assert (len(first.requests), len(second.requests)) == (1, 0)
    assert (session.spending.asked, session.spending.replayed) == (0, 1)


def test_eight_draws_are_the_first_eight_of_sixteen(tmp_path: Path) -> None:
    client = CountingClient()

    async def work(session: Session) -> None:
        lm = session.bind(MODEL)
        eight = await lm.draws("q", 8, WARM)
        assert len(client.requests) == 8
        sixteen = await lm.draws("q", 16, WARM)
        assert sixteen[:8] == eight
        assert len({draft.text for draft in sixteen}) == 16

    run(tmp_path / "s.sqlite", client, work)
    assert len(client.requests) == 16


def test_draws_depend_on_the_study_seed_and_greedy_ones_do_not(tmp_path: Path) -> None:
    texts: list[str] = []

    async def work(session: Session) -> None:
        lm = session.bind(MODEL)
        texts.append((await lm.draws("q", 1, WARM))[0].text)
        await lm.generate("greedy")

    one, two = CountingClient(), CountingClient()
    run(tmp_path / "s.sqlite", one, work, seed=1)
    run(tmp_path / "s.sqlite", two, work, seed=2)
    assert texts[0] != texts[1]
    assert (len(one.requests), len(two.requests)) == (2, 1)


def test_models_do_not_share_answers(tmp_path: Path) -> None:
    client = CountingClient()

    async def work(session: Session) -> None:
        await session.bind(MODEL).generate("q")
        await session.bind(OTHER).generate("q")

    run(tmp_path / "s.sqlite", client, work)
    assert len(client.requests) == 2


def test_a_failure_is_a_draft_and_is_tried_again_next_time(tmp_path: Path) -> None:
    async def work(session: Session) -> None:
        draft = await session.bind(MODEL).generate("q")
        assert draft.finish in ("failed", "stop")

    failing, working = CountingClient(fail=True), CountingClient()
    run(tmp_path / "s.sqlite", failing, work)
    run(tmp_path / "s.sqlite", working, work)
    assert len(working.requests) == 1


def test_the_ledger_counts_a_repeat_as_naive_but_not_as_computed(tmp_path: Path) -> None:
    async def work(session: Session) -> None:
        meter = Meter()
        lm = session.bind(MODEL, meter)
        await lm.generate("q")
        once = meter.cost
        await lm.generate("q")
        assert meter.cost.flops_naive == 2 * once.flops_naive > 0
        assert meter.cost.flops_computed == once.flops_computed
        assert meter.cost.seconds == 0.5
        assert meter.cost.requests == 2

    run(tmp_path / "s.sqlite", CountingClient(), work)


def test_an_item_given_up_does_not_take_along_what_another_waits_for(tmp_path: Path) -> None:
    client = CountingClient(delay=0.05)

    async def work(session: Session) -> None:
        lm = session.bind(MODEL)
        impatient = asyncio.create_task(lm.generate("q"))
        patient = asyncio.create_task(lm.generate("q"))
        await asyncio.sleep(0.01)
        impatient.cancel()
        assert "q" in (await patient).text
        with pytest.raises(asyncio.CancelledError):
            await impatient

    run(tmp_path / "s.sqlite", client, work)
    assert len(client.requests) == 1


def test_who_comes_at_any_moment_of_a_flight_asks_nothing_again(tmp_path: Path) -> None:
    client = CountingClient(delay=0.003)

    async def work(session: Session) -> None:
        lm = session.bind(MODEL)

        async def late(ticks: int) -> str:
            for _ in range(ticks):
                await asyncio.sleep(0 if ticks % 2 else 0.0005)
            return (await lm.generate("same")).text

        assert len(set(await asyncio.gather(*(late(ticks) for ticks in range(120))))) == 1

    run(tmp_path / "s.sqlite", client, work)
    assert len(client.requests) == 1


def test_a_begun_reply_is_gone_on_with_and_another_model_is_charged_to_the_same_item(tmp_path: Path) -> None:
    client = CountingClient()
    meter = Meter()

    async def work(session: Session) -> None:
        lm = session.bind(MODEL, meter)
        await lm.generate("count", begun="One, two,")
        await lm.beside(OTHER).generate("count")

    run(tmp_path / "s.sqlite", client, work)
    begun, other = (request.prompt for request in client.requests)
    assert begun == f"{other}One, two,"
    assert meter.cost.requests == 2


def test_a_server_cannot_go_on_with_a_begun_reply(tmp_path: Path) -> None:
    async def work(session: Session) -> None:
        with pytest.raises(ModelError, match="strategy without steps"):
            await session.bind(replace(MODEL, engine="endpoint")).generate("count", begun="One,")

    run(tmp_path / "s.sqlite", CountingClient(), work)
