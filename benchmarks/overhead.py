"""What Gulliver adds to a model: `python -m benchmarks.overhead [--requests N] [--long N] [--stored N]`.

A scripted model answers at once, so all time is Gulliver's own: item to prompt, key, store, ledger, reading and judging the
answer, and a commit before anyone sees it. Printed are microseconds a request (goal 200), seconds to read 100,000 stored
answers back (goal 2), and how much the process grew between the first tenth and the end of a million requests (goal: at
most 5 %), asked in studies of 10,000 that share one store.
"""

import argparse
import asyncio
import json
import os
import tempfile
import time
from pathlib import Path

import psutil

from benchmarks.replay import MODEL, read_back
from gulliver.inference import Session, Store
from gulliver.studies.asking import ask_items
from gulliver.studies.recipe import parse_recipe
from gulliver.tasks.base import make_item
from gulliver.tasks.judges import Number

EACH = 10_000


async def asked(path: Path, count: int, first: int = 0) -> float:
    """Seconds for so many items, one request each, never asked before."""
    recipe = parse_recipe(f"{MODEL} | direct")
    items = [make_item(f"sum-{k}", f"What is {k} + 7?", k + 7, Number()) for k in range(first, first + count)]
    async with Store(path) as store, Session(store) as session:
        began = time.perf_counter()
        await ask_items(recipe, items, session)
        return time.perf_counter() - began


def grown(folder: Path, count: int) -> tuple[float, float]:
    """This process's memory (bytes) after a tenth of the requests, and at the end."""
    process = psutil.Process(os.getpid())
    early = 0.0
    rounds = max(1, count // EACH)
    for number in range(rounds):
        asyncio.run(asked(folder / "long.sqlite", EACH, number * EACH))
        if number == rounds // 10:
            early = float(process.memory_info().rss)
        if number % 10 == 9:
            print(f"{(number + 1) * EACH:,} requests, {process.memory_info().rss / 1e6:.0f} MB", flush=True)
    return early or float(process.memory_info().rss), float(process.memory_info().rss)


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--requests", type=int, default=20_000)
    parser.add_argument("--long", type=int, default=1_000_000)
    parser.add_argument("--stored", type=int, default=100_000)
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        asyncio.run(asked(folder / "warm.sqlite", 500))
        each = min(asyncio.run(asked(folder / f"{i}.sqlite", given.requests)) for i in range(3)) / given.requests
        print(f"{each * 1e6:.0f} microseconds a request, best of three times {given.requests:,}", flush=True)
        back = read_back(folder / "back.sqlite", given.stored)
        print(f"{given.stored:,} answers read back in {back['store']:.2f} s; through a session {back['session']:.2f} s", flush=True)  # fmt: skip
        early, late = grown(folder, given.long)
    print(json.dumps({
        "name": "overhead", "ours": round(each * 1e6, 1), "theirs": 200, "ratio": round(each * 1e6 / 200, 3), "goal": 1, "more": [
            {"name": "answers read back", "ours": round(back["store"], 3), "theirs": 2, "ratio": round(back["store"] / 2, 3), "goal": 1},
            {"name": "memory over a million requests", "ours": round(late / 1e6, 1), "theirs": round(early / 1e6, 1), "ratio": round(late / early, 4), "goal": 1.05},
        ],
    }))  # fmt: skip


if __name__ == "__main__":
    main()
