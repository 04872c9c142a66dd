"""The least that puts an engine behind OpenAI's protocol: `python -m benchmarks.thin_endpoint MODEL`; prints its port.

Chat completions over HTTP/1.1 straight from the engine's own client: each reply is one request with a seed of its own, and
nothing is stored, chosen or checked. `GET /tokens` tells how many tokens were written so far. It stands behind peers that need
a server, so that both sides of a comparison have the same engine.
"""

import asyncio
import itertools
import json
import sys
from typing import Any

from gulliver.models import load_model
from gulliver.models.base import Generate, Message, Reply, Sampling
from gulliver.models.chat import render
from gulliver.models.engines import open_client


class Endpoint:
    """Answers connections, each as often as it asks."""

    def __init__(self, model: str) -> None:
        self._model = load_model(model)
        self._engine = open_client(self._model)
        self._seeds = itertools.count()
        self._written = 0

    async def serve(self) -> None:
        """Open the engine, say the port, and answer until the process is ended."""
        await self._engine.ask(self._request({"messages": [{"role": "user", "content": "Hello"}], "max_tokens": 1}))
        server = await asyncio.start_server(self._talk, "127.0.0.1", 0)
        print(server.sockets[0].getsockname()[1], flush=True)
        async with server:
            await server.serve_forever()

    async def _talk(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while True:
                head = (await reader.readuntil(b"\r\n\r\n")).split(b"\r\n")
                lengths = [int(line[15:]) for line in head if line.lower().startswith(b"content-length:")]
                body = await reader.readexactly(lengths[0]) if lengths else b""
                told = await self._answer(json.loads(body)) if body else {"tokens": self._written}
                back = json.dumps(told).encode()
                lead = f"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: {len(back)}\r\n\r\n"
                writer.write(lead.encode() + back)
                await writer.drain()
        except (asyncio.IncompleteReadError, ConnectionError):
            writer.close()

    async def _answer(self, body: dict[str, Any]) -> dict[str, object]:
        reply = await self._engine.ask(self._request(body))
        self._written += reply.completion_tokens
        return _as_chat(self._model.name, reply)

    def _request(self, body: dict[str, Any]) -> Generate:
        messages = tuple(Message(turn["role"], turn["content"]) for turn in body["messages"] if turn["content"])
        sampling = Sampling(int(body.get("max_tokens", 256)), float(body.get("temperature", 1.0)))
        return Generate(render(self._model.card, messages), sampling, next(self._seeds))


def _as_chat(model: str, reply: Reply) -> dict[str, object]:
    message = {"role": "assistant", "content": reply.text}
    usage = {"prompt_tokens": reply.prompt_tokens, "completion_tokens": reply.completion_tokens}
    return {
        "id": "thin", "object": "chat.completion", "created": 0, "model": model,
        "choices": [{"index": 0, "message": message, "finish_reason": reply.finish, "logprobs": None}],
        "usage": {**usage, "total_tokens": sum(usage.values())},
    }  # fmt: skip


if __name__ == "__main__":
    asyncio.run(Endpoint(sys.argv[1]).serve())
