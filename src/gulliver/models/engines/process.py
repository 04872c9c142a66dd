"""An engine in a process of its own: it neither holds this interpreter nor takes the study down with it."""

import asyncio
import contextlib
import itertools
import threading
from typing import Any

from gulliver.errors import ModelError
from gulliver.models.base import Model, Reply, Request
from gulliver.models.engines.child import Child
from gulliver.models.engines.spawn import start_of

_START = start_of("gulliver.models.engines.worker")


class EngineProcess:
    """A `Client` whose engine runs in a child process, started by the first request. Any event loop may ask.

    A child that dies fails the requests it had with one sentence, and the next request starts another; two that die in
    a row without an answer are the end. A file that cannot be loaded is refused at once from then on.
    """

    DEATHS = 2

    def __init__(self, model: Model) -> None:
        self.model = model
        self._lock = threading.Lock()
        self._child: Child | None = None
        self._waiting: dict[int, asyncio.Future[Reply]] = {}
        self._keys = itertools.count()
        self._peak = 0
        self._deaths = 0
        self._last_words = ""

    async def ask(self, request: Request) -> Reply:
        """One reply.

        Raises:
            ModelError: the engine cannot start, or died.
        """
        future: asyncio.Future[Reply] = asyncio.get_running_loop().create_future()
        with self._lock:
            child = self._living()
            key = next(self._keys)
            self._waiting[key] = future
        child.send(("ask", key, request))
        try:
            return await future
        except asyncio.CancelledError:
            child.send(("cancel", key))
            raise
        finally:
            with self._lock:
                self._waiting.pop(key, None)

    def peak_memory(self) -> int:
        """Bytes: the highest resident size that the child reported."""
        return self._peak

    async def close(self) -> None:
        """Stop the child and wait until it is gone; whoever still waits is told so."""
        with self._lock:
            child, self._child = self._child, None
            self._fail(f"The engine of {self.model.name} was closed while requests were waiting; ask again.")
        if child is not None:
            await asyncio.to_thread(child.stop)

    def _living(self) -> Child:
        if self._child is not None and self._child.process.poll() is not None:
            self._bury(self._child, self._child.end())
        if self._child is None:
            if self._deaths >= self.DEATHS:
                raise ModelError(self._last_words)
            try:
                self._child = Child(self.model, _START, "engine", self._heard)
            except OSError as error:
                raise ModelError(
                    f"The engine of {self.model.name} cannot be started ({error.strerror}); free some memory."
                ) from None
        return self._child

    def _heard(self, child: Child, message: tuple[Any, ...]) -> None:
        """Called in the child's reading thread."""
        kind, *rest = message
        with self._lock:
            if child is not self._child:
                return  # closed on purpose, or buried already
            if kind == "replies":
                replies, self._peak = rest
                self._deaths = 0
                for key, reply in replies:
                    future = self._waiting.pop(key, None)
                    if future is not None:
                        _settle(future, reply)
            elif kind == "refused":
                self._child = None
                self._deaths, self._last_words = self.DEATHS, rest[0]  # it would say the same again
                self._fail(self._last_words)
            elif kind == "died":
                self._bury(child, rest[0])

    def _bury(self, child: Child, how: str) -> None:
        self._child = None
        self._deaths += 1
        self._last_words = f"The engine of {self.model.name} died ({how}); see {child.log}, then run the same command again: what was finished is kept."
        self._fail(self._last_words)

    def _fail(self, sentence: str) -> None:
        for future in self._waiting.values():
            _settle(future, ModelError(sentence))
        self._waiting.clear()


def _settle(future: "asyncio.Future[Reply]", outcome: Reply | ModelError) -> None:
    """Hand the outcome to whoever waits, in the loop they wait in."""

    def settle() -> None:
        if future.done():
            return
        if isinstance(outcome, Reply):
            future.set_result(outcome)
        else:
            future.set_exception(outcome)

    with contextlib.suppress(RuntimeError):  # that loop has ended
        future.get_loop().call_soon_threadsafe(settle)
