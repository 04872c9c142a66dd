"""What every database that holds a store must do: inherit, and say where one is (`url`, empty at the start of each test)."""

import asyncio
import subprocess
import sys
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import TypeVar

import polars as pl
import sqlalchemy as sql

from gulliver.inference import Session
from gulliver.inference.exporting import export
from gulliver.inference.holdings import Choice, database, look, prune
from gulliver.inference.keys import request_key
from gulliver.inference.store import Store
from gulliver.models.base import Generate, Reply, Sampling
from tests.inference.fakes import MODEL, OTHER, CountingClient

Result = TypeVar("Result")
WARM = Sampling(16, temperature=0.7)
WRITER = """
import asyncio, sys
from gulliver.inference import Session, Store
from gulliver.models.base import Reply, Sampling
from tests.inference.fakes import MODEL

class Client:
    async def ask(self, request):
        return Reply(f"{sys.argv[2]} says {request.prompt}", completion_tokens=1)
    def peak_memory(self):
        return int(sys.argv[3])
    async def close(self):
        pass

async def main():
    async with Store(sys.argv[1]) as store, Session(store, 0, lambda _: Client()) as session:
        for start in range(0, 400, 40):
            lm = session.bind(MODEL)
            drafts = await asyncio.gather(*(lm.generate(f"q{i}") for i in range(start, start + 40)))
            print("\\n".join(f"{start + i} {draft.text.strip()}" for i, draft in enumerate(drafts)), flush=True)

asyncio.run(main())
"""


def in_store(url: str, work: Callable[[Store], Awaitable[Result]]) -> Result:
    async def body() -> Result:
        async with Store(url) as store:
            return await work(store)

    return asyncio.run(body())


def key_of(i: int) -> str:
    return request_key(MODEL, Generate(f"q{i}", Sampling()), 0, 0)


async def put(store: Store, i: int, text: str) -> Reply:
    return await store.put(key_of(i), MODEL, Generate(f"q{i}", Sampling()), Reply(text))


