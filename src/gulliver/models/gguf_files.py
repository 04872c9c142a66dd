"""GGUF files: what stands in their header, and whether the engine can read them as they are."""

import json
import os
import re
from collections import Counter
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

from gulliver.errors import ModelError
from gulliver.models.base import Card
from gulliver.models.sources import file_digest, writing

READABLE = frozenset({"F32", "F16", "Q4_0", "Q4_1", "Q8_0"})
_CARD_VERSION = 1


def card_from_gguf(path: Path, *, name: str = "", family: str = "", **more: str) -> Card:
    """A model's card from its file; kept beside it as JSON, so that the file is read once.

    Raises:
        ModelError: the file is missing, cut short, or no GGUF.
    """
    aside = path.with_name(f".{path.name}.card.json")
    stamp = [_CARD_VERSION, path.stat().st_size, path.stat().st_mtime_ns] if path.is_file() else None
    card: Card | None = None
    if aside.is_file():
        try:
            kept = json.loads(aside.read_text(encoding="utf-8"))
            card = Card(**kept["card"]) if kept["stamp"] == stamp else None
        except (ValueError, TypeError, KeyError):
            card = None
    if card is None:
        card = _read_card(path)
        try:
            with writing(aside) as part:
                part.write_text(json.dumps({"stamp": stamp, "card": asdict(card)}), encoding="utf-8")
        except ModelError:
            pass  # a read-only folder: the file is read again next time
    stated = {key: value for key, value in {"name": name, "family": family, **more}.items() if value}
    return replace(card, **stated)  # type: ignore[arg-type]


def needs_rewrite(path: Path) -> bool:
    """Whether the file has tensors of types that OpenVINO GenAI cannot read (it fails on Q5_0, Q6_K, Q4_K, BF16)."""
    types = {t.strip() for t in card_from_gguf(path).format.replace(" and ", ", ").split(", ")}
    return not types <= READABLE


def open_gguf(path: Path) -> Any:
    """A reader of the file.

    Raises:
        ModelError: the file is missing, cut short, or no GGUF.
    """
    import gguf

    if not path.is_file():
        raise ModelError(f"There is no file {path}; check the path.")
    try:
        return gguf.GGUFReader(os.fspath(path))
    except Exception as error:  # the reader raises whatever its bytes lead it to
        short = str(error).splitlines()[0] if str(error) else type(error).__name__
        raise ModelError(
            f"{path} cannot be read as GGUF ({short}); it is damaged or cut short, fetch it again."
        ) from None


def _read_card(path: Path) -> Card:
    reader = open_gguf(path)
    try:
        return _card(path, reader)
    except ModelError:
        raise
    except Exception as error:  # a damaged header can lead anywhere
        raise ModelError(
            f"{path} has a header that makes no sense ({type(error).__name__}: {error}); fetch it again."
        ) from None


def _card(path: Path, reader: Any) -> Card:
    arch = text_of(reader, "general.architecture")

    def number(key: str, default: int = 0) -> int:
        field = reader.get_field(f"{arch}.{key}")
        value = field.contents() if field is not None else default
        return int(max(value)) if isinstance(value, list) else int(value)

    sizes = {t.name: int(t.n_elements) for t in reader.tensors}
    hidden, heads = number("embedding_length"), number("attention.head_count")
    parameters = sum(size for name, size in sizes.items() if not name.startswith("rope_"))
    tokens = reader.get_field("tokenizer.ggml.tokens")
    vocabulary = len(tokens.data) if tokens is not None else 0
    counted = Counter()  # type: Counter[str]
    for tensor in reader.tensors:
        counted[tensor.tensor_type.name] += int(tensor.n_elements)
    types = [kind for kind, _ in counted.most_common()]
    name = text_of(reader, "general.name", path.stem)
    template = text_of(reader, "tokenizer.chat_template") or None
    bos = _token(reader, tokens, "bos")
    # The template writes its own; a base model gets it from `render`, unless the file says that none is wanted.
    add = reader.get_field("tokenizer.ggml.add_bos_token")
    if template or (add is not None and not add.contents()):
        wanted = bos if template and "bos_token" in template else ""
    else:
        wanted = bos
    return Card(
        name=name,
        family=re.split(r"[-_ ]\d", name)[0].lower() or name,
        digest=file_digest(path),
        architecture=arch,
        parameters=parameters,
        active_parameters=parameters,
        embedding_parameters=sizes.get("token_embd.weight", 0),
        output_parameters=sizes.get("output.weight", 0),
        layers=number("block_count"),
        hidden=hidden,
        heads=heads,
        kv_heads=number("attention.head_count_kv", heads),
        head_dim=number("attention.key_length", hidden // heads if heads else 0),
        feed_forward=number("feed_forward_length"),
        vocabulary=vocabulary,
        context_length=number("context_length"),
        source=str(path),
        license=text_of(reader, "general.license", "not stated"),
        format=", ".join(types),
        chat_template=template,
        bos=wanted,
        eos=_token(reader, tokens, "eos"),
    )


def text_of(reader: Any, key: str, default: str = "") -> str:
    """A text in the header of an open GGUF."""
    field = reader.get_field(key)
    return str(field.contents()) if field is not None else default


def _token(reader: Any, tokens: Any, which: str) -> str:
    field = reader.get_field(f"tokenizer.ggml.{which}_token_id")
    if field is None or tokens is None:
        return ""
    index = int(field.contents())
    return str(tokens.contents(index)) if 0 <= index < len(tokens.data) else ""
