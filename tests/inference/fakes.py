"""A client that counts what it is asked, for tests of what lies above engines."""

import asyncio
from dataclasses import replace

from gulliver.models.base import Card, Generate, Model, Reply, Request

MODEL = Model("fake", Card("fake", "fake", "d" * 64, parameters=1000, active_parameters=1000), "scripted", "1")
OTHER = replace(MODEL, name="other", card=replace(MODEL.card, name="other", digest="e" * 64))


class CountingClient:
    """Replies with the prompt reversed and the seed; notes every request and how many were waiting at once."""

    def __init__(self, delay: float = 0.0, fail: bool = False) -> None:
        self.requests: list[Request] = []
        self.closed = False
        self.waiting = self.most_waiting = 0
        self.delay = delay
        self.fail = fail

    async def ask(self, request: Request) -> Reply:
        self.requests.append(request)
        self.waiting += 1
        self.most_waiting = max(self.most_waiting, self.waiting)
        await asyncio.sleep(self.delay)
        self.waiting -= 1
        if self.fail:
            return Reply(finish="failed", error="planted")
        assert isinstance(request, Generate)
        return Reply(f"{request.prompt[::-1]} {request.seed}", prompt_tokens=5, completion_tokens=3, seconds=0.5)

    def peak_memory(self) -> int:
        return 4096

    async def close(self) -> None:
        self.closed = True
