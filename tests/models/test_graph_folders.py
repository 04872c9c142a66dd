"""Folders in OpenVINO's form, as an export leaves them; the graphs here are only as real as their cards need."""

import json
from dataclasses import asdict
from pathlib import Path

import pytest

from gulliver.errors import ModelError
from gulliver.models import check_runs, load_model
from gulliver.models.base import Card

CONFIG = {
    "model_type": "gemma3_text", "hidden_size": 8, "num_attention_heads": 2, "num_key_value_heads": 1, "head_dim": 4,
    "num_hidden_layers": 1, "intermediate_size": 16, "vocab_size": 10, "max_position_embeddings": 64, "tie_word_embeddings": True,
}  # fmt: skip
CONSTANTS = [("u4", "10,2,4"), ("u4", "10,2,1"), ("f16", "10,2,1"), ("i64", "3"), ("f32", "1,1,8"), ("f32", "")]


def graph(folder: Path, *, card: Card | None = None) -> Path:
    folder.mkdir()
    layers = "".join(
        f'<layer id="{i}" type="Const"><data element_type="{kind}" shape="{shape}" /></layer>'
        for i, (kind, shape) in enumerate(CONSTANTS)
    )
    (folder / "openvino_model.xml").write_text(f"<net><layers>{layers}</layers></net>")
    (folder / "openvino_model.bin").write_bytes(b"weights")
    told = '<rt_info><chat_template value="{{ messages }}&#10;" /></rt_info>'
    (folder / "openvino_tokenizer.xml").write_text(f"<net>{told}</net>")
    (folder / "config.json").write_text(json.dumps(CONFIG))
    if card is not None:
        (folder / "gulliver-card.json").write_text(json.dumps(asdict(card)))
    return folder


def test_a_card_comes_from_the_graph_and_its_config(home: Path, tmp_path: Path) -> None:
    path = graph(tmp_path / "m")
    model = load_model(f"dir:{path}")
    card = model.card
    assert (model.engine, model.location) == ("openvino", path)
    assert (card.parameters, card.embedding_parameters, card.output_parameters) == (10 * 2 * 4 + 8, 80, 0)
    assert (card.layers, card.hidden, card.heads, card.kv_heads, card.head_dim) == (1, 8, 2, 1, 4)
    assert (card.format, card.chat_template) == ("u4, f32", "{{ messages }}\n")
    check_runs(model)  # an architecture that the engine cannot build from a GGUF may come as a graph
    assert load_model(f"dir:{path}") == model
    (path / "openvino_model.bin").write_bytes(b"other weights")
    assert load_model(f"dir:{path}").card.digest != card.digest


def test_a_card_that_lies_beside_the_graph_is_the_card(home: Path, tmp_path: Path) -> None:
    stated = Card("made", "family", "digest", parameters=7, chat_template="x")
    model = load_model(f"dir:{graph(tmp_path / 'm', card=stated)}")
    assert model.card == Card(f"dir:{tmp_path / 'm'}", "family", "digest", parameters=7, chat_template="x")


@pytest.mark.parametrize(
    ("file", "content", "says"),
    [
        ("openvino_tokenizer.xml", None, "no openvino_tokenizer"),
        ("openvino_tokenizer.xml", "<net", "no graph of OpenVINO"),
        ("openvino_model.xml", "<net><layers>", "no graph of OpenVINO"),
        ("config.json", None, "no config.json"),
        ("config.json", "{", "cannot be read as JSON"),
        ("gulliver-card.json", '{"name": "x"}', "no card of this version"),
    ],
)
def test_what_is_missing_or_damaged_is_one_sentence(
    home: Path, tmp_path: Path, file: str, content: str | None, says: str
) -> None:
    path = graph(tmp_path / "m")
    if content is None:
        (path / file).unlink()
    else:
        (path / file).write_text(content)
    with pytest.raises(ModelError, match=says):
        load_model(f"dir:{path}")
