"""What Gulliver adds to a model: `python -m benchmarks.overhead [--requests N] [--long N] [--stored N]`.

What is counted as a request's overhead: all that happens between an item and its judged answer but the model. Item to prompt,
key, look into the store, a turn of the event loop for each wait, ledger, a commit before anyone sees the answer, reading and
judging it, and the record of the item. A scripted model answers at once in the same process; the time that its script takes
for the same requests is measured apart and taken off. Processor time is compared with the goal, since it does not depend on
who else uses the machine; the time on the clock, with the waits for the disk, stands beside it.

Printed are microseconds a request (goal 200), seconds to read 100,000 stored answers back, from the store and through a session
(goal 2), and how much the process grew between the first tenth and the end of a million requests (goal: at most 5 %), asked in
studies of 10,000 that share one store.
"""

import argparse
import asyncio
import json
import os
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

import psutil

from benchmarks.replay import MODEL, read_back
from gulliver.inference import Session, Store
from gulliver.models.base import Generate, Sampling
from gulliver.models.chat import render
from gulliver.models.engines.scripted import scripted_reply
from gulliver.studies.asking import ask_items
from gulliver.studies.recipe import parse_recipe
from gulliver.tasks.base import Item, make_item
from gulliver.tasks.judges import Number

EACH = 10_000


RECIPE = parse_recipe(f"{MODEL} | direct")


@dataclass(frozen=True)
class Seconds:
    """Of the processor, and on the clock."""

    processor: float
    clock: float


def questions(count: int, first: int = 0) -> list[Item]:
    return [make_item(f"sum-{k}", f"What is {k} + 7?", k + 7, Number()) for k in range(first, first + count)]


async def asked(path: Path, count: int, first: int = 0) -> Seconds:
    """For so many items, one request each, never asked before."""
    items = questions(count, first)
    async with Store(path) as store, Session(store) as session:
        processor, clock = time.process_time(), time.perf_counter()
        await ask_items(RECIPE, items, session)
        return Seconds(time.process_time() - processor, time.perf_counter() - clock)


def scripted(count: int) -> float:
    """Seconds of the processor that the script itself takes for as many requests."""
    requests = [
        Generate(render(RECIPE.model.card, item.prompt), Sampling(max_tokens=item.max_tokens))
        for item in questions(count)
    ]
    began = time.process_time()
    for request in requests:
        scripted_reply(RECIPE.model, request)
    return time.process_time() - began


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
        rounds = [asyncio.run(asked(folder / f"{i}.sqlite", given.requests)) for i in range(3)]
        script = min(scripted(given.requests) for _ in range(3)) / given.requests * 1e6
        each = min(one.processor for one in rounds) / given.requests * 1e6 - script
        clock = min(one.clock for one in rounds) / given.requests * 1e6 - script
        print(f"{each:.0f} microseconds of the processor a request ({clock:.0f} on the clock), without the script's {script:.0f}; best of three times {given.requests:,}", flush=True)  # fmt: skip
        back = read_back(folder / "back.sqlite", given.stored)
        print(f"{given.stored:,} answers read back in {back['store']:.2f} s; through a session {back['session']:.2f} s", flush=True)  # fmt: skip
        early, late = grown(folder, given.long)
    print(json.dumps({
        "name": "overhead", "ours": round(each, 1), "theirs": 200, "ratio": round(each / 200, 3), "goal": 1, "more": [
            {"name": "overhead on the clock", "ours": round(clock, 1), "theirs": 200, "ratio": round(clock / 200, 3), "goal": 1},
            {"name": "answers read back", "ours": round(back["store"], 3), "theirs": 2, "ratio": round(back["store"] / 2, 3), "goal": 1},
            {"name": "answers read back through a session", "ours": round(back["session"], 3), "theirs": 2, "ratio": round(back["session"] / 2, 3), "goal": 1},
            {"name": "memory over a million requests", "ours": round(late / 1e6, 1), "theirs": round(early / 1e6, 1), "ratio": round(late / early, 4), "goal": 1.05},
        ],
    }))  # fmt: skip


if __name__ == "__main__":
    main()
