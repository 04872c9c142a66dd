"""An engine in a process of its own: it neither holds this interpreter nor takes the study down with it."""

import asyncio
import contextlib
import itertools
import os
import queue
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

from gulliver.errors import ModelError
from gulliver.models.base import Model, Reply, Request
from gulliver.models.engines.spawn import how_it_ended, spawn, start_of
from gulliver.models.engines.wire import Inbox, send

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
        self._child: _Child | None = None
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

    def _living(self) -> "_Child":
        if self._child is not None and self._child.process.poll() is not None:
            self._bury(self._child)
        if self._child is None:
            if self._deaths >= self.DEATHS:
                raise ModelError(self._last_words)
            self._child = _Child(self.model, self._heard)
        return self._child

    def _heard(self, child: "_Child", message: tuple[Any, ...]) -> None:
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
            else:
                self._bury(child, *rest)

    def _bury(self, child: "_Child", why: str = "") -> None:
        self._child = None
        self._deaths += 1
        self._last_words = child.obituary(why)
        self._fail(self._last_words)

    def _fail(self, sentence: str) -> None:
        for future in self._waiting.values():
            _settle(future, ModelError(sentence))
        self._waiting.clear()


class _Child:
    """The process, its two pipes and the threads that serve them."""

    def __init__(self, model: Model, heard: Callable[["_Child", tuple[Any, ...]], None]) -> None:
        self.model = model
        try:
            made = spawn(_START, "engine")
        except OSError as error:
            raise ModelError(
                f"The engine of {model.name} cannot be started ({error.strerror}); free some memory."
            ) from None
        self.process, self._in, self._out, self.log = made.process, made.into, made.out, made.log
        self._queue: queue.SimpleQueue[Any] = queue.SimpleQueue()
        self._heard = heard
        self._threads = [threading.Thread(target=body, daemon=True) for body in (self._write, self._read)]
        self.send(("model", model))
        for thread in self._threads:
            thread.start()

    def send(self, message: Any) -> None:
        """Queued, since a pipe is full while the engine is in a step."""
        self._queue.put(message)

    def stop(self) -> None:
        """End the child at once; it holds nothing that is not in the store."""
        self.process.kill()
        self.process.wait()
        self._queue.put(None)
        for thread in self._threads:
            thread.join(timeout=5)
        if self.log != Path(os.devnull):
            self.log.unlink(missing_ok=True)

    def obituary(self, why: str = "") -> str:
        """One sentence on how the child died; `why`: what it could still say itself."""
        how = how_it_ended(self.process, why)
        self._queue.put(None)
        return f"The engine of {self.model.name} died ({how}); see {self.log}, then run the same command again: what was finished is kept."

    def _write(self) -> None:
        with contextlib.suppress(OSError):
            while (message := self._queue.get()) is not None:
                send(self._out, message)
        os.close(self._out)

    def _read(self) -> None:
        inbox = Inbox(self._in)
        last: tuple[Any, ...] = ("died",)
        try:
            with contextlib.suppress(EOFError, OSError):
                while True:
                    message = inbox.one()
                    if message[0] == "died":
                        last = message  # its end comes next
                    else:
                        self._heard(self, message)
            self._heard(self, last)
        finally:
            self._queue.put(None)
            self.process.wait()
            os.close(self._in)


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
