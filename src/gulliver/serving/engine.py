"""An engine that outlives its process: when that dies another starts, and is asked what was not answered yet."""

import asyncio
import contextlib
import itertools
import logging
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Protocol

from gulliver.errors import ModelError
from gulliver.models.base import Model, Reply, Request
from gulliver.models.engines import open_client
from gulliver.models.engines.child import Child
from gulliver.models.engines.spawn import start_of
from gulliver.serving.errors import unavailable
from gulliver.serving.streamed import SoFar

OnText = Callable[[str], None]
_START = start_of("gulliver.serving.worker")
log = logging.getLogger("gulliver.serving")


class LiveEngine(Protocol):
    """What answers requests while serving."""

    restarts: int

    async def start(self) -> None:
        """Returns once the model is loaded.

        Raises:
            ModelError: it cannot be.
        """
        ...

    async def ask(self, request: Request, on_text: OnText | None = None) -> Reply:
        """One reply; `on_text` hears the text so far, where the engine tells it.

        Raises:
            ApiError: the engine died and could not be asked again.
        """
        ...

    def ready(self) -> bool: ...

    def suspect(self, silent: float) -> None:
        """End the process if it said nothing for so many seconds: it hangs."""
        ...

    async def close(self) -> None: ...


def open_live(model: Model) -> LiveEngine:
    """The engine of a model; it starts with `start`."""
    return Remote(model) if model.engine == "endpoint" else Restarted(model)


class Remote:
    """A model behind a server, which looks after its own processes."""

    def __init__(self, model: Model) -> None:
        self.restarts = 0
        self._client = open_client(model)

    async def start(self) -> None:
        """Nothing is loaded here."""

    async def ask(self, request: Request, on_text: OnText | None = None) -> Reply:
        try:
            return await self._client.ask(request)
        except ModelError as error:
            raise unavailable(str(error)) from None

    def ready(self) -> bool:
        return True

    def suspect(self, silent: float) -> None:
        """Its own time limits see to that."""

    async def close(self) -> None:
        await self._client.close()


@dataclass
class _Waiting:
    request: Request
    future: "asyncio.Future[Reply]"
    on_text: OnText | None
    tries: int = 0


class Restarted:
    """An engine in a process. A request is asked at most `TRIES` times when processes die over it.

    Processes that die without having answered anything are started again after 0.1, 0.2, 0.4 … at most 5 s.
    """

    TRIES = 3
    LONGEST = 5.0

    def __init__(self, model: Model) -> None:
        self.model = model
        self.restarts = 0
        self._child: Child | None = None
        self._waiting: dict[int, _Waiting] = {}
        self._keys = itertools.count()
        self._deaths = 0
        self._loaded = asyncio.Event()
        self._was_loaded = self._closed = False
        self._refusal = ""
        self._heard_at = time.monotonic()
        self._later: asyncio.TimerHandle | None = None

    async def start(self) -> None:
        self._begin()
        await self._loaded.wait()
        if self._refusal:
            raise ModelError(self._refusal)

    def ready(self) -> bool:
        return self._loaded.is_set() and not self._refusal and self._child is not None

    async def ask(self, request: Request, on_text: OnText | None = None) -> Reply:
        if self._closed:
            raise unavailable("The server is stopping; ask another.")
        if self._refusal:
            raise unavailable(self._refusal, 60)
        key = next(self._keys)
        waiting = _Waiting(request, asyncio.get_running_loop().create_future(), on_text)
        if not self._waiting:
            self._heard_at = time.monotonic()  # silence counts from when something was asked
        self._waiting[key] = waiting
        self._send(key, waiting)
        try:
            return await waiting.future
        except asyncio.CancelledError:
            if self._child is not None:
                self._child.send(("cancel", key))
            raise
        finally:
            self._waiting.pop(key, None)

    def suspect(self, silent: float) -> None:
        if self._child is not None and time.monotonic() - self._heard_at >= silent:
            log.warning("the engine of %s said nothing for %.0f s and is ended", self.model.name, silent)
            self._child.process.kill()

    async def close(self) -> None:
        self._closed = True
        if self._later is not None:
            self._later.cancel()
        child, self._child = self._child, None
        self._fail("The server stopped before this request was answered; ask again.")
        if child is not None:
            await asyncio.to_thread(child.stop)

    def _begin(self) -> None:
        self._later = None
        loop = asyncio.get_running_loop()

        def told(child: Child, message: tuple[Any, ...]) -> None:
            with contextlib.suppress(RuntimeError):  # that loop has ended
                loop.call_soon_threadsafe(self._heard, child, message)

        try:
            self._child = Child(self.model, _START, "served", told)
        except OSError:
            self._died("no memory")
            return
        for key, waiting in self._waiting.items():
            self._send(key, waiting)

    def _send(self, key: int, waiting: _Waiting) -> None:
        if self._child is not None:
            waiting.tries += 1
            self._child.send(("ask", key, waiting.request))

    def _heard(self, child: Child, message: tuple[Any, ...]) -> None:
        """In the event loop, from the child's reading thread."""
        if child is not self._child:
            return
        self._heard_at = time.monotonic()
        kind, *rest = message
        if kind == "ready":
            self._was_loaded = True
            self._loaded.set()
        elif kind == "replies":
            for key, reply in rest[0]:
                self._reply(key, reply)
        elif kind == "refused" and not self._was_loaded:
            self._refuse(rest[0])
        else:
            self._died(rest[0])

    def _reply(self, key: int, reply: Reply) -> None:
        waiting = self._waiting.get(key)
        if waiting is None or waiting.future.done():
            return
        if isinstance(reply, SoFar):
            if waiting.on_text is not None:
                waiting.on_text(reply.text)
            return
        self._deaths = 0
        waiting.future.set_result(reply)

    def _refuse(self, sentence: str) -> None:
        """It cannot be loaded and will not be tried again."""
        self._child, self._refusal = None, sentence
        self._loaded.set()
        self._fail(sentence)

    def _died(self, how: str) -> None:
        self._child = None
        self._loaded.clear()
        self.restarts += 1
        wait = 0.0 if self._deaths == 0 else min(self.LONGEST, 0.1 * 2 ** (self._deaths - 1))
        self._deaths += 1
        if not self._was_loaded and self._deaths >= self.TRIES:
            self._refuse(
                f"The engine of {self.model.name} died {self._deaths} times while loading ({how}); see its log."
            )
            return
        log.warning("the engine of %s died (%s) and is started again", self.model.name, how)
        for waiting in self._waiting.values():
            if waiting.tries >= self.TRIES and not waiting.future.done():
                told = f"The engine died {waiting.tries} times over this request; ask again, or ask for less."
                waiting.future.set_exception(unavailable(told))
        self._waiting = {key: waiting for key, waiting in self._waiting.items() if not waiting.future.done()}
        self._later = asyncio.get_running_loop().call_later(wait, self._begin)

    def _fail(self, sentence: str) -> None:
        for waiting in self._waiting.values():
            if not waiting.future.done():
                waiting.future.set_exception(unavailable(sentence))
