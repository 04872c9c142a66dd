"""What serving costs over the engine alone. `python -m benchmarks.serving [PART ...] [--model M] [--requests N]`.

Parts: `overhead` (one request at a time: server less engine, p50; goal 2 ms), `streams` (32 at once: tokens a second, server
over engine; goal 0.95), `connections` (200 open at once, all answered), `memory` (50,000 requests to a scripted model: what
the server's process grew by from a tenth of them to the end; goal 5 %). Server and engine run in processes of their own, as
they always do. The last line is one JSON object. Exits with 1 where a goal is missed.
"""

import argparse
import asyncio
import contextlib
import json
import os
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import psutil

from benchmarks.serving_client import Connection, chat
from gulliver.models import load_model
from gulliver.models.base import Generate, Message, Sampling
from gulliver.models.chat import render
from gulliver.serving.engine import Restarted

PARTS = ("overhead", "streams", "connections", "memory")
QUICK = "scripted:m?tokens=16"
SLOW = "scripted:m?tokens=16&latency=0.5"


@dataclass(frozen=True)
class Part:
    """The server's number, the one it stands against, the `ratio` that the goal is set for, and whether that was reached."""

    name: str
    ours: float
    theirs: float
    ratio: float
    goal: float
    met: bool
    note: str

    def line(self) -> dict[str, str | float]:
        """As benchmarks print it."""
        return {"name": self.name, "ours": round(self.ours, 4), "theirs": round(self.theirs, 4), "ratio": round(self.ratio, 4), "goal": self.goal}  # fmt: skip


@contextlib.contextmanager
def server(model: str, *options: str) -> Iterator[tuple[int, psutil.Process]]:
    """`gulliver serve` on a free port: the port and its process."""
    command = [sys.executable, "-c", "from gulliver.cli import main; main()", "serve", f"{model} | direct"]
    process = subprocess.Popen(
        [*command, "--port", "0", "--quiet", *options], stdout=subprocess.PIPE, text=True, env={**os.environ, "OMP_NUM_THREADS": os.environ.get("OMP_NUM_THREADS", "1")},
    )  # fmt: skip
    assert process.stdout is not None
    try:
        line = process.stdout.readline()
        if " answers at " not in line:
            raise SystemExit("the server did not start; what it said stands above")
        yield int(line.rsplit(":", 1)[1].split("/")[0]), psutil.Process(process.pid)
    finally:
        process.terminate()
        process.wait(timeout=60)
        process.stdout.close()


def question(number: int) -> str:
    return f"What is {number} + 3?"


async def engine_alone(model: str, requests: int, at_once: int, tokens: int) -> tuple[list[float], float]:
    """Seconds of each request put to the engine's process directly, and tokens a second of all."""
    made = load_model(model)
    engine = Restarted(made)
    await engine.start()
    seconds: list[float] = []
    written = 0
    numbers = iter(range(requests))

    async def ask_on() -> None:
        nonlocal written
        for number in numbers:
            prompt = render(made.card, [Message("user", question(number))])
            began = time.perf_counter()
            reply = await engine.ask(Generate(prompt, Sampling(tokens)))
            seconds.append(time.perf_counter() - began)
            written += reply.completion_tokens

    began = time.perf_counter()
    await asyncio.gather(*(ask_on() for _ in range(at_once)))
    took = time.perf_counter() - began
    await engine.close()
    return seconds, written / took


async def served(port: int, requests: int, at_once: int, tokens: int, stream: bool) -> tuple[list[float], float]:
    """The same through the server."""
    seconds: list[float] = []
    written = 0
    numbers = iter(range(requests))
    options = {"stream": True, "stream_options": {"include_usage": True}} if stream else {}

    async def ask_on() -> None:
        nonlocal written
        async with Connection(port) as connection:
            for number in numbers:
                reply = await connection.post(chat(question(number), max_tokens=tokens, **options))
                if reply.status != 200:
                    raise SystemExit(f"the server answered {reply.status}: {reply.body[:200]!r}")
                seconds.append(reply.seconds)
                last = reply.body.strip().split(b"\n\n")[-2][6:] if stream else reply.body
                written += json.loads(last)["usage"]["completion_tokens"]

    began = time.perf_counter()
    await asyncio.gather(*(ask_on() for _ in range(at_once)))
    return seconds, written / (time.perf_counter() - began)


