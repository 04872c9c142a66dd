"""A folder in OpenVINO's form (a graph with its weights and its tokenizer's graph): its card, without loading it."""

import json
import math
import xml.etree.ElementTree as ElementTree
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

from gulliver.errors import ModelError
from gulliver.models.base import Card
from gulliver.models.files import card_place, joint_digest, state_of, writing

GRAPH, TOKENIZER, CARD = "openvino_model", "openvino_tokenizer", "gulliver-card.json"
_CARD_VERSION = 1


def holds_graph(path: Path) -> bool:
    """Whether it is such a folder, as `optimum-cli export openvino` or `skip_attention` leaves it."""
    return (path / f"{GRAPH}.xml").is_file() and (path / f"{GRAPH}.bin").is_file()


def card_from_graph(path: Path, name: str) -> Card:
    """The card beside the graph, else one from `config.json` and the graph, kept in `GULLIVER_HOME/cards`.

    Raises:
        ModelError: a file is missing or damaged.
    """
    if not (path / f"{TOKENIZER}.xml").is_file():
        raise ModelError(f"{path} holds a graph and no {TOKENIZER}.xml; export it together with its tokenizer.")
    if (path / CARD).is_file():
        return replace(_known(_json(path / CARD), path / CARD), name=name)
    files = [path / f"{each}.{ending}" for each in (GRAPH, TOKENIZER) for ending in ("xml", "bin")]
    files = [file for file in (*files, path / "config.json") if file.is_file()]
    stamp = [_CARD_VERSION, *state_of(files)]
    aside = card_place(path)
    if aside.is_file():
        kept = _json(aside)
        if kept.get("stamp") == stamp:
            return replace(_known(kept.get("card"), aside), name=name)
    card = _card(path, name, files)
    with writing(aside) as part:
        part.write_text(json.dumps({"stamp": stamp, "card": asdict(card)}), encoding="utf-8")
    return card


def _card(path: Path, name: str, files: list[Path]) -> Card:
    config = _json(path / "config.json")

    def number(key: str, default: int = 0) -> int:
        return int(config[key]) if isinstance(config.get(key), int) else default

    counted = _constants(path / f"{GRAPH}.xml")
    hidden, heads = number("hidden_size"), number("num_attention_heads")
    table = number("vocab_size") * hidden
    parameters = sum(counted.values())
    told = _runtime_facts(path / f"{TOKENIZER}.xml")
    return Card(
        name=name,
        family=str(config.get("model_type", path.name)),
        digest=joint_digest(files),
        architecture=str(config.get("model_type", "unknown")),
        parameters=parameters,
        active_parameters=parameters,
        embedding_parameters=table,
        output_parameters=0 if config.get("tie_word_embeddings", False) else table,
        layers=number("num_hidden_layers"),
        hidden=hidden,
        heads=heads,
        kv_heads=number("num_key_value_heads", heads),
        head_dim=number("head_dim", hidden // heads if heads else 0),
        feed_forward=number("intermediate_size"),
        vocabulary=number("vocab_size"),
        context_length=number("max_position_embeddings"),
        source=str(path),
        format=", ".join(sorted(counted, key=lambda kind: -counted[kind])),
        chat_template=told.get("chat_template") or None,
    )


def _constants(path: Path) -> dict[str, int]:
    """Weights by number format; scales and zero points, which have one entry a group, are none."""
    counted: dict[str, int] = {}
    try:
        for _, layer in ElementTree.iterparse(path):
            if layer.tag == "layer" and layer.get("type") == "Const":
                data = layer.find("data")
                shape = [int(n) for n in (data.get("shape") or "").split(",") if n.strip()] if data is not None else []
                kind = data.get("element_type", "") if data is not None else ""
                if shape and shape[-1] > 1 and kind in ("u4", "i4", "u8", "i8", "f16", "bf16", "f32"):
                    counted[kind] = counted.get(kind, 0) + math.prod(shape)
            if layer.tag == "layer":
                layer.clear()
    except (ElementTree.ParseError, ValueError, OSError):
        raise ModelError(f"{path} is no graph of OpenVINO; it is damaged or cut short, export it again.") from None
    return counted


def _runtime_facts(path: Path) -> dict[str, str]:
    try:
        found = ElementTree.parse(path).getroot().find("rt_info")
    except (ElementTree.ParseError, OSError):
        raise ModelError(f"{path} is no graph of OpenVINO; it is damaged or cut short, export it again.") from None
    return {each.tag: each.get("value", "") for each in found} if found is not None else {}


def _known(facts: Any, where: Path) -> Card:
    try:
        return Card(**facts)
    except TypeError:
        raise ModelError(f"{where} is no card of this version of Gulliver; remove it.") from None


def _json(path: Path) -> dict[str, Any]:
    if not path.is_file():
        raise ModelError(f"{path.parent} holds a graph and no {path.name}, which says its sizes; export it again.")
    try:
        data = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        data = None
    if not isinstance(data, dict):
        raise ModelError(f"{path} cannot be read as JSON; it is damaged or cut short, make it again.")
    return data
