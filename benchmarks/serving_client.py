"""A client that costs next to nothing: HTTP/1.1 on one connection that stays open, for timing servers and not clients."""

import asyncio
import json
import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

CHAT = "/v1/chat/completions"


@dataclass(frozen=True)
class Timed:
    """One answer: status, seconds to the end, and the body (of a stream, all its events)."""

    status: int
    seconds: float
    body: bytes


class Connection:
    """Use as an async context manager; one request at a time."""

    def __init__(self, port: int, host: str = "127.0.0.1") -> None:
        self._address = (host, port)

    async def __aenter__(self) -> "Connection":
        self._in, self._out = await asyncio.open_connection(*self._address)
        return self

    async def __aexit__(self, *_: object) -> None:
        self._out.close()

    async def post(self, body: Mapping[str, Any], path: str = CHAT) -> Timed:
        """Ask and read the whole answer."""
        data = json.dumps(body).encode()
        head = (
            f"POST {path} HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: {len(data)}\r\n\r\n"
        )
        began = time.perf_counter()
        self._out.write(head.encode() + data)
        lines = (await self._in.readuntil(b"\r\n\r\n")).lower().split(b"\r\n")
        length = next((int(line[15:]) for line in lines if line.startswith(b"content-length:")), None)
        back = await self._in.readexactly(length) if length is not None else await self._chunks()
        return Timed(int(lines[0].split()[1]), time.perf_counter() - began, back)

    async def _chunks(self) -> bytes:
        parts = []
        while size := int(await self._in.readline(), 16):
            parts.append(await self._in.readexactly(size))
            await self._in.readexactly(2)
        await self._in.readline()
        return b"".join(parts)


def chat(question: str, **more: Any) -> dict[str, Any]:
    """A body of a chat."""
    return {"messages": [{"role": "user", "content": question}], **more}
