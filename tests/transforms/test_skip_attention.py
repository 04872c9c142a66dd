from collections import Counter
from dataclasses import replace
from pathlib import Path

import gguf
import openvino
import pytest

from gulliver.errors import ModelError, SpecError
from gulliver.models.base import Card, Model
from gulliver.models.load import load_model
from gulliver.spec import build, parse
from gulliver.transforms.base import Material
from gulliver.transforms.int8 import Int8
from gulliver.transforms.making import Made, make_model
from gulliver.transforms.skip_attention import SkipAttention
from tests.transforms.contract import TransformContract
from tests.transforms.tiny import LAYERS


def graph(made: Made) -> Counter[str]:
    assert made.model.location is not None
    model = openvino.Core().read_model(made.model.location / "openvino_model.xml")
    return Counter(node.get_type_name() for node in model.get_ordered_ops())


class TestSkipAttention(TransformContract):
    text = "skip_attention(last=1)"

    def test_one_attention_and_its_cache_are_gone(self, made: Made) -> None:
        assert graph(made)["ScaledDotProductAttention"] == LAYERS - 1
        assert graph(made)["ReadValue"] == 2 * (LAYERS - 1)
        assert graph(made)["Swish"] == LAYERS

    def test_its_folder_is_a_model_of_its_own(self, made: Made) -> None:
        loaded = load_model(f"dir:{made.model.location}")
        assert loaded.location == made.model.location
        assert loaded.card.digest == made.model.card.digest
        assert loaded.card.chat_template == made.model.card.chat_template

    def test_it_must_come_after_what_rewrites_a_file(self, made: Made) -> None:
        with pytest.raises(ModelError, match="put int8 before"):
            Int8().apply(made.model, Material())


class TestSkipLayers(TransformContract):
    text = "skip_attention(layers_last=1)"

    def test_the_last_layer_is_not_in_the_file(self, made: Made) -> None:
        assert made.model.location is not None
        reader = gguf.GGUFReader(made.model.location)
        assert reader.get_field("llama.block_count").contents() == LAYERS - 1
        assert not [t.name for t in reader.tensors if t.name.startswith(f"blk.{LAYERS - 1}.")]


def test_skipping_both_halves_of_a_layer_is_skipping_the_layer(home: Path, parent: Model) -> None:
    halves = parse("skip_attention(last=1, mlp_last=1)")[0]
    whole = parse("skip_attention(layers_last=1)")[0]
    one, other = (make_model(parent, [(call, build(SkipAttention, call))], Material()) for call in (halves, whole))
    assert one.parity is not None
    assert other.parity is not None
    assert one.parity.kl == pytest.approx(other.parity.kl, abs=1e-5)
    assert one.parity.nats_after == pytest.approx(other.parity.nats_after, abs=1e-5)
    assert one.model.card.parameters == pytest.approx(other.model.card.parameters, rel=0.01)


@pytest.mark.parametrize("text", ["skip_attention", "skip_attention(last=-1)", "skip_attention(last=0)"])
def test_what_makes_no_sense_is_one_sentence(text: str) -> None:
    with pytest.raises(SpecError, match=r"at least 0|how much to leave out"):
        build(SkipAttention, parse(text)[0])


@pytest.mark.parametrize(
    "part", [SkipAttention(last=LAYERS), SkipAttention(layers_last=LAYERS), SkipAttention(last=2, layers_last=1)]
)
def test_more_than_there_is_is_one_sentence(parent: Model, part: SkipAttention) -> None:
    with pytest.raises(ModelError, match=f"has {LAYERS} layers"):
        part.apply(parent, Material())


def test_a_model_without_weights_here_is_told_so() -> None:
    model = Model("m", Card("m", "f", "d", layers=4), "endpoint", "1")
    with pytest.raises(ModelError, match="no weights here"):
        SkipAttention(last=1).apply(model, Material())
    with pytest.raises(ModelError, match="no GGUF any more"):
        SkipAttention(layers_last=1).apply(replace(model, engine="openvino", location=Path("/nowhere")), Material())
