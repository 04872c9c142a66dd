"""How many requests a server is sent at once: more while it keeps up, half as many when it says it does not.

Additive increase, multiplicative decrease (Chiu and Jain 1989): the limit grows by one for each full window of
successes and is halved by a refusal, at most once for the requests that were under way together.
"""

import asyncio
import time
from collections import deque


class Gate:
    """At most `limit` requests under way; `limit` adapts between 1 and `most`."""

    def __init__(self, start: float = 8.0, most: float = 64.0) -> None:
        self.limit = max(1.0, min(start, most))
        self.most = most
        self.under_way = 0
        self._queue: deque[asyncio.Future[None]] = deque()
        self._resume = 0.0
        self._cut = 0.0

    async def enter(self) -> float:
        """Wait for a place and for the end of a pause; returns when this request set out, for the reports below."""
        if self.under_way < int(self.limit) and not self._queue:
            self.under_way += 1
        else:
            place: asyncio.Future[None] = asyncio.get_running_loop().create_future()
            self._queue.append(place)
            try:
                await place
            except asyncio.CancelledError:
                if place.done() and not place.cancelled():
                    self.leave()  # the place was given in the same moment
                raise
        try:
            while (pause := self._resume - time.monotonic()) > 0:  # noqa: ASYNC110 (a pause may be prolonged)
                await asyncio.sleep(pause)
        except asyncio.CancelledError:
            self.leave()
            raise
        return time.monotonic()

    def leave(self) -> None:
        """The request is over; its place goes to who waits longest."""
        self.under_way -= 1
        while self._queue and self.under_way < int(self.limit):
            place = self._queue.popleft()
            if not place.done():
                self.under_way += 1  # counted here, so that nobody takes the place before its owner wakes
                place.set_result(None)

    def kept_up(self, set_out: float) -> None:
        """A request that set out then was answered."""
        if set_out >= self._cut:
            self.limit = min(self.most, self.limit + 1 / self.limit)

    def refused(self, set_out: float, pause: float = 0.0) -> None:
        """A request that set out then was too much; nothing more is sent for `pause` seconds."""
        now = time.monotonic()
        self._resume = max(self._resume, now + pause)
        if set_out >= self._cut:
            self.limit = max(1.0, self.limit / 2)
            self._cut = now
