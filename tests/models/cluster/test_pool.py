"""Workers that share requests: who gets which, and what happens when one dies. No cluster is needed for that."""

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable
from typing import TypeVar

import pytest

from gulliver.errors import ClusterError, ModelError
from gulliver.models.base import Generate, Reply, Sampling
from gulliver.models.cluster.pool import TRIES, FarClient, Pool
from tests.models.cluster.fakes import FakeCluster, FakeWorker
from tests.models.engine_contract import scripted

Result = TypeVar("Result")
MODEL = scripted()


def request(number: int) -> Generate:
    return Generate(f"{number} + 1", Sampling())


def ask(client: FarClient, count: int) -> "list[asyncio.Task[Reply]]":
    return [asyncio.ensure_future(client.ask(request(n))) for n in range(count)]


def prompts(worker: FakeWorker) -> list[str]:
    return [asked.prompt for asked in worker.asked if isinstance(asked, Generate)]


async def until(true: Callable[[], object]) -> None:
    while not true():  # noqa: ASYNC110 (nothing signals it)
        await asyncio.sleep(0.002)


def run(
    cluster: FakeCluster,
    body: Callable[[Pool], Awaitable[Result]],
    workers: int = 2,
    in_flight: int = 4,
    patience: float = 5.0,
) -> Result:
    async def work() -> Result:
        pool = Pool(cluster.start, workers, in_flight, "a cluster", patience)
        try:
            await pool.open()
            return await body(pool)
        finally:
            await pool.close()

    return asyncio.run(asyncio.wait_for(work(), 20))


def test_workers_share_the_requests_and_none_has_more_than_its_limit() -> None:
    cluster = FakeCluster()

    async def body(pool: Pool) -> list[Reply]:
        return list(await asyncio.gather(*ask(pool.client(MODEL), 40)))

    replies = run(cluster, body)
    assert Counter(reply.text for reply in replies) == {str(w.number): len(w.asked) for w in cluster.workers}
    assert [w.most for w in cluster.workers] == [4, 4]
    assert all(len(w.asked) >= 12 for w in cluster.workers)
    assert all(w.killed for w in cluster.workers)


def test_a_slow_worker_gets_fewer() -> None:
    cluster = FakeCluster(0.3, 0.01)
    run(cluster, lambda pool: asyncio.gather(*ask(pool.client(MODEL), 60)))
    slow, quick = (len(w.asked) for w in cluster.workers)
    assert slow + quick == 60
    assert quick > 1.5 * slow


def test_a_model_is_opened_once_a_worker_that_is_asked_for_it_and_let_go_everywhere() -> None:
    cluster = FakeCluster()

    async def body(pool: Pool) -> int:
        one, two = pool.client(MODEL), pool.client(MODEL)
        await asyncio.gather(*ask(one, 20))
        await two.ask(request(0))
        await one.close()
        return one.peak_memory()

    peak = run(cluster, body)
    assert [w.opened["0"] for w in cluster.workers] == [1, 1]
    assert sum(w.opened["1"] for w in cluster.workers) == 1  # one request, so one worker
    assert [w.closed for w in cluster.workers] == [["0"], ["0"]]
    assert peak == 1000 + max(w.number for w in cluster.workers)


def test_a_dead_workers_requests_are_done_by_others_and_no_answered_one_is_asked_again() -> None:
    cluster = FakeCluster(0.05, 0.05)

    async def body(pool: Pool) -> tuple[list[Reply], str]:
        tasks = ask(pool.client(MODEL), 40)
        await until(lambda: len(cluster.workers[0].asked) > 8)
        cluster.workers[0].die()
        return list(await asyncio.gather(*tasks)), pool.told()

    replies, told = run(cluster, body)
    assert all(reply.finish == "stop" for reply in replies)
    asked = Counter(prompt for worker in cluster.workers for prompt in prompts(worker))
    again = [prompt for prompt, times in asked.items() if times > 1]
    assert set(asked) == {request(n).prompt for n in range(40)}
    assert 1 <= len(again) <= 4  # what it had under way
    assert max(asked.values()) == 2
    assert len(cluster.workers) == 3  # a new one was started
    assert cluster.workers[2].asked
    noun = "request" if len(again) == 1 else "requests"
    assert told == f"1 worker on a cluster died on the way; {len(again)} {noun} under way there went to others."


