"""A small server of OpenAI's completions and chats that adds two numbers, each answer after the same time.

`python -m benchmarks.fixed_latency [--latency SECONDS]` prints its port and answers until it is ended. It holds nothing up: a
thousand requests at once take as long as one. `GET /counts` says, by question, how often each came in and how often its
answer was sent whole to somebody who was still there; a request whose asker went away meanwhile is not answered.
"""

import argparse
import asyncio
import contextlib
import json
import re
import subprocess
import sys
import urllib.request
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

_SUM = re.compile(r"(\d+)\s*\+\s*(\d+)")
_LENGTH = re.compile(rb"content-length:\s*(\d+)", re.IGNORECASE)


@dataclass
class Counts:
    """What a server got: `came` and `answered` by question, `most` requests at once."""

    came: Counter[str] = field(default_factory=Counter)
    answered: Counter[str] = field(default_factory=Counter)
    now: int = 0
    most: int = 0

    def to_json(self) -> dict[str, Any]:
        return {"came": self.came, "answered": self.answered, "most": self.most}


class Server:
    """One server in this event loop."""

    def __init__(self, latency: float) -> None:
        self.latency = latency
        self.counts = Counts()

    async def run(self) -> None:
        """Listen on a free port of this machine alone, print it, and go on until cancelled."""
        server = await asyncio.start_server(self._connection, "127.0.0.1", 0)
        print(server.sockets[0].getsockname()[1], flush=True)
        async with server:
            await server.serve_forever()

    async def _connection(self, came: asyncio.StreamReader, out: asyncio.StreamWriter) -> None:
        with contextlib.suppress(asyncio.IncompleteReadError, ConnectionError):
            while True:
                head = await came.readuntil(b"\r\n\r\n")
                length = _LENGTH.search(head)
                body = await came.readexactly(int(length[1])) if length else b""
                if head.startswith(b"GET"):
                    _send(out, self.counts.to_json())
                elif not await self._answer(json.loads(body), came, out):
                    break
                await out.drain()
        out.close()

    async def _answer(self, body: dict[str, Any], came: asyncio.StreamReader, out: asyncio.StreamWriter) -> bool:
        """Whether the asker stayed for it."""
        chat = "messages" in body
        question = str(body["messages"][-1]["content"] if chat else body["prompt"])
        counts = self.counts
        counts.came[question] += 1
        counts.now += 1
        counts.most = max(counts.most, counts.now)
        try:
            # Nobody sends anything before the answer: what can be read is the end of the connection.
            gone = await asyncio.wait_for(came.read(1), self.latency)
        except TimeoutError:
            gone = None
        finally:
            counts.now -= 1
        if gone is not None:
            return False
        found = _SUM.search(question)
        text = str(int(found[1]) + int(found[2])) if found else "I do not know."
        choice = {"message": {"role": "assistant", "content": text}} if chat else {"text": text}
        usage = {"prompt_tokens": max(1, len(question) // 4), "completion_tokens": 2}
        _send(out, {"choices": [{"index": 0, "finish_reason": "stop", **choice}], "usage": usage})
        counts.answered[question] += 1
        return True


def _send(out: asyncio.StreamWriter, data: Any) -> None:
    raw = json.dumps(data).encode()
    out.write(b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n" % len(raw) + raw)


@contextlib.contextmanager
def running(latency: float) -> Iterator[str]:
    """A server in a process of its own: its address, as an endpoint's model wants it."""
    command = [sys.executable, "-m", "benchmarks.fixed_latency", "--latency", str(latency)]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    try:
        yield f"http://127.0.0.1:{int(process.stdout.readline())}/v1"
    finally:
        process.kill()
        process.wait()
        process.stdout.close()


def counts_of(address: str) -> Counts:
    """What the server at that address got so far."""
    with urllib.request.urlopen(f"{address}/counts", timeout=30) as reply:
        data = json.load(reply)
    return Counts(Counter(data["came"]), Counter(data["answered"]), most=int(data["most"]))


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--latency", type=float, default=0.3)
    with contextlib.suppress(KeyboardInterrupt):
        asyncio.run(Server(parser.parse_args().latency).run())


if __name__ == "__main__":
    main()
