"""A script in place of a model, for tests: adds two numbers it finds in the prompt, as well and as fast as it is told.

Options: `accuracy` (share right, 1), `latency` (seconds, 0), `failures` and `unreadable` (shares, 0), `tokens` (length
of a reply, 8), `memory` (bytes it claims), `process` (run in a process of its own), `unguided` (share of guided replies
that break off before their end, as no guided engine's would, 0). Without a process also `spread`
(standard deviation of the logarithm of a reply's length, 0), `pace` (seconds a token, 0) and `lanes` (requests at once).
"""

import asyncio
import hashlib
import math
import re
import time
from dataclasses import replace
from functools import partial
from statistics import NormalDist

from gulliver.models.base import Embed, Generate, Model, Reply, Request, Sampling, Score
from gulliver.models.engines.scripted_guided import guided
from gulliver.models.guide import read_guide

_SUM = re.compile(r"(\d+)\s*\+\s*(\d+)")
_WORDS = ("red", "green", "blue")
_UNREADABLE = "I do not know."
_LEAST = 1e-9


def scripted_reply(model: Model, request: Request) -> Reply:
    """What the script says: the sum of the last `A + B`, right with the stated accuracy; the same each time it is asked.

    A greedy draft depends on the model and the sum alone, a sampled one on its seed too. `logprob` is that of the
    script's own choice, in nats.
    """
    if isinstance(request, Embed):
        return Reply(finish="failed", error="A scripted model does not embed text; use an encoder.")
    said = _Script(model, request.prompt)
    prompt_tokens = max(1, len(request.prompt) // 4)
    seconds = _number(model, "latency", 0.0)
    if isinstance(request, Score):
        logprob = math.log(said.probability(request.continuation))
        return Reply(prompt_tokens=prompt_tokens, completion_tokens=1, logprob=logprob, seconds=seconds)
    seed = str(request.seed) if request.sampling.temperature > 0 else ""
    if said.chance(seed, "fail") < _number(model, "failures", 0.0):
        error = "The script failed as it was told to."
        return Reply(finish="failed", error=error, prompt_tokens=prompt_tokens, seconds=seconds)
    word = said.word(seed)
    if request.sampling.guide:
        return replace(said.guided(request, seed), prompt_tokens=prompt_tokens, seconds=seconds)
    text = f"{said.a} plus {said.b} makes {word}.\nAnswer: {word}" if said.reasons(word) else word
    reply = _cut(text, said.length(seed), request.sampling)
    logprob = math.log(said.probability(word))
    seconds += reply.completion_tokens * _number(model, "pace", 0.0)
    return replace(reply, prompt_tokens=prompt_tokens, logprob=logprob, seconds=seconds)


class ScriptedClient:
    """A `Client` in this process; a reply's `seconds` pass without holding anything up, but for what waits for its lane."""

    def __init__(self, model: Model) -> None:
        self.model = model
        self._lanes = asyncio.Semaphore(int(_number(model, "lanes", 1 << 20)))

    async def ask(self, request: Request) -> Reply:
        """One reply, after its `seconds`."""
        reply = scripted_reply(self.model, request)
        async with self._lanes:
            await asyncio.sleep(reply.seconds)
        return reply

    def peak_memory(self) -> int:
        """Bytes, as stated by the option `memory`."""
        return int(_number(self.model, "memory", 0.0))

    async def close(self) -> None:
        """Nothing is open."""


class Scripted:
    """An `Engine`: each request is answered `latency` seconds after it came."""

    def __init__(self, model: Model) -> None:
        self.model = model
        self._due: dict[int, tuple[float, Request]] = {}

    def submit(self, key: int, request: Request) -> None:
        self._due[key] = (time.monotonic() + _number(self.model, "latency", 0.0), request)

    def step(self) -> list[tuple[int, Reply]]:
        if not self._due:
            return []
        # Short waits, so that what comes meanwhile is taken in.
        first = min(due for due, _ in self._due.values())
        time.sleep(min(0.01, max(0.0, first - time.monotonic())))
        now = time.monotonic()
        ready = [key for key, (due, _) in self._due.items() if due <= now]
        return [(key, scripted_reply(self.model, self._due.pop(key)[1])) for key in ready]

    def busy(self) -> bool:
        return bool(self._due)

    def cancel(self, key: int) -> None:
        self._due.pop(key, None)


class _Script:
    """What is said to one prompt, and with which probability."""

    def __init__(self, model: Model, prompt: str) -> None:
        self._digest = model.card.digest
        self._prompt = prompt
        self._accuracy = _number(model, "accuracy", 1.0)
        self._unreadable = _number(model, "unreadable", 0.0)
        self._tokens = _number(model, "tokens", 8)
        self._unguided = _number(model, "unguided", 0.0)
        self._spread = _number(model, "spread", 0.0)
        found = _SUM.findall(prompt)
        self.a, self.b = (int(part) for part in found[-1]) if found else (0, 0)
        self._asked = "+".join(found[-1]) if found else prompt
        self._adds = bool(found)

    def chance(self, *parts: str) -> float:
        """A number in [0, 1) that depends on the model, what is asked and the parts alone."""
        text = "\x1f".join((self._digest, self._asked, *parts))
        return int.from_bytes(hashlib.sha256(text.encode("utf-8", "replace")).digest()[:7], "big") / 2**56

    def length(self, seed: str) -> int:
        """Tokens of a reply: log-normal around `tokens` where a `spread` is stated."""
        more = (
            math.exp(self._spread * NormalDist().inv_cdf(max(1e-12, self.chance(seed, "length"))))
            if self._spread
            else 1.0
        )
        return max(1, round(self._tokens * more))

    def word(self, seed: str) -> str:
        if self.chance(seed, "unreadable") < self._unreadable:
            return _UNREADABLE
        if not self._adds:
            return _WORDS[int(3 * self.chance(seed, "word"))]
        right = self.chance(seed, "right") < self._accuracy
        return str(self.a + self.b + (0 if right else 1 + int(9 * self.chance(seed, "wrong"))))

    def guided(self, request: Generate, seed: str) -> Reply:
        """What the guide asks for, one token for every four characters."""
        text = guided(read_guide(request.sampling.guide), request.prompt, partial(self.chance, seed, "guide"))
        if self.chance(seed, request.prompt, "unguided") < self._unguided:
            text = text[: max(1, len(text) // 2)]
        reply = _cut(text, max(1, len(text) // 4), request.sampling)
        return replace(reply, logprob=-0.1 * reply.completion_tokens)

    def probability(self, word: str) -> float:
        """That a sampled draft says `word`; at least 1e-9, to have a logarithm."""
        word = word.strip()
        said = 1.0 - self._unreadable
        if word == _UNREADABLE:
            share = self._unreadable
        elif not self._adds:
            share = said / 3 if word in _WORDS else 0.0
        elif word == str(self.a + self.b):
            share = said * self._accuracy
        else:
            wrong = {str(self.a + self.b + more) for more in range(1, 10)}
            share = said * (1 - self._accuracy) / 9 if word in wrong else 0.0
        return min(1.0, max(_LEAST, share))

    def reasons(self, word: str) -> bool:
        return self._adds and word != _UNREADABLE and "step" in self._prompt


def _cut(text: str, tokens: int, sampling: Sampling) -> Reply:
    """The text up to a stop string or the length limit; a token is an equal part of the text."""
    whole = len(text)
    places = [place for place in (text.find(mark) for mark in sampling.stop if mark) if place >= 0]
    if places:
        text = text[: min(places)]
        tokens = max(1, math.ceil(tokens * len(text) / whole))
    if tokens <= sampling.max_tokens:
        return Reply(text, "stop", completion_tokens=tokens)
    return Reply(text[: len(text) * sampling.max_tokens // tokens], "length", completion_tokens=sampling.max_tokens)


def _number(model: Model, option: str, default: float) -> float:
    return float(model.options.get(option, default))
