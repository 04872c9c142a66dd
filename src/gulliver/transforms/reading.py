"""What a model expects after each token of given texts: its likeliest next tokens, with log-probabilities, in 32 bits.

Read from the OpenVINO graph of the model (made from its GGUF where needed), in a process of its own, and kept.
"""

import hashlib
import shutil
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from gulliver.errors import ModelError
from gulliver.home import folder
from gulliver.models.base import Model
from gulliver.models.files import writing
from gulliver.transforms.apart import run_apart, scratch

Ints = npt.NDArray[np.int32]
Floats = npt.NDArray[np.float32]

TOP = 256
"""Next tokens that are kept; what the others have together is kept as one."""
_CHUNK = 128
"""Tokens whose whole logits are in memory at once."""
_VERSION = 1
_EXACT = {"INFERENCE_PRECISION_HINT": "f32", "DYNAMIC_QUANTIZATION_GROUP_SIZE": 0, "KV_CACHE_PRECISION": "f32"}


@dataclass(frozen=True)
class Reading:
    """Texts as token ids, and what was expected after each token. T tokens in all, K next tokens kept.

    Attributes:
        ids: (T,) all texts' tokens, one text after the other.
        starts: (texts + 1,) where each text begins, and T.
        top: (T, K) next tokens; the reader's own likeliest first, or those it was asked about.
        logprobs: (T, K) their log-probabilities in nats.
        best: (T,) the likeliest next token.
        said: (T,) log-probability of the token that does come next; NaN after a text's last.
    """

    ids: Ints
    starts: Ints
    top: Ints
    logprobs: Floats
    best: Ints
    said: Floats

    def texts(self) -> list[list[int]]:
        """The ids of each text."""
        return [self.ids[a:b].tolist() for a, b in zip(self.starts[:-1], self.starts[1:], strict=True)]


@dataclass(frozen=True)
class Wanted:
    """One thing to read: texts (or their ids), about the next tokens of `about` or, by default, the likeliest.

    Attributes:
        only_ids: tokenise (by the model's own tokenizer, nothing added) and leave the rest of the reading empty.
    """

    texts: tuple[str, ...] = ()
    ids: tuple[tuple[int, ...], ...] = ()
    about: Reading | None = None
    only_ids: bool = False

    def key(self, digest: str) -> str:
        """What tells this from every other reading."""
        parts = hashlib.sha256(f"{_VERSION} {digest} {self.texts!r} {self.ids!r} {self.only_ids}".encode())
        if self.about is not None:
            parts.update(self.about.top.tobytes())
        return parts.hexdigest()


def read(model: Model, *wanted: Wanted) -> list[Reading]:
    """Read those, loading the model once, or not at all when all of it was read before.

    Raises:
        ModelError: the model cannot be loaded, or its process died.
    """
    places = [folder("readings") / f"{each.key(model.card.digest)}.npz" for each in wanted]
    missing = [pair for pair in zip(wanted, places, strict=True) if not pair[1].is_file()]
    if missing:
        _run(model, missing)
    return [load_reading(place) for place in places]


def load_reading(path: Path) -> Reading:
    """A reading from its file.

    Raises:
        ModelError: the file is damaged.
    """
    try:
        with np.load(path) as data:
            return Reading(*(data[name] for name in ("ids", "starts", "top", "logprobs", "best", "said")))
    except Exception as error:  # numpy raises whatever a damaged archive leads it to
        raise ModelError(
            f"{path} is damaged ({type(error).__name__}); remove it and run the same command again."
        ) from None


def divergence(reference: Reading, measured: Reading) -> Floats:
    """KL(reference || measured) after each token, nats, shape (T,): over the kept next tokens and the rest as one.

    Never more than the divergence over all tokens, and close to it where the kept ones hold nearly all probability.
    """
    p, q = np.exp(reference.logprobs.astype(np.float64)), np.exp(measured.logprobs.astype(np.float64))
    kept = (p * (reference.logprobs.astype(np.float64) - measured.logprobs)).sum(-1)
    tiny = 1e-9
    rest_p, rest_q = np.clip(1 - p.sum(-1), tiny, 1), np.clip(1 - q.sum(-1), tiny, 1)
    made: Floats = np.maximum(kept + rest_p * np.log(rest_p / rest_q), 0).astype(np.float32)
    return made


