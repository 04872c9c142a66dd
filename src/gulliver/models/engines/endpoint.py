"""A model behind a server that speaks the OpenAI protocol."""

import asyncio
import json
import os
import random
import time
from dataclasses import replace
from typing import Any

import httpx

from gulliver.errors import ModelError
from gulliver.models.base import Generate, Model, Reply, Request

MOST = 64
TRIES = 6
LONGEST_WAIT = 30.0


class Window:
    """How many requests may be under way: halved when the server is too busy, one more after a windowful of successes.

    Additive increase, multiplicative decrease, as TCP does it (Chiu & Jain 1989).
    """

    def __init__(self, size: float = 8.0, most: int = MOST) -> None:
        self.size = size
        self.most = most
        self.under_way = 0
        self._changed = asyncio.Condition()

    async def enter(self) -> None:
        async with self._changed:
            await self._changed.wait_for(lambda: self.under_way < max(1, int(self.size)))
            self.under_way += 1

    async def leave(self, *, busy: bool) -> None:
        async with self._changed:
            self.under_way -= 1
            self.size = max(1.0, self.size / 2) if busy else min(float(self.most), self.size + 1.0 / self.size)
            self._changed.notify_all()


class Endpoint:
    """A `Client` over httpx. Options: `url`, `model`, `timeout` (seconds), `wait` (seconds before the first retry).

    The key is taken from `GULLIVER_API_KEY`, else `OPENAI_API_KEY`, and appears in no message.
    """

    def __init__(self, model: Model) -> None:
        self.model = model
        key = os.environ.get("GULLIVER_API_KEY") or os.environ.get("OPENAI_API_KEY")
        headers = {"Authorization": f"Bearer {key}"} if key else {}
        timeout = httpx.Timeout(float(model.options.get("timeout", 120.0)), connect=10.0)
        self._http = httpx.AsyncClient(headers=headers, timeout=timeout, limits=httpx.Limits(max_connections=MOST))
        self._url = f"{model.options['url']}/chat/completions"
        self._wait = float(model.options.get("wait", 0.5))
        self.window = Window()

    async def ask(self, request: Request) -> Reply:
        """One reply; trouble that may pass is tried again, and what remains is a failed reply.

        Raises:
            ModelError: the server refuses the key.
        """
        if not isinstance(request, Generate):
            return Reply(
                finish="failed", error="This endpoint can only generate; use a local engine to score or embed."
            )
        trouble = ""
        for attempt in range(TRIES):
            began = time.perf_counter()
            reply, trouble, wait = await self._try(request)
            if reply is not None:
                return _timed(reply, time.perf_counter() - began)
            if attempt + 1 < TRIES:
                backoff = self._wait * 2**attempt * (0.5 + random.random() / 2)
                await asyncio.sleep(min(LONGEST_WAIT, max(wait, backoff)))
        return Reply(finish="failed", error=f"The server {trouble}, {TRIES} times; try again later.")

    def peak_memory(self) -> int:
        return 0

    async def close(self) -> None:
        await self._http.aclose()

    async def _try(self, request: Generate) -> tuple[Reply | None, str, float]:
        """A reply, or what went wrong and the seconds that the server wants us to wait."""
        await self.window.enter()
        busy = False
        try:
            answer = await self._http.post(self._url, json=_body(self.model, request))
            if answer.status_code in (401, 403):
                raise ModelError(
                    f"The server of {self.model.name} refuses the key ({answer.status_code}); set GULLIVER_API_KEY to one that it takes."
                )
            if answer.status_code in (408, 429) or answer.status_code >= 500:
                busy = answer.status_code in (429, 503)
                return None, f"answered {answer.status_code}", _retry_after(answer)
            if answer.status_code != 200:
                return (
                    Reply(finish="failed", error=f"The server answered {answer.status_code}: {_said(answer)}"),
                    "",
                    0.0,
                )
            return _reply(answer.json(), request), "", 0.0
        except httpx.TimeoutException:
            return None, "did not answer in time", 0.0
        except httpx.HTTPError as error:
            return None, f"broke off ({type(error).__name__})", 0.0
        except (ValueError, KeyError, IndexError, TypeError):
            return None, "answered something that is no chat completion", 0.0
        finally:
            await self.window.leave(busy=busy)


def _body(model: Model, request: Generate) -> dict[str, Any]:
    sampling = request.sampling
    body: dict[str, Any] = {
        "model": model.options["model"],
        "messages": json.loads(request.prompt),
        "max_tokens": sampling.max_tokens,
        "temperature": sampling.temperature,
        "top_p": sampling.top_p,
    }
    if sampling.temperature > 0:
        body["seed"] = request.seed
    if sampling.stop:
        body["stop"] = list(sampling.stop)
    return body


def _reply(data: Any, request: Generate) -> Reply:
    choice = data["choices"][0]
    text = choice["message"]["content"] or ""
    if not isinstance(text, str):
        raise TypeError
    usage = data.get("usage") or {}
    return Reply(
        text=text,
        finish="length" if choice.get("finish_reason") == "length" else "stop",
        # A server that tells no usage is counted at four characters a token.
        prompt_tokens=int(usage.get("prompt_tokens", len(request.prompt) // 4)),
        completion_tokens=int(usage.get("completion_tokens", len(text) // 4 + 1)),
        cached_tokens=int((usage.get("prompt_tokens_details") or {}).get("cached_tokens") or 0),
    )


def _timed(reply: Reply, seconds: float) -> Reply:

    return replace(reply, seconds=seconds)


def _retry_after(answer: httpx.Response) -> float:
    try:
        return min(LONGEST_WAIT, max(0.0, float(answer.headers.get("retry-after", 0))))
    except ValueError:
        return 0.0


def _said(answer: httpx.Response) -> str:
    """The server's own message, cut short."""
    try:
        message = answer.json()["error"]["message"]
    except (ValueError, KeyError, TypeError):
        message = answer.text
    return " ".join(str(message).split())[:200]
