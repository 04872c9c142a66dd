"""Workers without a cluster, that live and die as a test says."""

import asyncio
import itertools
from collections import Counter

from gulliver.models.base import Model, Reply, Request
from gulliver.models.cluster.far import Gone, Heard


class FakeWorker:
    """Answers with its own number and the request after `delay`; `die` ends it."""

    numbers = itertools.count()

    def __init__(self, log: list[Request], delay: float = 0.01, room: bool = True) -> None:
        self.number = next(self.numbers)
        self._log = log
        self.delay, self.room = delay, room
        self.opened: Counter[str] = Counter()
        self.asked: list[Request] = []
        self.closed: list[str] = []
        self.refusal = ""
        self.opening = 0.001
        self.killed = False
        self.now = self.most = 0
        self._dead = asyncio.Event()
        self._how = ""

    def die(self, how: str = "planted") -> None:
        self._how = self._how or how
        self._dead.set()

    async def hello(self) -> str:
        await self._while_alive(0.0 if self.room else 1e9)
        return f"machine-{self.number}"

    async def open(self, key: str, model: Model) -> str:
        self.opened[key] += 1
        await self._while_alive(self.opening)
        return self.refusal

    async def ask(self, key: str, request: Request) -> Heard:
        self.asked.append(request)
        self._log.append(request)
        self.now += 1
        self.most = max(self.most, self.now)
        try:
            await self._while_alive(self.delay)
        finally:
            self.now -= 1
        return Heard(Reply(f"{self.number}", completion_tokens=1), peak=1000 + self.number)

    async def close(self, key: str) -> None:
        self.closed.append(key)
        await self._while_alive(0.0)

    def kill(self) -> None:
        self.killed = True
        self.die("killed")

    async def _while_alive(self, seconds: float) -> None:
        if self._dead.is_set():
            raise Gone(self._how)
        died = asyncio.ensure_future(self._dead.wait())
        done, _ = await asyncio.wait(
            [died, pause := asyncio.ensure_future(asyncio.sleep(seconds))], return_when="FIRST_COMPLETED"
        )
        for task in (died, pause):
            task.cancel()
        if died in done:
            raise Gone(self._how)


class FakeCluster:
    """Starts workers: the first `delays` take so long for an answer; those from number `room` on never get a place.

    `log` holds what all of them were asked, in order.
    """

    def __init__(self, *delays: float, room: int = 1000) -> None:
        self.workers: list[FakeWorker] = []
        self.log: list[Request] = []
        self._delays, self._room = delays, room

    def start(self) -> FakeWorker:
        number = len(self.workers)
        delay = self._delays[number] if number < len(self._delays) else 0.01
        self.workers.append(FakeWorker(self.log, delay, room=number < self._room))
        return self.workers[-1]
