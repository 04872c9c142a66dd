"""An engine in a process of its own: it neither holds this interpreter nor takes the study down with it."""

import asyncio
import contextlib
import itertools
import os
import queue
import signal
import subprocess
import sys
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

from gulliver.errors import ModelError
from gulliver.home import folder
from gulliver.models.base import Model, Reply, Request
from gulliver.models.engines.wire import Inbox, send

# Not `-m`, so that neither the user's main module nor files in the working folder are imported; the path comes last.
_START = (
    "import sys; sys.path.append(sys.argv.pop(1)); "
    "from gulliver.models.engines.worker import main; main(*map(int, sys.argv[1:]))"
)


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
        self.log = _log_path(f"engine-{os.getpid()}-{id(self):x}.log")
        there_read, self._out = os.pipe()
        self._in, there_write = os.pipe()
        package_root = str(Path(__file__).parents[3])
        command = [
            sys.executable,
            "-P",
            "-c",
            _START,
            package_root,
            str(there_read),
            str(there_write),
            str(os.getpid()),
        ]
        try:
            with self.log.open("ab") as log:
                # A session of its own, so that Ctrl-C in the terminal does not reach it.
                self.process = subprocess.Popen(
                    command,
                    stdin=subprocess.DEVNULL,
                    stdout=log,
                    stderr=log,
                    pass_fds=(there_read, there_write),
                    start_new_session=True,
                )
        except OSError as error:
            os.close(self._in)
            os.close(self._out)
            raise ModelError(
                f"The engine of {model.name} cannot be started ({error.strerror}); free some memory."
            ) from None
        finally:
            os.close(there_read)
            os.close(there_write)
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
        try:
            code = self.process.wait(timeout=10)
        except subprocess.TimeoutExpired:
            self.process.kill()
            code = self.process.wait()
        self._queue.put(None)
        how = why or f"exit code {code}"
        if code < 0:
            with contextlib.suppress(ValueError):
                how = f"signal {signal.Signals(-code).name}"
            if code == -signal.SIGKILL:
                how += ", often a lack of memory"
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


def _log_path(name: str) -> Path:
    try:
        path = folder("logs") / name
        path.touch()
    except OSError:
        return Path(os.devnull)
    return path