def _run(model: Model, missing: Sequence[tuple[Wanted, Path]]) -> None:
    if model.engine != "openvino" or model.location is None:
        raise ModelError(f"{model.name} has no weights here that could be read; the parity check needs a GGUF.")
    with scratch() as place:
        jobs = []
        for number, (each, _) in enumerate(missing):
            job: dict[str, Any] = {"texts": each.texts, "ids": each.ids, "only_ids": each.only_ids, "about": ""}
            job["out"] = str(place / f"{number}.npz")
            if each.about is not None:
                job["about"] = str(place / f"{number}-about.npy")
                np.save(job["about"], each.about.top)
            jobs.append(job)
        arguments = {"location": str(model.location), "jobs": jobs, "place": str(place)}
        run_apart("gulliver.transforms.reading:_work", f"Reading {model.name}", **arguments)
        for job, (_, target) in zip(jobs, missing, strict=True):
            with writing(target) as part:
                shutil.copyfile(job["out"], part)


def _work(location: str, jobs: list[dict[str, Any]], place: str) -> None:
    """Inside the process: do the readings."""
    import openvino
    import openvino_genai

    from gulliver.transforms.graphs import GRAPH, save_graph

    graph = Path(location)
    if graph.is_file():
        graph = Path(place) / "graph"
        save_graph(Path(location), graph)
    tokenizer = openvino_genai.Tokenizer(str(graph))

    def encode(text: str) -> list[int]:
        if not text:
            return []
        found: list[int] = tokenizer.encode(text, add_special_tokens=False).input_ids.data[0].tolist()
        return found

    request = None
    for job in jobs:
        ids = job["ids"] or [encode(text) for text in job["texts"]]
        if not job["only_ids"] and request is None:
            request = openvino.Core().compile_model(graph / GRAPH, "CPU", _EXACT).create_infer_request()
        about = np.load(job["about"]) if job["about"] else None
        np.savez(job["out"], **vars(_unread(ids) if job["only_ids"] else _read(request, ids, about)))


def _unread(texts: list[list[int]]) -> Reading:
    ids = np.array([i for each in texts for i in each], np.int32)
    none = np.zeros((len(ids), 0))
    starts = np.cumsum([0, *(len(each) for each in texts)]).astype(np.int32)
    nothing = np.full(len(ids), np.nan, np.float32)
    return Reading(ids, starts, none.astype(np.int32), none.astype(np.float32), np.zeros_like(ids), nothing)


def _read(request: Any, texts: list[list[int]], about: Ints | None) -> Reading:
    rows: list[tuple[Any, ...]] = []
    at = 0
    for ids in texts:
        request.reset_state()
        for begin in range(0, len(ids), _CHUNK):
            piece = ids[begin : begin + _CHUNK]
            logits = _logits(request, piece, begin)
            following = ids[begin + 1 : begin + 1 + len(piece)]
            rows.append(_likeliest(logits, following, about[at : at + len(piece)] if about is not None else None))
            at += len(piece)
    starts = np.cumsum([0, *(len(ids) for ids in texts)]).astype(np.int32)
    top, logprobs, best, said = (np.concatenate(part) for part in zip(*rows, strict=True))
    return Reading(np.array([i for ids in texts for i in ids], np.int32), starts, top, logprobs, best, said)


def _logits(request: Any, ids: list[int], before: int) -> Floats:
    n = len(ids)
    inputs = {
        "input_ids": np.array([ids], np.int64),
        "attention_mask": np.ones((1, before + n), np.int64),
        "position_ids": np.arange(before, before + n, dtype=np.int64)[None],
        "beam_idx": np.zeros(1, np.int32),
    }
    logits: Floats = next(iter(request.infer(inputs).values()))[0]
    return logits


def _likeliest(logits: Floats, following: list[int], about: Ints | None) -> tuple[Any, ...]:
    logits = logits - logits.max(-1, keepdims=True)
    logits -= np.log(np.exp(logits).sum(-1, keepdims=True))
    n, vocabulary = logits.shape
    if about is None:
        kept = min(TOP, vocabulary)
        about = np.argpartition(-logits, kept - 1, axis=-1)[:, :kept].astype(np.int32)
        order = np.argsort(-np.take_along_axis(logits, about, -1), axis=-1)
        about = np.take_along_axis(about, order, -1)
    said = np.full(n, np.nan, np.float32)
    said[: len(following)] = logits[np.arange(len(following)), following]
    return about, np.take_along_axis(logits, about, -1), logits.argmax(-1).astype(np.int32), said
