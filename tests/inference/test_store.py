"""Finished means committed: what a caller saw is there after any kill."""

import asyncio
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from gulliver.errors import GulliverError
from gulliver.inference.keys import draw_seed, request_key
from gulliver.inference.store import Store
from gulliver.models.base import Generate, Reply, Sampling
from tests.inference.fakes import MODEL

WRITER = """
import asyncio, sys
from gulliver.inference.keys import request_key
from gulliver.inference.store import Store
from gulliver.models.base import Generate, Reply, Sampling
from tests.inference.fakes import MODEL

async def main():
    async with Store(__import__("pathlib").Path(sys.argv[1])) as store:
        async def one(i):
            request = Generate(f"q{i}", Sampling())
            await store.put(request_key(MODEL, request, 0, 0), MODEL, request, Reply(f"a{i}"))
            print(i, flush=True)
        for start in range(0, 100000, 20):
            await asyncio.gather(*(one(i) for i in range(start, start + 20)))

asyncio.run(main())
"""


def test_what_was_seen_finished_survives_kill_nine(tmp_path: Path) -> None:
    path = tmp_path / "s.sqlite"
    log = tmp_path / "seen"
    with log.open("w") as out:
        writer = subprocess.Popen([sys.executable, "-c", WRITER, str(path)], stdout=out, cwd=Path(__file__).parents[2])
        try:
            deadline = time.monotonic() + 60
            while log.stat().st_size < 200 and time.monotonic() < deadline:
                time.sleep(0.02)
        finally:
            os.kill(writer.pid, signal.SIGKILL)
            writer.wait()
    seen = log.read_text().rpartition("\n")[0].split()
    assert len(seen) > 20

    async def read() -> int:
        async with Store(path) as store:
            keys = [request_key(MODEL, Generate(f"q{i}", Sampling()), 0, 0) for i in seen]
            return len(store.get(keys))

    assert asyncio.run(read()) == len(seen)


def test_a_reply_comes_back_as_it_was(tmp_path: Path) -> None:
    request = Generate("q", Sampling(stop=("\n",)))
    reply = Reply(
        "täxt\x00 \ud83d\ude00".encode("utf-16", "surrogatepass").decode("utf-16"),
        "length",
        3,
        4,
        1,
        -1.5,
        (0.5, 1.0),
        0.25,
        2.0,
    )

    async def body() -> Reply:
        async with Store(tmp_path / "s.sqlite") as store:
            key = request_key(MODEL, request, 0, 0)
            await store.put(key, MODEL, request, reply)
            await store.put(key, MODEL, request, Reply("a later one does not replace it"))
            return store.get([key])[key]

    assert asyncio.run(body()) == reply


def test_the_key_depends_on_everything_that_shapes_an_answer() -> None:
    from dataclasses import replace

    plain = Generate("q", Sampling())
    warm = Generate("q", Sampling(temperature=0.5))
    variants = [
        (MODEL, plain, 0, 0),
        (MODEL, Generate("p", Sampling()), 0, 0),
        (MODEL, Generate("q", Sampling(max_tokens=7)), 0, 0),
        (MODEL, warm, 0, 0),
        (MODEL, warm, 1, 0),
        (MODEL, warm, 0, 1),
        (replace(MODEL, engine_version="2"), plain, 0, 0),
        (replace(MODEL, options={"exact": True}), plain, 0, 0),
        (replace(MODEL, card=replace(MODEL.card, digest="0")), plain, 0, 0),
    ]
    assert len({request_key(*variant) for variant in variants}) == len(variants)
    assert request_key(MODEL, plain, 0, 0) == request_key(replace(MODEL, name="alias"), plain, 3, 9)
    assert draw_seed(MODEL, warm, 0, 0) != draw_seed(MODEL, warm, 1, 0)


def test_a_store_that_cannot_be_opened_is_one_sentence(tmp_path: Path) -> None:
    (tmp_path / "s.sqlite").write_bytes(b"this is no database, and long enough to be looked at" * 40)
    with pytest.raises(GulliverError, match="cannot be opened"):
        Store(tmp_path / "s.sqlite")
