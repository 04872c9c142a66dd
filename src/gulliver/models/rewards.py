"""Models that say how good an answer is: a verifier's head trained here, or a sequence classifier of transformers."""

import importlib.util
import os
from dataclasses import replace
from functools import cache
from importlib.metadata import version
from pathlib import Path

from gulliver.errors import MissingExtra, ModelError
from gulliver.home import folder
from gulliver.models.base import Card, Model
from gulliver.models.encoder import load_encoder
from gulliver.models.folders import card_from_folder, holds_weights
from gulliver.models.sources import fetch_url, only_one
from gulliver.models.verifier import read_head

_NEEDED = ("config.json", "model.safetensors", "tokenizer.json", "tokenizer_config.json")


def verifier_path(name: str) -> Path:
    """Where a head of that name is kept; a name with a slash or `.json` is a file."""
    if name.endswith(".json") or "/" in name:
        return Path(name).expanduser().resolve()
    return folder("verifiers") / f"{name}.json"


def load_verifier(name: str = "default") -> Model:
    """The verifier of that name, ready to be asked `Score(question, solution)`: the log-probability of being right.

    Raises:
        ModelError: there is none, or it is no verifier.
    """
    path = verifier_path(name)
    if not path.is_file():
        raise ModelError(
            f"There is no verifier {name!r} ({path}); train one with `gulliver verifier TASK --name {name}`."
        )
    return _verifier(path, path.stat().st_mtime_ns)


@cache
def _verifier(path: Path, _changed: int) -> Model:
    head = read_head(path)
    encoder = load_encoder(head.encoder)
    card = Card(
        name=f"verifier:{path.stem}",
        family="verifier",
        digest=head.digest,
        architecture="bert encoder, logistic head",
        parameters=encoder.parameters + len(head.weights) + 1,
        active_parameters=encoder.parameters + len(head.weights) + 1,
        embedding_parameters=encoder.embedding_parameters,
        context_length=256,
        source=str(path),
        format="f32",
        note=head.trained,
    )
    return Model(card.name, card, "verifier", version("openvino"), path)


@cache
def load_reward(name: str) -> Model:
    """A sequence classifier: `dir:FOLDER` or `hf:owner/name`, safetensors with a tokenizer.

    Raises:
        MissingExtra: torch or transformers is not installed.
        ModelError: there is no such model, or it cannot be had.
    """
    if any(importlib.util.find_spec(package) is None for package in ("torch", "transformers")):
        raise MissingExtra("A reward model", "torch")
    kind, _, rest = name.partition(":")
    if kind not in ("dir", "hf") or not rest:
        raise ModelError(f"{name!r} is no reward model; write dir:FOLDER or hf:owner/name, a sequence classifier.")
    path = Path(rest).expanduser().resolve() if kind == "dir" else _fetched(rest)
    if not holds_weights(path):
        raise ModelError(
            f"{path} holds no config.json with *.safetensors beside it; give a sequence classifier's folder."
        )
    card = replace(card_from_folder(path, name), vocabulary=0, chat_template=None, bos="")
    engine = f"{version('transformers')} on torch {version('torch')}"
    return Model(name, card, "classifier", engine, path)


def _fetched(name: str) -> Path:
    if name.count("/") != 1:
        raise ModelError(f"'hf:{name}' is not hf:owner/name.")
    place = folder("models") / name.replace("/", "--")
    token = os.environ.get("HF_TOKEN")
    for file in _NEEDED:
        target = place / file
        with only_one(target):
            if not target.is_file():
                fetch_url(f"https://huggingface.co/{name}/resolve/main/{file}", target, None, token)
    return place
