"""A folder of safetensors as the hub has it: its card from the headers, without torch and without reading weights."""

import json
import math
from collections import Counter
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

from gulliver.errors import ModelError
from gulliver.models.base import Card
from gulliver.models.files import card_place, joint_digest, state_of, writing

_CARD_VERSION = 1
_TOKENIZERS = ("tokenizer.json", "tokenizer.model", "vocab.json")
_SAID = (
    "config.json",
    "tokenizer_config.json",
    "chat_template.jinja",
    "generation_config.json",
    "special_tokens_map.json",
)


def holds_weights(path: Path) -> bool:
    """Whether it is such a folder: a config.json and at least one safetensors file."""
    return (path / "config.json").is_file() and any(path.glob("*.safetensors"))


def card_from_folder(path: Path, name: str) -> Card:
    """A model's card from its folder; kept in `GULLIVER_HOME/cards`, so that the weights are digested once.

    Raises:
        ModelError: a file is missing, cut short or damaged.
    """
    if not holds_weights(path):
        raise ModelError(f"{path} holds no config.json with *.safetensors beside it; give a folder as the hub has it.")
    if not any((path / file).is_file() for file in _TOKENIZERS):
        raise ModelError(
            f"{path} holds no tokenizer ({', '.join(_TOKENIZERS)}); fetch it from where the weights are from."
        )
    files = sorted(
        file for file in path.iterdir() if file.name in (*_SAID, *_TOKENIZERS) or file.suffix == ".safetensors"
    )
    stamp = [_CARD_VERSION, *state_of(files)]
    aside = card_place(path)
    if aside.is_file():
        try:
            kept = json.loads(aside.read_text(encoding="utf-8"))
            if kept["stamp"] == stamp:
                return Card(**{**kept["card"], "name": name})
        except (ValueError, TypeError, KeyError):
            pass
    card = _card(path, name, files)
    with writing(aside) as part:
        part.write_text(json.dumps({"stamp": stamp, "card": asdict(card)}), encoding="utf-8")
    return card


def _card(path: Path, name: str, files: list[Path]) -> Card:
    config = _json(path / "config.json")
    tokenizer = _json(path / "tokenizer_config.json") if (path / "tokenizer_config.json").is_file() else {}
    shapes: dict[str, tuple[str, int]] = {}
    for file in files:
        if file.suffix == ".safetensors":
            shapes.update(_tensors(file))
    sizes = {key: size for key, (_, size) in shapes.items()}
    types: Counter[str] = Counter()
    for kind, size in shapes.values():
        types[kind] += size
    parameters = sum(sizes.values())

    def number(*keys: str) -> int:
        return next((int(config[key]) for key in keys if isinstance(config.get(key), int)), 0)

    hidden, heads = number("hidden_size", "n_embd"), number("num_attention_heads", "n_head")
    template = _template(path, tokenizer)
    bos = _token(tokenizer.get("bos_token"))
    wanted = bos if (("bos_token" in template) if template else tokenizer.get("add_bos_token", False)) else ""
    return Card(
        name=name,
        family=str(config.get("model_type", path.name)),
        digest=joint_digest(files),
        architecture=str(config.get("model_type", "unknown")),
        parameters=parameters,
        active_parameters=parameters,
        embedding_parameters=next(
            (n for key, n in sizes.items() if key.endswith(("embed_tokens.weight", "wte.weight"))), 0
        ),
        output_parameters=sizes.get("lm_head.weight", 0),
        layers=number("num_hidden_layers", "n_layer"),
        hidden=hidden,
        heads=heads,
        kv_heads=number("num_key_value_heads") or heads,
        head_dim=number("head_dim") or (hidden // heads if heads else 0),
        feed_forward=number("intermediate_size", "n_inner"),
        vocabulary=number("vocab_size"),
        context_length=number("max_position_embeddings", "n_positions"),
        source=str(path),
        format=", ".join(kind for kind, _ in types.most_common()),
        chat_template=template,
        bos=wanted,
        eos=_token(tokenizer.get("eos_token")),
    )


def _tensors(file: Path) -> dict[str, tuple[str, int]]:
    """Number format and size of each tensor, from the header.

    Raises:
        ModelError: the file is cut short or damaged.
    """
    size = file.stat().st_size
    try:
        with file.open("rb") as stream:
            length = int.from_bytes(stream.read(8), "little")
            header = json.loads(stream.read(length)) if 0 < length <= size - 8 else None
        if not isinstance(header, dict):
            raise ValueError
        header.pop("__metadata__", None)
        end = max(int(entry["data_offsets"][1]) for entry in header.values())
        found = {key: (str(entry["dtype"]), math.prod(entry["shape"])) for key, entry in header.items()}
    except (ValueError, KeyError, TypeError, IndexError):
        raise ModelError(
            f"{file} has a header that makes no sense; it is damaged or cut short, fetch it again."
        ) from None
    if 8 + length + end != size:
        raise ModelError(f"{file} has {size} bytes, not the {8 + length + end} that its header states; fetch it again.")
    return found


def _template(path: Path, tokenizer: Mapping[str, Any]) -> str | None:
    file = path / "chat_template.jinja"
    if file.is_file():
        return file.read_text(encoding="utf-8")
    stated = tokenizer.get("chat_template")
    if isinstance(stated, list):  # several by name
        by_name = {each.get("name"): each.get("template") for each in stated if isinstance(each, dict)}
        stated = by_name.get("default")
    return stated if isinstance(stated, str) else None


def _token(stated: Any) -> str:
    if isinstance(stated, dict):
        stated = stated.get("content")
    return stated if isinstance(stated, str) else ""


def _json(path: Path) -> dict[str, Any]:
    try:
        data = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        data = None
    if not isinstance(data, dict):
        raise ModelError(f"{path} cannot be read as JSON; it is damaged or cut short, fetch it again.")
    return data
