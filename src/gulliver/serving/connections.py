"""Connections that waste nobody's time: requests that do not come are dropped, what is no HTTP is told so."""

import asyncio
import json
from typing import Any

import h11
from uvicorn.protocols.http.h11_impl import H11Protocol

from gulliver.serving.errors import ApiError, error_body

MOST_CONNECTIONS = 1000


class Guarded(H11Protocol):
    """Uvicorn's protocol, with a time limit on a request's head and a limit on open connections."""

    head_seconds = 10.0

    _late: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        if len(self.connections) > MOST_CONNECTIONS:
            transport.abort()
            return
        self._watch()

    def data_received(self, data: bytes) -> None:
        super().data_received(data)
        self._watch()

    def connection_lost(self, exc: Exception | None) -> None:
        self._unwatch()
        super().connection_lost(exc)

    def send_400_response(self, msg: str) -> None:
        """In OpenAI's shape; a request that breaks while another is answered just ends the connection."""
        body = json.dumps(error_body(ApiError(400, "This is not a valid HTTP request."))).encode()
        head = [("content-type", "application/json"), ("content-length", str(len(body))), ("connection", "close")]
        events: list[Any] = [h11.Response(status_code=400, headers=head, reason=b"Bad Request"), h11.Data(data=body)]
        try:
            for event in [*events, h11.EndOfMessage()]:
                self.transport.write(self.conn.send(event) or b"")
        except h11.LocalProtocolError:
            pass
        self.transport.close()

    def _watch(self) -> None:
        if self.cycle is not None and not self.cycle.response_complete:
            self._unwatch()
        elif self._late is None:
            self._late = self.loop.call_later(self.head_seconds, self._drop)

    def _unwatch(self) -> None:
        if self._late is not None:
            self._late.cancel()
            self._late = None

    def _drop(self) -> None:
        self._late = None
        if not self.transport.is_closing() and (self.cycle is None or self.cycle.response_complete):
            self.transport.close()


def guarded(seconds: float) -> type[Guarded]:
    """The protocol with this time limit on heads."""

    class Limited(Guarded):
        head_seconds = seconds

    return Limited
