"""The process of an engine that serves, and a thread for each of its pipes."""

import asyncio
import contextlib
import os
import queue
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

from gulliver.models.base import Model
from gulliver.models.engines.spawn import Spawned, how_it_ended, spawn, start_of
from gulliver.models.engines.wire import Inbox, send

_START = start_of("gulliver.serving.worker")


class Child:
    """Starts with being made, in a running event loop, in which `heard` is called with each message: `ready`, `replies`,
    `refused`, at last `died`.

    Raises:
        OSError: it cannot be started.
    """

    def __init__(self, model: Model, heard: Callable[["Child", tuple[Any, ...]], None]) -> None:
        self._made: Spawned = spawn(_START, "served")
        self._heard = heard
        self._loop = asyncio.get_running_loop()
        self._queue: queue.SimpleQueue[Any] = queue.SimpleQueue()
        self._threads = [threading.Thread(target=body, daemon=True) for body in (self._write, self._read)]
        self.send(("model", model))
        for thread in self._threads:
            thread.start()

    def send(self, message: Any) -> None:
        """Queued, since a pipe is full while the engine is in a step."""
        self._queue.put(message)

    def kill(self) -> None:
        self._made.process.kill()

    def end(self, why: str) -> str:
        """How it ended, in words. Its log stays."""
        self._queue.put(None)
        return how_it_ended(self._made.process, why)

    def stop(self) -> None:
        """End it and wait until it is gone."""
        self._made.process.kill()
        self._made.process.wait()
        self._queue.put(None)
        for thread in self._threads:
            thread.join(timeout=5)
        if self._made.log != Path(os.devnull):
            self._made.log.unlink(missing_ok=True)

    def _write(self) -> None:
        with contextlib.suppress(OSError):
            while (message := self._queue.get()) is not None:
                send(self._made.out, message)
        os.close(self._made.out)

    def _read(self) -> None:
        inbox = Inbox(self._made.into)
        last: tuple[Any, ...] = ("died",)
        with contextlib.suppress(EOFError, OSError):
            while True:
                message = inbox.one()
                if message[0] == "died":
                    last = message  # its end comes next
                else:
                    self._tell(message)
        self._made.process.wait()
        self._tell(last)
        self._queue.put(None)
        os.close(self._made.into)

    def _tell(self, message: tuple[Any, ...]) -> None:
        with contextlib.suppress(RuntimeError):  # that loop has ended
            self._loop.call_soon_threadsafe(self._heard, self, message)