class StoreContract:
    def test_a_reply_comes_back_as_it_was_whatever_text_it_holds(self, url: str) -> None:
        reply = Reply("täxt\x00 \ud83d half a pair \U0001f600", "length", 3, 4, 1, -1.5, (0.5, 1.0), 0.25, 2.0)
        asked = Generate("q\x00 \ud83d \U0001f600", Sampling(stop=("\n",)))
        key = request_key(MODEL, asked, 0, 0)

        async def work(store: Store) -> None:
            await store.put(key, MODEL, asked, reply)

        async def again(store: Store) -> dict[str, Reply]:
            return store.get([key])

        in_store(url, work)
        assert in_store(url, again) == {key: reply}

    def test_the_first_reply_stays_and_is_what_a_later_writer_gets(self, url: str) -> None:
        async def work(store: Store) -> list[Reply]:
            return [await put(store, 1, "first"), await put(store, 1, "second")]

        assert [reply.text for reply in in_store(url, work)] == ["first", "first"]

    def test_of_equal_keys_in_one_commit_the_first_stays(self, url: str) -> None:
        async def work(store: Store) -> list[Reply]:
            return list(await asyncio.gather(*(put(store, 1, text) for text in ("first", "second"))))

        assert [reply.text for reply in in_store(url, work)] == ["first", "first"]

    def test_thousands_are_written_and_read_back(self, url: str) -> None:
        async def work(store: Store) -> dict[str, Reply]:
            await asyncio.gather(*(put(store, i, str(i)) for i in range(3000)))
            assert store.count() == 3000
            assert len(store.created([key_of(i) for i in range(3000)])) == 3000
            return store.get([key_of(i) for i in range(3500)])

        found = in_store(url, work)
        assert {key: reply.text for key, reply in found.items()} == {key_of(i): str(i) for i in range(3000)}

    def test_what_many_look_for_at_once_is_read_together(self, url: str) -> None:
        async def work(store: Store) -> None:
            await asyncio.gather(*(put(store, i, str(i)) for i in range(400)))
            reads: list[str] = []
            sql.event.listen(store._engine, "before_cursor_execute", lambda *seen: reads.append(seen[2]))
            found = await asyncio.gather(*(store.find([key_of(i), key_of(i + 1)]) for i in range(0, 400, 2)))
            assert [found[i][key_of(2 * i + 1)].text for i in range(200)] == [str(2 * i + 1) for i in range(200)]
            assert len(reads) == 1

        in_store(url, work)

    def test_judgements_and_peaks_are_kept(self, url: str) -> None:
        async def work(store: Store) -> None:
            await store.put_judged("k", MODEL, {"outcome": "right", "uses": []})
            await store.put_judged("k", MODEL, {"outcome": "wrong", "uses": []})
            assert [store.peak(MODEL, seen) for seen in (0, 3 << 32, 5, 0)] == [0, 3 << 32, 3 << 32, 3 << 32]
            assert store.peak(OTHER) == 0

        async def again(store: Store) -> object:
            assert store.peak(MODEL) == 3 << 32
            found = store.judged("k")
            return found and found[0]

        in_store(url, work)
        assert in_store(url, again) == {"outcome": "right", "uses": []}

    def test_two_processes_write_the_same_answers_at_once_and_see_the_same(self, url: str) -> None:
        root = Path(__file__).parents[2]
        writers = [
            subprocess.Popen(
                [sys.executable, "-c", WRITER, url, name, memory], cwd=root, text=True,
                stdout=subprocess.PIPE, stderr=subprocess.PIPE,
            )
            for name, memory in (("one", "700"), ("two", "900"))
        ]  # fmt: skip
        told = [writer.communicate(timeout=120) for writer in writers]
        assert [writer.returncode for writer in writers] == [0, 0], [error for _, error in told]
        assert told[0][0] == told[1][0]
        assert len(told[0][0].splitlines()) == 400, told

        async def work(store: Store) -> tuple[int, int]:
            return store.count(), store.peak(MODEL)

        assert in_store(url, work) == (400, 900)

    def test_a_session_replays_draws_from_it(self, url: str) -> None:
        first, second = CountingClient(), CountingClient()

        def drawn(client: CountingClient) -> list[str]:
            async def body() -> list[str]:
                async with Store(url) as store, Session(store, 0, lambda _: client) as session:
                    return [draft.text for draft in await session.bind(MODEL).draws("q", 32, WARM)]

            return asyncio.run(body())

        assert drawn(first) == drawn(second)
        assert (len(first.requests), len(second.requests)) == (32, 0)

    def test_it_is_counted_pruned_and_exported(self, url: str, tmp_path: Path) -> None:
        async def work(store: Store) -> None:
            await asyncio.gather(*(put(store, i, f"täxt {i}") for i in range(40)))
            asked = Generate("other", WARM)
            await store.put(request_key(OTHER, asked, 0, 0), OTHER, asked, Reply("x", vector=(0.5, 1.0)))
            await store.put_judged("k", OTHER, {"outcome": "right", "uses": [1, 2]})

        in_store(url, work)
        with database(url) as engine:
            held = look(engine)
            assert [(share.model, share.answers) for share in held.shares] == [("d" * 64, 40), ("e" * 64, 1)]
            assert (held.answers, held.judgements) == (41, 1)
            assert held.bytes > 0
            path = tmp_path / "x.parquet"
            assert export(engine, path, Choice(models=("d" * 64,))) == 40
            texts = pl.read_parquet(path)["text"].to_list()
            assert sorted(texts) == sorted(f"täxt {i}" for i in range(40))
            assert prune(engine, Choice(before=0.0)) == 0
            assert prune(engine, Choice(models=("e" * 64,))) == 2
            left = look(engine)
            assert (left.answers, left.judgements) == (40, 0)
