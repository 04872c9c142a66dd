"""A model behind a server that speaks the OpenAI protocol.

Options: `url` (such as http://127.0.0.1:8000/v1), `model` (the server's name for it), `timeout` (seconds for one try,
300), `retries` (6), `backoff` (seconds before the first retry, 0.5; then doubled), `concurrency` (at most, 64),
`logprobs` (ask for them). The key comes from GULLIVER_API_KEY, else OPENAI_API_KEY; it is in no log and no error.
"""

import asyncio
import os
import random
import time
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

import httpx

from gulliver.errors import ModelError
from gulliver.models.base import Generate, Model, Reply, Request
from gulliver.models.engines import is_on
from gulliver.models.engines.congestion import Gate
from gulliver.models.engines.protocol import error_message, read_reply, request_body

_LONGEST_WAIT = 60.0
_LONGEST_PAUSE = 300.0
_BUSY = (429, 503)
_LOCAL = ("localhost", "127.0.0.1", "::1")


@dataclass(frozen=True)
class _Trouble:
    """Why a try brought nothing, where another may; `unreachable`: the server was not even there; `silent`: it took
    the request and sent nothing."""

    sentence: str
    unreachable: bool = False
    silent: bool = False


class Endpoint:
    """A `Client` over httpx. Use it in one event loop. `gate` shows how many requests are under way."""

    def __init__(self, model: Model) -> None:
        options = model.options
        self._url = httpx.URL(str(options.get("url", "")).rstrip("/"))
        if self._url.scheme not in ("http", "https") or not self._url.host:
            raise ModelError(f"{model.name} names no server; write it as openai:name@http://127.0.0.1:8000/v1")
        self.model = model
        self._asked_for = str(options.get("model", model.card.family))
        self._timeout = float(options.get("timeout", 300.0))
        self._retries = int(options.get("retries", 6))
        self._backoff = float(options.get("backoff", 0.5))
        self._logprobs = is_on(model, "logprobs")
        most = max(1.0, float(options.get("concurrency", 64.0)))
        self.gate = Gate(min(8.0, most), most)
        self._http: httpx.AsyncClient | None = None
        self._answered = False
        self._asking = 0
        self._last_heard = 0.0
        self._unheard: set[int] = set()  # which requests timed out since then

    async def ask(self, request: Request) -> Reply:
        """One reply, after at most `retries` more tries.

        Raises:
            ModelError: the server wants another key, has no such model or address, was never there, or has sent nothing
                to anybody for as long as all tries of one request may take.
        """
        if not self._asking:
            self._last_heard = time.monotonic()
        self._asking += 1
        try:
            return await self._tries(request)
        finally:
            self._asking -= 1

    async def _tries(self, request: Request) -> Reply:
        if not isinstance(request, Generate):
            return Reply(finish="failed", error="An endpoint only generates; score and embed with a local model.")
        trouble = _Trouble("")
        for attempt in range(self._retries + 1):
            if attempt:
                longest = min(_LONGEST_WAIT, self._backoff * 2 ** (attempt - 1))
                await asyncio.sleep(longest * random.uniform(0.5, 1.0))
            outcome = await self._try(request)
            if isinstance(outcome, Reply):
                return outcome
            trouble = outcome
            silence = time.monotonic() - self._last_heard
            if trouble.silent:
                self._unheard.add(id(request))
            # One request alone may be what hangs the server: that is its own outcome.
            several = len(self._unheard) > 1 or not self._answered
            if trouble.silent and several and silence >= self._timeout * (self._retries + 1):
                raise ModelError(
                    f"{self._where} has sent nothing for {silence:.3g} s; look what holds it up, or give it more time with ?timeout=SECONDS behind its address."
                )
        tries = f"{self._retries + 1} tries" if self._retries else "one try"
        if trouble.unreachable and not self._answered:
            raise ModelError(
                f"No server answers at {self._where} ({trouble.sentence}); start it, or check the address."
            )
        return Reply(
            finish="failed", error=f"{self._where} gave no answer in {tries}; the last time {trouble.sentence}."
        )

    def peak_memory(self) -> int:
        """0: the model runs elsewhere."""
        return 0

    async def close(self) -> None:
        """Close the connections."""
        http, self._http = self._http, None
        if http is not None:
            await http.aclose()

    async def _try(self, request: Generate) -> Reply | _Trouble:
        path, body = request_body(request, self._asked_for, self._logprobs)
        address = self._url.copy_with(path=self._url.path.rstrip("/") + path)
        set_out = await self.gate.enter()
        try:
            async with asyncio.timeout(self._timeout):
                response = await self._client().post(address, json=body, headers=_headers())
        except (TimeoutError, httpx.TimeoutException):
            self.gate.refused(set_out)
            return _Trouble(f"it did not answer within {self._timeout:g} s", silent=True)
        except httpx.ConnectError:
            return _Trouble("it could not be reached", unreachable=True)
        except (httpx.TransportError, httpx.DecodingError) as error:
            return _Trouble(f"it broke off ({type(error).__name__})")
        finally:
            self.gate.leave()
        self._answered = True
        self._last_heard = time.monotonic()
        self._unheard.clear()
        return self._heard(response, request, set_out)

    def _heard(self, response: httpx.Response, request: Generate, set_out: float) -> Reply | _Trouble:
        status = response.status_code
        if status in (401, 403):
            raise ModelError(
                f"{self._where} refuses the key ({status}); set GULLIVER_API_KEY (or OPENAI_API_KEY) to one that it knows."
            )
        if status == 404:
            raise ModelError(f"{self._where} has no model {self._asked_for!r} or no such address (404); check both.")
        if status in _BUSY:
            self.gate.refused(set_out, _retry_after(response.headers.get("Retry-After", "")))
            return _Trouble(f"it was busy ({status})")
        if status == 408 or status >= 500:
            return _Trouble(f"it answered {status}")
        if status != 200:
            said = error_message(response.text, _key())
            return Reply(
                finish="failed", error=f"{self._where} refused the request ({status}){': ' + said if said else ''}."
            )
        try:
            reply = read_reply(response.json(), request)
        except ValueError:
            return _Trouble("it sent something that is no answer (not JSON in the OpenAI protocol)")
        self.gate.kept_up(set_out)
        return replace(reply, seconds=time.monotonic() - set_out)

    def _client(self) -> httpx.AsyncClient:
        if self._http is None:
            limits = httpx.Limits(max_connections=None, max_keepalive_connections=int(self.gate.most))
            self._http = httpx.AsyncClient(timeout=self._timeout, limits=limits, trust_env=self._url.host not in _LOCAL)
        return self._http

    @property
    def _where(self) -> str:
        """The address without user, password or query."""
        return str(self._url.copy_with(userinfo=b"", query=None, fragment=None))


def _key() -> str:
    return (os.environ.get("GULLIVER_API_KEY") or os.environ.get("OPENAI_API_KEY") or "").strip()


def _headers() -> dict[str, str]:
    key = _key()
    return {"Authorization": f"Bearer {key}"} if key else {}


def _retry_after(value: str) -> float:
    """Seconds, from a number or a date; 0 when there is none."""
    try:
        pause = float(value)
    except ValueError:
        try:
            pause = (parsedate_to_datetime(value) - datetime.now(UTC)).total_seconds()
        except (ValueError, TypeError):
            return 0.0
    return min(_LONGEST_PAUSE, max(0.0, pause))