def overhead(model: str, requests: int) -> Part:
    """p50 of one request at a time, server less engine, in turns so that both meet the same machine."""
    own, through = [], []
    with server(model) as (port, _):
        for _ in range(3):
            own += asyncio.run(engine_alone(model, requests // 3, 1, 16))[0][5:]
            through += asyncio.run(served(port, requests // 3, 1, 16, False))[0][5:]
    engine, whole = statistics.median(own), statistics.median(through)
    over = 1000 * (whole - engine)
    note = f"{over:.2f} ms over the engine's {1000 * engine:.2f} ms"
    return Part("overhead, p50, ms", 1000 * whole, 1000 * engine, over, 2.0, over <= 2.0, note)


def streams(model: str, requests: int) -> Part:
    """Tokens a second of 32 streams at once over those of the engine alone: the median of three pairs, in turns."""
    alone, through = [], []
    with server(model) as (port, _):
        asyncio.run(served(port, 32, 32, 4, True))
        for turn in range(3):
            for side in ("alone", "served")[:: 1 if turn % 2 else -1]:
                if side == "alone":
                    alone.append(asyncio.run(engine_alone(model, requests, 32, 64))[1])
                else:
                    through.append(asyncio.run(served(port, requests, 32, 64, True))[1])
    ratios = [own / bare for own, bare in zip(through, alone, strict=True)]
    ratio = statistics.median(ratios)
    note = f"tokens a second of {model}; the pairs' ratios {', '.join(f'{one:.2f}' for one in ratios)}"
    return Part("32 streams", statistics.median(through), statistics.median(alone), ratio, 0.95, ratio >= 0.95, note)


def connections(count: int = 200) -> Part:
    """So many connections that ask at the same moment; the queue holds those that wait."""
    with server(SLOW, "--queue", str(count)) as (port, process):

        async def work() -> int:
            async with contextlib.AsyncExitStack() as stack:
                opened = [await stack.enter_async_context(Connection(port)) for _ in range(count)]
                open_now = sum(one.status == psutil.CONN_ESTABLISHED for one in process.net_connections())
                replies = await asyncio.gather(*(one.post(chat(question(n))) for n, one in enumerate(opened)))
                answered = sum(reply.status == 200 for reply in replies)
                return answered if open_now >= count else 0

        answered = asyncio.run(work())
    return Part(
        "connections", answered, count, answered / count, 1.0, answered == count, "answered of those open at once"
    )


def memory(requests: int = 50_000) -> Part:
    """Resident memory of the server's process after all requests over that after a tenth of them."""
    with server(QUICK, "--queue", "64") as (port, process):
        asyncio.run(served(port, requests // 10, 16, 16, False))
        before = process.memory_info().rss
        began = time.perf_counter()
        asyncio.run(served(port, requests - requests // 10, 16, 16, False))
        rate = (requests - requests // 10) / (time.perf_counter() - began)
        after = process.memory_info().rss
    grown = after / before - 1
    note = f"{before / 1e6:.1f} MB after {requests // 10}, {after / 1e6:.1f} MB after {requests}; {rate:.0f} requests/s"
    return Part("memory", after / 1e6, before / 1e6, 1 + grown, 1.05, grown <= 0.05, note)


def main() -> int:
    """Run the parts and print them."""
    options = argparse.ArgumentParser()
    options.add_argument("parts", nargs="*", metavar="PART", help=", ".join(PARTS))
    options.add_argument("--model", default=QUICK, help="of overhead and streams")
    options.add_argument("--requests", type=int, default=0)
    chosen = options.parse_args()
    unknown = set(chosen.parts) - set(PARTS)
    if unknown:
        options.error(f"there is no part {', '.join(sorted(unknown))}; there are {', '.join(PARTS)}")
    run: dict[str, Callable[[], Part]] = {
        "overhead": lambda: overhead(chosen.model, chosen.requests or 600),
        "streams": lambda: streams(chosen.model, chosen.requests or 256),
        "connections": connections,
        "memory": lambda: memory(chosen.requests or 50_000),
    }
    found = []
    for name in chosen.parts or PARTS:
        part = run[name]()
        found.append(part)
        print(f"{part.name}: {part.ratio:.3g} (goal {part.goal:g}, {'met' if part.met else 'missed'}); {part.note}", flush=True)  # fmt: skip
    print(json.dumps({**found[0].line(), "more": [part.line() for part in found[1:]]}))
    return int(not all(part.met for part in found))


if __name__ == "__main__":
    raise SystemExit(main())
