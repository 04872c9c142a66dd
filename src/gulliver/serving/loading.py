"""Load on a server of one's own: so many connections that each ask again as soon as they are answered, and what that took."""

import asyncio
import itertools
import json
import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from typing import Any
from urllib.parse import urlsplit

import httpx
import numpy as np

from gulliver.errors import GulliverError

LOCAL = ("localhost", "127.0.0.1", "::1")
SHARES = (50, 90, 95, 99)


@dataclass(frozen=True)
class Load:
    """What is asked, of whom, and how hard.

    Attributes:
        url: the server's address, to /v1.
        connections: that ask at the same time; requests: in all; seconds: after which no more begin, 0 for no limit.
        prompt: `{n}` in it is the request's number, so that no two are alike.
        key: the API key, "" for none.
    """

    url: str = "http://127.0.0.1:8000/v1"
    connections: int = 8
    requests: int = 200
    seconds: float = 0.0
    prompt: str = "What is {n} + 3?"
    model: str = ""
    max_tokens: int = 64
    stream: bool = False
    timeout: float = 120.0
    key: str = ""


@dataclass(frozen=True)
class Told:
    """One request: its status (0: the connection broke), seconds to its end and to its first text, tokens written."""

    status: int
    seconds: float
    first: float
    tokens: int


@dataclass(frozen=True)
class Loaded:
    """What a load took. Seconds are of requests that were answered with 200; `first`: to the first text of a stream."""

    requests: int
    connections: int
    seconds: float
    per_second: float
    tokens_per_second: float
    statuses: dict[str, int]
    latency: dict[str, float] = field(default_factory=dict)
    first: dict[str, float] = field(default_factory=dict)

    def to_json(self) -> dict[str, Any]:
        """Plain data."""
        return asdict(self)


def check_own(url: str, elsewhere: bool = False) -> None:
    """
    Raises:
        GulliverError: the address is none, or leads off this machine and nobody said that it may.
    """
    parts = urlsplit(url)
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise GulliverError(f"{url!r} is no address of a server; write it as http://127.0.0.1:8000/v1.")
    if parts.hostname not in LOCAL and not elsewhere:
        raise GulliverError(
            f"{parts.hostname} is not this machine; load is for a server of your own. If it is yours, add --elsewhere."
        )


async def put_load(load: Load) -> Loaded:
    """Ask until all is answered.

    Raises:
        GulliverError: there is no server at that address.
    """
    numbers = iter(range(load.requests)) if load.requests else itertools.count()
    limits = httpx.Limits(max_connections=load.connections, max_keepalive_connections=load.connections)
    headers = {"Authorization": f"Bearer {load.key}"} if load.key else {}
    told: list[Told] = []
    began = time.perf_counter()
    async with httpx.AsyncClient(timeout=load.timeout, limits=limits, headers=headers, trust_env=False) as client:
        await _is_there(client, load)

        async def ask_on() -> None:
            for number in numbers:
                if load.seconds and time.perf_counter() - began >= load.seconds:
                    return
                told.append(await _ask(client, load, number))

        began = time.perf_counter()
        await asyncio.gather(*(ask_on() for _ in range(load.connections)))
    return summary(told, load.connections, time.perf_counter() - began)


def summary(told: Sequence[Told], connections: int, seconds: float) -> Loaded:
    """What all requests together took, in `seconds`."""
    right = [one for one in told if one.status == 200]
    statuses = Counter(str(one.status) if one.status else "broken" for one in told)
    return Loaded(
        requests=len(told),
        connections=connections,
        seconds=seconds,
        per_second=len(right) / seconds,
        tokens_per_second=sum(one.tokens for one in right) / seconds,
        statuses=dict(sorted(statuses.items())),
        latency=percentiles([one.seconds for one in right]),
        first=percentiles([one.first for one in right if one.first]),
    )


def percentiles(seconds: Sequence[float]) -> dict[str, float]:
    """p50, p90, p95, p99 and the longest, in seconds; {} of nothing."""
    if not seconds:
        return {}
    found = np.percentile(np.array(seconds), SHARES)
    return {**{f"p{share}": float(one) for share, one in zip(SHARES, found, strict=True)}, "max": max(seconds)}


async def _is_there(client: httpx.AsyncClient, load: Load) -> None:
    try:
        reply = await client.get(f"{load.url.rstrip('/')}/models")
    except httpx.HTTPError as error:
        raise GulliverError(
            f"No server answers at {load.url} ({type(error).__name__}); start one with gulliver serve."
        ) from None
    if reply.status_code == 401:
        raise GulliverError(f"The server at {load.url} wants a key; give it as GULLIVER_API_KEY.")


async def _ask(client: httpx.AsyncClient, load: Load, number: int) -> Told:
    turns = [{"role": "user", "content": load.prompt.replace("{n}", str(number))}]
    body: dict[str, Any] = {"model": load.model, "messages": turns, "max_tokens": load.max_tokens}
    if load.stream:
        body |= {"stream": True, "stream_options": {"include_usage": True}}
    began = time.perf_counter()
    first, status, tokens = 0.0, 0, 0
    try:
        async with client.stream("POST", f"{load.url.rstrip('/')}/chat/completions", json=body) as reply:
            status = reply.status_code
            if load.stream and status == 200:
                async for line in reply.aiter_lines():
                    data = json.loads(line[6:]) if line.startswith("data: {") else {}
                    if not first and any(choice["delta"].get("content") for choice in data.get("choices", ())):
                        first = time.perf_counter() - began
                    tokens = (data.get("usage") or {}).get("completion_tokens", tokens)
                    status = 500 if "error" in data else status
            else:
                data = json.loads(await reply.aread())
                tokens = (data.get("usage") or {}).get("completion_tokens", 0)
    except (httpx.HTTPError, ValueError):
        status = 0
    return Told(status, time.perf_counter() - began, first, tokens)
