"""Answers as server-sent events, written while the model writes."""

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from typing import Any

from starlette.responses import StreamingResponse
from starlette.types import Receive, Scope, Send

from gulliver.serving.answering import Outcome
from gulliver.serving.answers import Answers
from gulliver.serving.errors import SERVER, ApiError, error_body

Work = Callable[[Callable[[int, str], None]], Awaitable[Sequence[Outcome]]]
"""Answers all choices; what it is given is told each choice's number and its text so far."""


class Pieces:
    """The pieces of all choices, in the order they come.

    An engine that was started again begins anew: what it writes is sent once it goes beyond what was. When it writes
    something else the stream ends with an error, since what was sent cannot be taken back.
    """

    def __init__(self, answers: Answers, work: Work, usage: bool) -> None:
        self._answers = answers
        self._usage = usage
        self._queue: asyncio.Queue[tuple[int, str] | None] = asyncio.Queue()
        self._sent: dict[int, str] = {}
        self._task = asyncio.ensure_future(work(lambda index, text: self._queue.put_nowait((index, text))))
        self._task.add_done_callback(lambda _: self._queue.put_nowait(None))
        self._first: tuple[int, str] | None = None

    async def begin(self) -> None:
        """Wait for the first text, so that what fails before it is an error of the whole request.

        Raises:
            ApiError: it failed.
        """
        self._first = await self._queue.get()
        if self._first is None:
            await self._task

    async def stop(self) -> None:
        """End the work, finished or not."""
        self._task.cancel()
        await asyncio.gather(self._task, return_exceptions=True)

    async def events(self) -> AsyncIterator[bytes]:
        """The stream, to its end."""
        try:
            told = self._first
            while told is not None:
                for piece in self._grown(*told):
                    yield _event(piece)
                told = await self._queue.get()
            outcomes = await self._task
            for index, outcome in enumerate(outcomes):
                for piece in [*self._grown(index, outcome.text, whole=True), *self._answers.calls(index, outcome)]:
                    yield _event(piece)
                yield _event(self._answers.closing(index, outcome))
            if self._usage:
                yield _event(self._answers.used(outcomes))
            yield b"data: [DONE]\n\n"
        except ApiError as error:
            yield _event(error_body(error))

    def _grown(self, index: int, text: str, whole: bool = False) -> list[dict[str, Any]]:
        before = self._sent.get(index, "")
        pieces = [] if index in self._sent else [self._answers.opening(index)]
        self._sent.setdefault(index, "")
        if text.startswith(before):
            self._sent[index] = text
            return [*pieces, self._answers.more(index, text[len(before) :])] if text != before else pieces
        if whole or not before.startswith(text):
            raise ApiError(502, "The answer was begun again and came out otherwise; ask again.", SERVER, "engine_error")
        return pieces


class EventStream(StreamingResponse):
    """The stream as a response; `ending` is awaited in any case, also when the client goes before it begins."""

    media_type = "text/event-stream"

    def __init__(
        self, pieces: Pieces, headers: dict[str, str], patience: float, ending: Callable[[], Awaitable[None]]
    ) -> None:
        super().__init__(pieces.events(), headers={**headers, "Cache-Control": "no-store", "X-Accel-Buffering": "no"})
        self._patience = patience
        self._ending = ending

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        try:
            async with asyncio.timeout(self._patience):  # also for a client that does not read
                await super().__call__(scope, receive, send)
        finally:
            await self._ending()


def _event(data: dict[str, Any]) -> bytes:
    return b"data: " + json.dumps(data, ensure_ascii=False, separators=(",", ":")).encode() + b"\n\n"
