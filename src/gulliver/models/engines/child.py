"""The process of an engine as its owner sees it: two pipes, and a thread for each."""

import contextlib
import os
import queue
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

from gulliver.models.base import Model
from gulliver.models.engines.spawn import how_it_ended, spawn
from gulliver.models.engines.wire import Inbox, send


class Child:
    """Starts with being made. `heard` is called in the reading thread with each message: `ready`, `replies` or `refused`,
    and at last, when the process is gone, `died` with how it ended, in words.

    Args:
        start: the program (see `spawn.start_of`); name: begins that of its log.

    Raises:
        OSError: it cannot be started.
    """

    def __init__(self, model: Model, start: str, name: str, heard: Callable[["Child", tuple[Any, ...]], None]) -> None:
        made = spawn(start, name)
        self.process, self._in, self._out, self.log = made.process, made.into, made.out, made.log
        self._queue: queue.SimpleQueue[Any] = queue.SimpleQueue()
        self._heard = heard
        self._why = ""
        self._threads = [threading.Thread(target=body, daemon=True) for body in (self._write, self._read)]
        self.send(("model", model))
        for thread in self._threads:
            thread.start()

    def send(self, message: Any) -> None:
        """Queued, since a pipe is full while the engine is in a step."""
        self._queue.put(message)

    def end(self) -> str:
        """How it ended, in words, with what it could still say itself. Its log stays."""
        self._queue.put(None)
        return how_it_ended(self.process, self._why)

    def stop(self) -> None:
        """End it at once and wait until it is gone; it holds nothing that is not kept elsewhere."""
        self.process.kill()
        self.process.wait()
        self._queue.put(None)
        for thread in self._threads:
            thread.join(timeout=5)
        if self.log != Path(os.devnull):
            self.log.unlink(missing_ok=True)

    def _write(self) -> None:
        with contextlib.suppress(OSError):
            while (message := self._queue.get()) is not None:
                send(self._out, message)
        os.close(self._out)

    def _read(self) -> None:
        inbox = Inbox(self._in)
        try:
            with contextlib.suppress(EOFError, OSError):
                while True:
                    message = inbox.one()
                    if message[0] == "died":
                        self._why = message[1]  # its end comes next
                    else:
                        self._heard(self, message)
            self._heard(self, ("died", self.end()))
        finally:
            self._queue.put(None)
            self.process.wait()
            os.close(self._in)
