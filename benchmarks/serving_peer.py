"""Gulliver's server and optillm's proxy over the same engine. `python -m benchmarks.serving_peer [--requests N] [--model M] [--json]`.

Both stand in front of one backend, `gulliver serve M | direct`, and add nothing to its answers: optillm with its approach
`none`, Gulliver with the recipe `openai:…@backend | direct`. Asked in turns, so that both meet the same machine: p50 one at a
time, requests a second from 16 connections. Printed are optillm's numbers over Gulliver's (p50) and Gulliver's over optillm's
(throughput): above 1 Gulliver is ahead. optillm runs in an environment of its own (see `optillm_peer`).
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


def compared(model: str, requests: int) -> dict[str, float]:
    """Both, in three turns."""
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
    p50 = {who: statistics.median(seconds) for who, seconds in alone.items()}
    rate = {who: statistics.median(each) for who, each in rates.items()}
    return {
        "p50_ratio": p50["optillm"] / p50["gulliver"],
        "throughput_ratio": rate["gulliver"] / rate["optillm"],
        **{f"p50_ms_{who}": 1000 * value for who, value in p50.items()},
        **{f"requests_per_second_{who}": value for who, value in rate.items()},
    }


def main() -> int:
    """Run and print."""
    options = argparse.ArgumentParser()
    options.add_argument("--model", default=QUICK)
    options.add_argument("--requests", type=int, default=300)
    options.add_argument("--json", action="store_true")
    chosen = options.parse_args()
    found = compared(chosen.model, chosen.requests)
    if chosen.json:
        print(json.dumps(found))
    else:
        print(
            f"optillm {VERSION} over gulliver, p50: {found['p50_ratio']:.2f} ({found['p50_ms_optillm']:.1f} and {found['p50_ms_gulliver']:.1f} ms)"
        )
        print(
            f"gulliver over optillm, requests a second from {AT_ONCE} connections: {found['throughput_ratio']:.2f} ({found['requests_per_second_gulliver']:.0f} and {found['requests_per_second_optillm']:.0f})"
        )
    return 0


if __name__ == "__main__":
    sys.exit(main())
