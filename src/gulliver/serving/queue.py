"""Who is answered now, who waits, and who is asked to come back later."""

import asyncio
import math
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from time import monotonic

from gulliver.serving.errors import too_busy


class Queue:
    """At most `at_once` requests are answered and at most `waiting` more wait, in the order they came.

    `running` and `queued` count them now. How long the next would have to wait is told from a running mean of how long
    answers took.
    """

    def __init__(self, at_once: int = 32, waiting: int = 128) -> None:
        self.at_once = at_once
        self.waiting = waiting
        self.running = 0
        self.queued = 0
        self._mean = 1.0
        self._slots = asyncio.Semaphore(at_once)

    @asynccontextmanager
    async def place(self) -> AsyncIterator[None]:
        """A place, from when it is one's turn to the end.

        Raises:
            ApiError: 429, the queue is full.
        """
        if self._slots.locked() and self.queued >= self.waiting:
            raise too_busy(self.patience(), f"{self.running} requests are being answered and {self.queued} wait")
        self.queued += 1
        try:
            await self._slots.acquire()
        finally:
            self.queued -= 1
        self.running += 1
        began = monotonic()
        try:
            yield
        finally:
            self.running -= 1
            self._mean += 0.1 * (monotonic() - began - self._mean)
            self._slots.release()

    def patience(self) -> int:
        """Seconds after which a place in the queue is likely to be free, 1 to 60."""
        return min(60, max(1, math.ceil(self._mean * (self.queued + 1) / self.at_once)))
