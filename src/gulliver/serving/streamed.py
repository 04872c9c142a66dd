"""Engines that tell the text of a request while it is being written."""

import time
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

from gulliver.models.base import Engine, Generate, Model, Reply, Request
from gulliver.models.engines import open_engine
from gulliver.models.engines.openvino import OpenVino
from gulliver.models.engines.scripted import Scripted, scripted_reply
from gulliver.models.engines.tokens import before_stop
from gulliver.models.engines.worker import peak_memory

WINDOW = 64
"""Tokens that are made text together; a character whose bytes lie on both sides of a window's end is lost to both."""


@dataclass(frozen=True)
class Streamed(Generate):
    """A `Generate` whose text is wanted as it comes (`text`), or each token's log-probability at the end (`tokens`)."""

    text: bool = True
    tokens: bool = False


@dataclass(frozen=True)
class SoFar(Reply):
    """The text up to now of a request that goes on; each begins with the one before."""


@dataclass(frozen=True)
class Detailed(Reply):
    """A reply with its tokens as text, each with its log-probability (nats, before temperature and guide)."""

    tokens: tuple[tuple[str, float], ...] = ()


def tells_tokens(model: Model) -> bool:
    """Whether the model's engine tells log-probabilities of single tokens to a `Streamed` request."""
    return model.engine in ("openvino", "scripted")


def open_streaming(model: Model) -> Engine:
    """The model's engine, which gives `SoFar` replies to `Streamed` requests between two steps where it can.

    Raises:
        ModelError: there is no engine of that name, or it cannot read the file.
    """
    if model.engine == "openvino":
        return Beating(StreamingOpenVino(model))
    if model.engine == "scripted":
        return Beating(StreamingScripted(model))
    return Beating(open_engine(model))


class Beating:
    """An engine that says once a second of work that it lives: a `SoFar` of a request that there is not."""

    NOBODY = -1
    EVERY = 1.0

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._said = time.monotonic()
        self.submit, self.busy, self.cancel = engine.submit, engine.busy, engine.cancel
        self.peak_memory = getattr(engine, "peak_memory", peak_memory)

    def step(self) -> list[tuple[int, Reply]]:
        told = self._engine.step()
        if not told and time.monotonic() - self._said >= self.EVERY:
            told = [(self.NOBODY, SoFar())]
        if told:
            self._said = time.monotonic()
        return told


def settled(text: str, stop: tuple[str, ...]) -> str:
    """What of an unfinished text stays, whatever follows: no half character, no beginning of a stop string.

    >>> settled("one, tw", ("two",))
    'one, '
    """
    text = before_stop(text, stop).rstrip("\ufffd")
    most = max((len(mark) for mark in stop), default=1) - 1
    for length in range(min(most, len(text)), 0, -1):
        if any(mark.startswith(text[-length:]) for mark in stop):
            return text[:-length]
    return text


class StreamingOpenVino(OpenVino):
    """OpenVINO GenAI, whose handles give tokens after every step."""

    def step(self) -> list[tuple[int, Reply]]:
        finished = super().step()
        return [*self._so_far(), *finished]

    def _admit(self) -> None:
        super()._admit()
        for row in self._active.values():
            if isinstance(row.request, Streamed) and row.request.text and not isinstance(row.handle, _Kept):
                row.handle = _Kept(row.handle)

    def _told(self, request: Generate, reply: Reply, ids: list[int], logprobs: list[float]) -> Reply:
        if not isinstance(request, Streamed) or not request.tokens:
            return reply
        return Detailed(**vars(reply), tokens=tuple(zip(self._pieces(ids), logprobs, strict=False)))

    def _pieces(self, ids: list[int]) -> list[str]:
        """Each token's part of the text; of a character of several tokens the last has all of it."""
        pieces, whole = [], ""
        for at in range(len(ids)):
            begin = at // WINDOW * WINDOW
            if at == begin:
                whole = ""
            text = self._tokenizer.decode(ids[begin : at + 1], skip_special_tokens=True).rstrip("\ufffd")
            pieces.append(text[len(whole) :])
            whole = text
        return pieces

    def _so_far(self) -> list[tuple[int, Reply]]:
        told: list[tuple[int, Reply]] = []
        for key, row in self._active.items():
            if isinstance(row.handle, _Kept) and isinstance(row.request, Generate) and row.handle.more():
                text = self._tokenizer.decode(row.handle.ids, skip_special_tokens=True)
                told.append((key, SoFar(settled(text, row.request.sampling.stop))))
        return told


class _Kept:
    """A generation handle whose outputs can be looked at before they are read."""

    def __init__(self, handle: Any) -> None:
        self._handle = handle
        self._outputs: list[Any] = []
        self.ids: list[int] = []

    def more(self) -> bool:
        """Take in what was written since; whether that was anything."""
        before = len(self.ids)
        while self._handle.can_read():
            output = self._handle.read()
            self._outputs.append(output)
            for part in output.values():
                self.ids += part.generated_ids
        return len(self.ids) > before

    def can_read(self) -> bool:
        return bool(self._outputs) or bool(self._handle.can_read())

    def read(self) -> Any:
        return self._outputs.pop(0) if self._outputs else self._handle.read()

    def get_status(self) -> Any:
        return self._handle.get_status()

    def cancel(self) -> None:
        self._handle.cancel()


class StreamingScripted(Scripted):
    """The script, told in equal parts over its latency."""

    def __init__(self, model: Model) -> None:
        super().__init__(model)
        self._told: dict[int, int] = {}

    def step(self) -> list[tuple[int, Reply]]:
        asked = {key: request for key, (_, request) in self._due.items()}
        finished = [(key, _detailed(reply, asked[key])) for key, reply in super().step()]
        for key, _ in finished:
            self._told.pop(key, None)
        return [*self._so_far(), *finished]

    def cancel(self, key: int) -> None:
        super().cancel(key)
        self._told.pop(key, None)

    def _so_far(self) -> list[tuple[int, Reply]]:
        latency = float(self.model.options.get("latency", 0.0)) or 1.0
        told: list[tuple[int, Reply]] = []
        for key, (due, request) in self._due.items():
            if not isinstance(request, Streamed) or not request.text:
                continue
            text = scripted_reply(self.model, request).text
            shown = int(len(text) * max(0.0, 1.0 - (due - time.monotonic()) / latency))
            if shown > self._told.get(key, 0):
                self._told[key] = shown
                told.append((key, SoFar(text[:shown])))
        return told


def _detailed(reply: Reply, request: Request) -> Reply:
    """The script's reply in tokens of equal length and probability."""
    if not isinstance(request, Streamed) or not request.tokens or not reply.completion_tokens:
        return reply
    n = reply.completion_tokens
    edges = [len(reply.text) * place // n for place in range(n + 1)]
    each = (reply.logprob or 0.0) / n
    return Detailed(**vars(reply), tokens=tuple((reply.text[a:b], each) for a, b in pairwise(edges)))
