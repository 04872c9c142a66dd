"""What an answer is kept by: the content address of a request to a model, and the seed of each draw, which follows from it."""

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from json.encoder import encode_basestring, encode_basestring_ascii
from typing import Any

from gulliver.models.base import PATIENCE, Generate, Model, Request, Sampling

VERSION = "1"
_ENCODER = json.JSONEncoder(sort_keys=True, ensure_ascii=False)
_ASCII = json.JSONEncoder(sort_keys=True)


def request_key(model: Model, request: Request, draw: int, seed: int) -> str:
    """The content address of one answer: weights, engine and its settings, text, parameters, draw.

    A sampled draw also depends on the study's seed; a greedy one does not, so studies share it.
    """
    return request_keys(model, [request], [draw], seed)[0]


def request_keys(model: Model, requests: Sequence[Request], draws: Sequence[int], seed: int) -> list[str]:
    """The key of each request. One that stands there again, for its next draw, is written out once."""
    keys: list[str] = []
    before: Request | None = None
    rest, sampled = b"", False
    for request, draw in zip(requests, draws, strict=True):
        if request is not before:
            before, rest = request, _parts_of(model, request).encode("utf-8", "surrogatepass")
            sampled = isinstance(request, Generate) and request.sampling.temperature > 0
        told = f"[{seed}, {draw}]" if sampled else "[]"
        keys.append(hashlib.sha256(f'{{"draw": {told}, '.encode() + rest).hexdigest())
    return keys


def model_key(model: Model) -> str:
    """The content address of a model as run: weights, engine, settings."""
    return _told(model).key


def draw_seed(model: Model, request: Generate, draw: int, seed: int) -> int:
    """The engine seed of draw number `draw`: a hash, so that the first 16 of 64 draws are the 16 draws."""
    text = f"[{json.dumps(model.card.digest)}, {_texts(request)[1]}, {seed}, {draw}]"
    return int.from_bytes(hashlib.sha256(text.encode()).digest()[:4], "big")


def seeded(model: Model, request: Request, draw: int, seed: int) -> Request:
    """The request as an engine is asked: with the seed of its draw, where one is drawn."""
    if not isinstance(request, Generate) or request.sampling.temperature <= 0:
        return request
    return Generate(request.prompt, request.sampling, draw_seed(model, request, draw, seed))


def _settings(model: Model) -> dict[str, Any]:
    return {key: value for key, value in sorted(model.options.items()) if key not in PATIENCE}


@dataclass(frozen=True)
class _Told:
    """A model as keys tell it: JSON of its engine, settings and weights, and its own key."""

    model: Model
    engine: str
    settings: str
    weights: str
    key: str


_known: dict[int, _Told] = {}


def _told(model: Model) -> _Told:
    """Remembered for the last models that were asked."""
    known = _known.get(id(model))
    if known is not None and known.model is model:
        return known
    settings = _settings(model)
    content = ([model.engine, model.engine_version], settings, model.card.digest)
    key = _digest([model.card.digest, model.engine, model.engine_version, settings])
    if len(_known) >= 64:
        _known.clear()
    engine, stated, weights = (_ENCODER.encode(part) for part in content)
    _known[id(model)] = _Told(model, engine, stated, weights, key)
    return _known[id(model)]


def _parts_of(model: Model, request: Request) -> str:
    """The rest of a key's JSON after its draw, keys in order, put together from texts that many requests share."""
    told = _told(model)
    return (
        f'"engine": {told.engine}, "kind": "{type(request).__name__}", "request": {_request_text(request)}, '
        f'"settings": {told.settings}, "version": "{VERSION}", "weights": {told.weights}}}'
    )


def _request_text(request: Request) -> str:
    if isinstance(request, Generate):
        return _texts(request)[0]
    return _ENCODER.encode(plain(request))


_last: list[tuple[str, Sampling, str, str]] = []


def _texts(request: Generate) -> tuple[str, str]:
    """The JSON of a prompt and its parameters, as keys and as seeds are made of it; the draws of one prompt share it.

    Compared as objects, since numbers that are equal (1 and 1.0) are not written alike.
    """
    if not _last or _last[0][0] is not request.prompt or _last[0][1] is not request.sampling:
        prompt, sampling = request.prompt, request.sampling
        stated, ascii_ = _sampling_texts(**vars(sampling))
        texts = (
            f'{{"prompt": {encode_basestring(prompt)}, "sampling": {stated}}}',
            f'{{"prompt": {encode_basestring_ascii(prompt)}, "sampling": {ascii_}}}',
        )
        _last[:] = [(prompt, sampling, *texts)]
    return _last[0][2:]


@lru_cache(64, typed=True)
def _sampling_texts(**sampling: Any) -> tuple[str, str]:
    stated = _stated(sampling)
    return _ENCODER.encode(stated), _ASCII.encode(stated)


def plain(request: Request) -> dict[str, Any]:
    """A request as JSON can hold it."""
    if isinstance(request, Generate):  # the seed follows from the rest and the draw
        return {"prompt": request.prompt, "sampling": _stated(vars(request.sampling))}
    return dict(vars(request))


def _stated(sampling: Mapping[str, Any]) -> dict[str, Any]:
    """Parameters without a guide that there is not: keys are as they were before there were guides."""
    return {name: value for name, value in sampling.items() if name != "guide" or value}


def _digest(content: Any) -> str:
    return hashlib.sha256(_ENCODER.encode(content).encode("utf-8", "surrogatepass")).hexdigest()
