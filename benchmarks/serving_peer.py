"""Gulliver's server and optillm's proxy over the same engine. `python -m benchmarks.serving_peer [--requests N] [--model M]`.

Both stand in front of one backend, `gulliver serve M | direct`, and add nothing to its answers: optillm with its approach
`none`, Gulliver with the recipe `openai:…@backend | direct`. Asked in turns, so that both meet the same machine: p50 one at a
time, requests a second from 16 connections. Printed are optillm's numbers over Gulliver's (p50) and Gulliver's over optillm's
(throughput): above 1 Gulliver is ahead. The last line is one JSON object. optillm runs in an environment of its own (see `optillm_peer`).
"""

import argparse
import asyncio
import contextlib
import json
import statistics
import sys
import time

from benchmarks.optillm_peer import VERSION, optillm
from benchmarks.serving import QUICK, server
from benchmarks.serving_client import Connection, chat

AT_ONCE = 16


async def timed(port: int, model: str, requests: int, at_once: int) -> tuple[list[float], float]:
    """Seconds of each request, and requests a second."""
    seconds: list[float] = []
    numbers = iter(range(requests))

    async def ask_on() -> None:
        # Its development server closes after each answer; both are asked on a fresh connection each time.
        for number in numbers:
            began = time.perf_counter()
            async with Connection(port) as connection:
                reply = await connection.post(chat(f"What is {number} + 3?", model=model, max_tokens=16))
            if reply.status != 200 or not json.loads(reply.body)["choices"][0]["message"]["content"]:
                raise SystemExit(f"port {port} answered {reply.status}: {reply.body[:200]!r}")
            seconds.append(time.perf_counter() - began)

    began = time.perf_counter()
    await asyncio.gather(*(ask_on() for _ in range(at_once)))
    return seconds, requests / (time.perf_counter() - began)


def compared(model: str, requests: int) -> tuple[dict[str, float], dict[str, float]]:
    """Both, in three turns: p50 in milliseconds, and requests a second from `AT_ONCE` connections."""
    alone: dict[str, list[float]] = {"gulliver": [], "optillm": []}
    rates: dict[str, list[float]] = {"gulliver": [], "optillm": []}
    with contextlib.ExitStack() as stack:
        backend, _ = stack.enter_context(server(model, "--name", "m"))
        own, _ = stack.enter_context(server(f"openai:m@http://127.0.0.1:{backend}/v1", "--name", "m"))
        ports = {"gulliver": own, "optillm": stack.enter_context(optillm(backend))}
        for _turn in range(3):
            for who, port in ports.items():
                alone[who] += asyncio.run(timed(port, "m", requests // 3, 1))[0]
                rates[who].append(asyncio.run(timed(port, "m", requests // 3, AT_ONCE))[1])
    p50 = {who: 1000 * statistics.median(seconds) for who, seconds in alone.items()}
    return p50, {who: statistics.median(each) for who, each in rates.items()}


def main() -> int:
    """Run and print."""
    options = argparse.ArgumentParser()
    options.add_argument("--model", default=QUICK)
    options.add_argument("--requests", type=int, default=300)
    chosen = options.parse_args()
    p50, rate = compared(chosen.model, chosen.requests)
    print(f"p50, one at a time: optillm {VERSION} {p50['optillm']:.1f} ms, gulliver {p50['gulliver']:.1f} ms")
    print(
        f"from {AT_ONCE} connections: optillm {rate['optillm']:.0f} requests a second, gulliver {rate['gulliver']:.0f}"
    )
    at_once = {"name": "requests a second", "ours": round(rate["gulliver"], 1), "theirs": round(rate["optillm"], 1), "ratio": round(rate["gulliver"] / rate["optillm"], 3), "goal": 1.0}  # fmt: skip
    print(json.dumps({"name": "serving_peer, p50 in ms", "ours": round(p50["gulliver"], 2), "theirs": round(p50["optillm"], 2), "ratio": round(p50["optillm"] / p50["gulliver"], 3), "goal": 1.0, "more": [at_once]}))  # fmt: skip
    return 0


if __name__ == "__main__":
    sys.exit(main())
