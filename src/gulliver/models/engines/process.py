"""An engine in a process of its own: it neither holds this interpreter nor takes the study down with it."""

import asyncio
import contextlib
import os
import queue
import signal
import subprocess
import sys
import threading
from typing import Any

from gulliver.errors import ModelError
from gulliver.home import folder
from gulliver.models.base import Model, Reply, Request
from gulliver.models.engines.wire import receive, send


class EngineProcess:
    """A `Client` whose engine runs in a child process, started by the first request.

    A child that dies fails the requests it had with one sentence; the next request starts another, at most
    `RESTARTS` times in a row without an answer.
    """

    RESTARTS = 2

    def __init__(self, model: Model) -> None:
        self.model = model
        self._child: _Child | None = None
        self._pending: dict[int, asyncio.Future[Reply]] = {}
        self._next = 0
        self._peak = 0
        self._deaths = 0
        self._last_words = ""

    async def ask(self, request: Request) -> Reply:
        """One reply.

        Raises:
            ModelError: the engine cannot start, or died.
        """
        if self._child is None:
            if self._deaths >= self.RESTARTS:
                raise ModelError(self._last_words)
            self._child = _Child(self.model, asyncio.get_running_loop(), self._heard)
        key = self._next
        self._next += 1
        future: asyncio.Future[Reply] = asyncio.get_running_loop().create_future()
        self._pending[key] = future
        child = self._child
        child.send(("ask", key, request))
        try:
            return await future
        except asyncio.CancelledError:
            child.send(("cancel", key))
            raise
        finally:
            self._pending.pop(key, None)

    def peak_memory(self) -> int:
        """Bytes: the highest resident size that the child reported."""
        return self._peak

    async def close(self) -> None:
        """Stop the child and wait until it is gone."""
        child, self._child = self._child, None
        if child is not None:
            await asyncio.to_thread(child.stop)
        self._fail("The engine was closed while requests were waiting.")

    def _heard(self, child: "_Child", message: tuple[Any, ...]) -> None:
        if message[0] == "replies":
            _, replies, self._peak = message
            self._deaths = 0
            for key, reply in replies:
                future = self._pending.get(key)
                if future is not None and not future.done():
                    future.set_result(reply)
            return
        if child is not self._child:
            return  # closed on purpose
        self._child = None
        self._deaths += 1
        self._last_words = message[1] if message[0] == "refused" else child.obituary()
        if message[0] == "refused":
            self._deaths = self.RESTARTS  # it would say the same again
        self._fail(self._last_words)

    def _fail(self, sentence: str) -> None:
        for future in self._pending.values():
            if not future.done():
                future.set_exception(ModelError(sentence))


class _Child:
    """The process, its two pipes and the threads that serve them."""

    def __init__(self, model: Model, loop: asyncio.AbstractEventLoop, heard: Any) -> None:
        self.model = model
        self.log = folder("logs") / f"engine-{os.getpid()}-{id(self):x}.log"
        there_read, self._out = os.pipe()
        self._in, there_write = os.pipe()
        command = [sys.executable, "-m", "gulliver.models.engines.worker", str(there_read), str(there_write)]
        with self.log.open("wb") as log:
            self.process = subprocess.Popen(
                command, stdin=subprocess.DEVNULL, stdout=log, stderr=log, pass_fds=(there_read, there_write)
            )
        os.close(there_read)
        os.close(there_write)
        self._queue: queue.SimpleQueue[Any] = queue.SimpleQueue()
        self._loop = loop
        self._heard = heard
        self._threads = [threading.Thread(target=body, daemon=True) for body in (self._write, self._read)]
        self.send(("model", model))
        for thread in self._threads:
            thread.start()

    def send(self, message: Any) -> None:
        self._queue.put(message)

    def stop(self) -> None:
        """End the child; it holds nothing that is not in the store."""
        self.process.kill()
        self.process.wait()
        self._queue.put(None)
        for thread in self._threads:
            thread.join(timeout=5)
        self.log.unlink(missing_ok=True)

    def obituary(self) -> str:
        """One sentence on how the child died."""
        code = self.process.wait()
        self._queue.put(None)
        how = f"exit code {code}"
        if code < 0:
            with contextlib.suppress(ValueError):
                how = f"signal {signal.Signals(-code).name}"
            if code == -signal.SIGKILL:
                how += ", often a lack of memory"
        return f"The engine of {self.model.name} died ({how}); see {self.log}, then run the same command again: what was finished is kept."

    def _write(self) -> None:
        while (message := self._queue.get()) is not None:
            try:
                send(self._out, message)
            except OSError:
                break
        os.close(self._out)

    def _read(self) -> None:
        try:
            while True:
                self._tell(receive(self._in))
        except (EOFError, OSError):
            self._tell(("died",))
        finally:
            os.close(self._in)

    def _tell(self, message: tuple[Any, ...]) -> None:
        with contextlib.suppress(RuntimeError):  # the loop has ended
            self._loop.call_soon_threadsafe(self._heard, self, message)
