"""Names that choose an engine of an extra: `llamacpp:` before a rung, `hf:` or `gguf:`, and `vllm:dir:path`."""

import importlib.util
from collections.abc import Callable, Mapping
from dataclasses import replace
from importlib.metadata import version
from pathlib import Path

from gulliver.errors import MissingExtra, ModelError
from gulliver.models.base import Card, Model
from gulliver.models.folders import card_from_folder, holds_weights
from gulliver.models.gguf_files import card_from_gguf
from gulliver.models.ladder import find_rung
from gulliver.models.pull import card_of, fetch_rung, made_from
from gulliver.models.sources import Progress

LLAMACPP_OPTIONS = {"prefix_cache": ("true", "false"), "flash": ("true", "false")}
VLLM_OPTIONS = {"precision": ("bf16", "fp16", "fp32")}
Options = Callable[[str, str, str, Mapping[str, tuple[str, ...]]], dict[str, str]]
Load = Callable[[str, Progress | None], Model]


def llamacpp(name: str, rest: str, progress: Progress | None, options: Options, load: Load) -> Model:
    """A GGUF as it was made, whatever its types: nothing is rewritten for this engine.

    Raises:
        ModelError: the name has no GGUF behind it. MissingExtra: xllamacpp is not installed.
    """
    inner, _mark, query = rest.partition("?")
    chosen = options(name, query, "llamacpp:", LLAMACPP_OPTIONS)
    if importlib.util.find_spec("xllamacpp") is None:
        raise MissingExtra("The engine llamacpp", "llamacpp")
    path, card = _file(name, inner, progress, load)
    return Model(name, replace(card, name=name), "llamacpp", f"xllamacpp {version('xllamacpp')}", path, chosen)


def vllm(name: str, rest: str, options: Options) -> Model:
    """A folder of safetensors with its tokenizer, for a GPU.

    Raises:
        ModelError: it is no such folder. MissingExtra: vllm is not installed.
    """
    inner, _mark, query = rest.partition("?")
    chosen = {"precision": "bf16"} | options(name, query, "vllm:", VLLM_OPTIONS)
    if importlib.util.find_spec("vllm") is None:
        raise MissingExtra("The engine vllm", "vllm")
    path = Path(inner.removeprefix("dir:")).expanduser().resolve()
    if not inner.startswith("dir:") or not holds_weights(path):
        raise ModelError(f"{name!r} is not vllm:dir:path; name a folder of safetensors with config and tokenizer.")
    card = card_from_folder(path, name)
    card = replace(card, format=f"{chosen['precision']}, from {card.format}")
    return Model(name, card, "vllm", version("vllm"), path, chosen)


def _file(name: str, inner: str, progress: Progress | None, load: Load) -> tuple[Path, Card]:
    kind, colon, rest = inner.partition(":")
    if not colon:
        rung = find_rung(inner)
        if rung.kind == "gguf":
            path = fetch_rung(rung, progress)
            return path, card_of(rung, path)
    if kind == "gguf":
        path = Path(rest).expanduser().resolve()
        return path, card_from_gguf(path)
    model = load(inner, progress)
    if model.engine != "openvino" or model.location is None or not model.location.is_file():
        raise ModelError(f"{name!r} has no GGUF here to run; write llamacpp: before a rung, hf: or gguf:.")
    path = made_from(model.location)
    return path, replace(card_from_gguf(path, family=model.card.family), source=model.card.source)
