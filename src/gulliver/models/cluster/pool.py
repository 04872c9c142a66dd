"""Workers of a cluster that share the requests of one study: each request goes to the one that has least to do."""

import asyncio
import itertools
from collections import deque
from collections.abc import Callable

from gulliver.errors import ClusterError, ModelError
from gulliver.models.base import Model, Reply, Request
from gulliver.models.cluster.far import Far, Gone, Heard
from gulliver.models.cluster.seat import Seat

TRIES = 3
"""Workers that may die under one request before it is that request's own failure."""
PATIENCE = 300.0
"""Seconds that a study waits while no worker runs; a cluster that grows on demand takes minutes."""


class Pool:
    """At most `workers` workers with at most `in_flight` requests each. Use it in one event loop.

    A worker that dies is replaced, and its requests go to the others, before those that still wait. Once as many as twice
    `workers` have died with no answer in between, none is started any more.

    Args:
        start: asks the cluster for a worker, which may have to wait for room.
        where: the cluster, in words.
    """

    def __init__(
        self, start: Callable[[], Far], workers: int, in_flight: int, where: str, patience: float = PATIENCE
    ) -> None:
        self.workers, self.in_flight, self.where = workers, in_flight, where
        self.deaths = 0
        self.asked_again = 0
        self._make, self._patience = start, patience
        self._seats: list[Seat] = []
        self._queue: deque[asyncio.Future[Seat]] = deque()
        self._in_a_row = 0
        self._broken = ""
        self._alarm: asyncio.TimerHandle | None = None
        self._welcomes: set[asyncio.Task[None]] = set()
        self._keys = itertools.count()

    @property
    def places(self) -> int:
        """How many requests may be under way at once."""
        return self.workers * self.in_flight

    async def open(self) -> None:
        """Ask for all workers and wait for the first.

        Raises:
            ClusterError: none came.
        """
        for _ in range(self.workers):
            self._start()
        self._leave(await self._enter())

    async def close(self) -> None:
        """End all workers; who still waits is told so."""
        self._fail(f"The workers on {self.where} were let go while requests were waiting; ask again.")
        for seat in self._seats:
            seat.leave()
        for task in self._welcomes:
            task.cancel()
        await asyncio.gather(*self._welcomes, return_exceptions=True)
        self._seats.clear()

    def client(self, model: Model) -> "FarClient":
        """The model as `inference` asks it; a worker loads it with the first request that comes its way."""
        return FarClient(self, model, f"{next(self._keys)}")

    async def ask(self, key: str, model: Model, request: Request) -> Heard:
        """What the least busy worker says.

        Raises:
            ClusterError: all workers are gone.
        """
        deaths = 0
        while True:
            seat = await self._enter(again=deaths > 0)
            try:
                refused = await seat.given(key, model)
                heard = Heard(None, refused) if refused else await seat.far.ask(key, request)
            except Gone as gone:
                deaths += 1
                self.asked_again += 1
                self._lost(seat, str(gone))
                if deaths == TRIES:
                    error = f"{TRIES} workers died while they had this request, the last time {gone}."
                    return Heard(Reply(finish="failed", error=error))
                continue
            finally:
                self._leave(seat)
            self._in_a_row = 0
            return heard

    async def forget(self, key: str) -> None:
        """Have all workers let go of a model."""

        async def taken(seat: Seat) -> None:
            try:
                await seat.taken(key)
            except Gone as gone:
                self._lost(seat, str(gone))

        await asyncio.gather(*(taken(seat) for seat in list(self._seats)))

    def told(self) -> str:
        """What happened on the way that a user should know, in one sentence; "" when nothing did."""
        if not self.deaths:
            return ""
        died = "1 worker" if self.deaths == 1 else f"{self.deaths} workers"
        count = self.asked_again
        again = (
            f"{count} request{'s' if count > 1 else ''} under way there went to others"
            if count
            else "nothing was under way there"
        )
        return f"{died} on {self.where} died on the way; {again}."

    async def _enter(self, again: bool = False) -> Seat:
        """A place; one that lost its worker (`again`) is served before those that have waited."""
        if self._broken:
            raise ClusterError(self._broken)
        if (seat := self._free()) is not None and (again or not self._queue):
            seat.under_way += 1
            return seat
        place: asyncio.Future[Seat] = asyncio.get_running_loop().create_future()
        (self._queue.appendleft if again else self._queue.append)(place)
        try:
            return await place
        except asyncio.CancelledError:
            if place.done() and not place.cancelled() and place.exception() is None:
                self._leave(place.result())  # the place was given in the same moment
            raise

    def _leave(self, seat: Seat) -> None:
        seat.under_way -= 1
        self._give()

    def _give(self) -> None:
        while self._queue and (seat := self._free()) is not None:
            place = self._queue.popleft()
            if not place.done():
                seat.under_way += 1  # counted here, so that nobody takes the place before its owner wakes
                place.set_result(seat)

    def _free(self) -> Seat | None:
        open_now = [seat for seat in self._seats if seat.ready and seat.under_way < self.in_flight]
        return min(open_now, key=lambda seat: seat.under_way, default=None)

    def _start(self) -> None:
        seat = Seat(self._make())
        self._seats.append(seat)
        task = asyncio.create_task(self._welcome(seat))
        self._welcomes.add(task)
        task.add_done_callback(self._welcomes.discard)
        self._watch()

    async def _welcome(self, seat: Seat) -> None:
        try:
            seat.machine = await seat.far.hello()
        except Gone as gone:
            self._lost(seat, str(gone))
            return
        seat.ready = True
        self._watch()
        self._give()

    def _lost(self, seat: Seat, how: str) -> None:
        if seat not in self._seats:
            return  # many requests hear of one death
        self._seats.remove(seat)
        seat.leave()
        self.deaths += 1
        self._in_a_row += 1
        if self._in_a_row < 2 * self.workers and not self._broken:
            self._start()
        if not self._seats:
            self._fail(
                f"All workers on {self.where} are gone (the last: {how}); see to its machines, then run the same command again: what was finished is kept."
            )
        self._watch()

    def _watch(self) -> None:
        """While no worker runs, and one is hoped for, a clock runs."""
        waiting = bool(self._seats) and not any(seat.ready for seat in self._seats)
        if waiting and self._alarm is None:
            self._alarm = asyncio.get_running_loop().call_later(self._patience, self._none_came)
        elif not waiting and self._alarm is not None:
            self._alarm.cancel()
            self._alarm = None

    def _none_came(self) -> None:
        self._fail(
            f"On {self.where} no worker started within {self._patience:g} s; give it room (see `ray status`) or ask for less with --workers, then run the same command again: what was finished is kept."
        )

    def _fail(self, sentence: str) -> None:
        self._broken = self._broken or sentence
        if self._alarm is not None:
            self._alarm.cancel()
            self._alarm = None
        while self._queue:
            place = self._queue.popleft()
            if not place.done():
                place.set_exception(ClusterError(sentence))


class FarClient:
    """A `Client` whose model is asked on the workers of a pool."""

    def __init__(self, pool: Pool, model: Model, key: str) -> None:
        self.model = model
        self._pool, self._key = pool, key
        self._peak = 0

    async def ask(self, request: Request) -> Reply:
        """One reply, of whichever worker.

        Raises:
            ModelError: a worker cannot have the model, or its engine died.
            ClusterError: all workers are gone.
        """
        heard = await self._pool.ask(self._key, self.model, request)
        self._peak = max(self._peak, heard.peak)
        if heard.reply is None:
            raise ModelError(heard.refused)
        return heard.reply

    def peak_memory(self) -> int:
        """Bytes: the highest that any worker reported of this model's process."""
        return self._peak

    async def close(self) -> None:
        """Have the workers let go of the model."""
        await self._pool.forget(self._key)