def test_a_worker_that_dies_while_it_opens_a_model_is_no_cancellation() -> None:
    cluster = FakeCluster()

    async def body(pool: Pool) -> list[Reply]:
        cluster.workers[0].opening = 1e9
        tasks = ask(pool.client(MODEL), 8)
        await until(lambda: cluster.workers[0].opened)
        cluster.workers[0].die()
        return list(await asyncio.gather(*tasks))

    assert {reply.finish for reply in run(cluster, body)} == {"stop"}


def test_lost_requests_go_before_those_that_wait() -> None:
    cluster = FakeCluster(1e9, 0.02)

    async def body(pool: Pool) -> None:
        tasks = ask(pool.client(MODEL), 30)
        await until(lambda: len(cluster.workers[0].asked) == 4)
        before = len(cluster.log)
        cluster.workers[0].die()
        await asyncio.gather(*tasks)
        after = cluster.log[before:]
        assert max(after.index(lost) for lost in cluster.workers[0].asked) < len(after) - 6

    run(cluster, body)


def test_a_request_that_takes_its_workers_down_is_its_own_failure_and_not_the_clusters_end() -> None:
    cluster = FakeCluster(*[1e9] * TRIES)

    async def body(pool: Pool) -> tuple[Reply, Reply]:
        client = pool.client(MODEL)
        poison = asyncio.ensure_future(client.ask(request(0)))
        for number in range(TRIES):
            await until(lambda number=number: len(cluster.workers) > number and cluster.workers[number].asked)  # type: ignore[misc]
            cluster.workers[number].die("out of memory")
        return await poison, await client.ask(request(1))

    failed, fine = run(cluster, body, workers=1 + TRIES // 2)
    assert failed.finish == "failed"
    assert failed.error == f"{TRIES} workers died while they had this request, the last time out of memory."
    assert fine.finish == "stop"


def test_when_all_are_gone_one_sentence_says_so_to_everyone() -> None:
    cluster = FakeCluster(*[1e9] * 20)

    async def body(pool: Pool) -> list[BaseException]:
        client = pool.client(MODEL)
        tasks = ask(client, 12)
        while not all(task.done() for task in tasks):
            for worker in cluster.workers:
                worker.die("no such luck")
            await asyncio.sleep(0.005)
        late = asyncio.ensure_future(client.ask(request(99)))
        return [e for e in await asyncio.gather(*tasks, late, return_exceptions=True) if isinstance(e, ClusterError)]

    errors = run(cluster, body, in_flight=1)
    assert len(cluster.workers) <= 6  # it does not try for ever
    assert errors
    assert str(errors[-1]).startswith("All workers on a cluster are gone (the last: no such luck); ")


def test_a_cluster_without_room_says_so_after_a_while() -> None:
    with pytest.raises(ClusterError, match="no worker started within"):
        run(FakeCluster(room=0), lambda pool: pool.client(MODEL).ask(request(0)), patience=0.1)


def test_one_worker_is_enough_where_there_is_no_room_for_the_others() -> None:
    cluster = FakeCluster(room=1)
    replies = run(cluster, lambda pool: asyncio.gather(*ask(pool.client(MODEL), 10)), workers=3)
    assert {reply.text for reply in replies} == {str(cluster.workers[0].number)}


def test_what_a_worker_refuses_is_the_models_trouble() -> None:
    cluster = FakeCluster()

    async def body(pool: Pool) -> None:
        for worker in cluster.workers:
            worker.refusal = "It is not here."
        with pytest.raises(ModelError, match=r"^It is not here\.$"):
            await pool.client(MODEL).ask(request(0))

    run(cluster, body)


def test_a_request_given_up_frees_its_place() -> None:
    cluster = FakeCluster(1e9)

    async def body(pool: Pool) -> Reply:
        client = pool.client(MODEL)
        stuck, waiting = ask(client, 2)
        await until(lambda: cluster.workers[0].now)
        for task in (waiting, stuck):
            task.cancel()
        await asyncio.gather(stuck, waiting, return_exceptions=True)
        await until(lambda: not cluster.workers[0].now)
        cluster.workers[0].delay = 0.0
        return await client.ask(request(2))

    assert run(cluster, body, workers=1, in_flight=1).finish == "stop"
    assert len(cluster.workers[0].asked) == 2  # the one that waited was never sent


def test_closing_tells_who_still_waits() -> None:
    cluster = FakeCluster(1e9)

    async def work() -> None:
        pool = Pool(cluster.start, 1, 1, "a cluster")
        await pool.open()
        tasks = ask(pool.client(MODEL), 2)
        await until(lambda: cluster.workers[0].now)
        await pool.close()
        with pytest.raises(ClusterError, match="let go"):
            await tasks[1]
        tasks[0].cancel()

    asyncio.run(work())
