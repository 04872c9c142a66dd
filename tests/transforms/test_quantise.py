from dataclasses import replace
from pathlib import Path
from typing import ClassVar

import gguf
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from gulliver.errors import ModelError
from gulliver.models.base import Card, Model
from gulliver.models.gguf_rewrite import q4_1
from gulliver.models.load import load_model
from gulliver.transforms.base import Material
from gulliver.transforms.int4 import Int4
from gulliver.transforms.int8 import Int8
from gulliver.transforms.making import Made
from tests.transforms.contract import TransformContract
from tests.transforms.tiny import shapes, small_gguf

Kind = gguf.GGMLQuantizationType


class TestInt8(TransformContract):
    text = "int8"
    idempotent: ClassVar[bool] = True

    def test_next_to_nothing_changes(self, made: Made) -> None:
        assert made.parity is not None
        assert made.parity.kl < 0.005

    def test_every_matrix_is_in_8_bits_and_within_half_a_step(self, parent: Model, made: Made) -> None:
        assert made.model.location is not None
        assert parent.location is not None
        before = {t.name: t for t in gguf.GGUFReader(parent.location).tensors}
        for tensor in gguf.GGUFReader(made.model.location).tensors:
            matrix = len(shapes()[tensor.name]) == 2
            assert tensor.tensor_type == (Kind.Q8_0 if matrix else Kind.F32)
            was = np.asarray(before[tensor.name].data, np.float32)
            now = gguf.quants.dequantize(tensor.data, tensor.tensor_type)
            assert np.abs(now - was).max() <= 0.51 * np.abs(was).max() / 127


class TestInt4(TransformContract):
    text = "int4"
    idempotent: ClassVar[bool] = True

    def test_words_keep_8_bits_and_the_rest_has_4(self, made: Made) -> None:
        assert made.model.location is not None
        reader = gguf.GGUFReader(made.model.location)
        kinds = {t.name: t.tensor_type for t in reader.tensors}
        assert kinds.pop("token_embd.weight") == Kind.Q8_0
        assert {kind for name, kind in kinds.items() if len(shapes()[name]) == 2} == {Kind.Q4_1}
        assert reader.get_field("general.file_type").contents() == 3

    def test_more_changes_than_with_8_bits_and_the_model_remains(self, made: Made) -> None:
        assert made.parity is not None
        assert 0.005 < made.parity.kl < 0.3


def test_a_header_is_kept_and_the_file_is_smaller(home: Path, parent: Model, tmp_path: Path) -> None:
    assert parent.location is not None
    sizes = [parent.location.stat().st_size]
    for part in (Int8(), Int4()):
        path = part.apply(parent, Material(folder=tmp_path / type(part).__name__)).path
        sizes.append(path.stat().st_size)
        old, new = gguf.GGUFReader(parent.location), gguf.GGUFReader(path)
        for field in old.fields.values():
            if not field.name.startswith("GGUF.") and field.name != "general.file_type":
                assert new.get_field(field.name).contents() == field.contents()
    assert sizes == sorted(sizes, reverse=True)


def test_a_table_kept_twice_is_kept_once(home: Path, tmp_path: Path) -> None:
    twice = load_model(f"gguf:{small_gguf(tmp_path / 'twice.gguf', tied_output=True)}")
    assert twice.card.output_parameters == twice.card.embedding_parameters
    two = Int8().apply(twice, Material(folder=tmp_path / "two")).path
    assert "output.weight" in {t.name for t in gguf.GGUFReader(two).tensors}  # its card says that they are two
    tied = replace(twice, card=replace(twice.card, output_parameters=0))
    one = Int8().apply(tied, Material(folder=tmp_path / "one")).path
    assert {t.name for t in gguf.GGUFReader(one).tensors} == shapes().keys()


def test_a_format_says_what_rounding_came_before() -> None:
    assert Int8().forecast(Card("m", "f", "d", format="F16, F32")).format == "Q8_0"
    made = Int4().forecast(Card("m", "f", "d", format="Q8_0, rewritten from Q4_K_M"))
    assert made.format == "Q4_1 with Q8_0 embeddings, from Q8_0, rewritten from Q4_K_M"
    assert Int4().same(made)
    assert not Int8().same(made)


def test_a_model_without_a_gguf_is_told_so(home: Path) -> None:
    with pytest.raises(ModelError, match="int8 rewrites a GGUF"):
        Int8().apply(load_model("scripted:x"), Material())


@settings(max_examples=60, deadline=None)
@given(arrays(np.float32, (3, 64), elements=st.floats(-4, 4, width=32)))
def test_4_bits_are_within_a_step_and_the_zero_point_is_a_whole_number_of_steps(rows: np.ndarray) -> None:
    stored = q4_1(rows)
    blocks = stored.reshape(-1, 20)
    step = blocks[:, :2].copy().view(np.float16).astype(np.float32)
    low = blocks[:, 2:4].copy().view(np.float16).astype(np.float32)
    zero = -low / step
    assert np.abs(zero - np.rint(zero)).max() < 0.01  # as far as 16 bits hold the product
    assert zero.min() >= -0.01
    assert zero.max() <= 15.01
    back = gguf.quants.dequantize(stored, Kind.Q4_1).reshape(-1, 32)
    whole = np.ptp(np.concatenate([rows.reshape(-1, 32), np.zeros((6, 1), np.float32)], 1), axis=1, keepdims=True)
    assert (np.abs(back - rows.reshape(-1, 32)) <= 0.11 * whole + 1e-3).all()
    assert (np.square(back - rows.reshape(-1, 32)).mean(1, keepdims=True) <= (whole / 15 + 1e-3) ** 2).all()


def test_4_bits_cost_less_than_the_usual_choice_as_the_engine_reads_it() -> None:
    rows = np.random.default_rng(0).normal(size=(64, 256)).astype(np.float32)

    def as_read(stored: np.ndarray) -> np.ndarray:
        """OpenVINO's reading: the minimum becomes a whole zero point."""
        blocks = stored.reshape(-1, 20)
        step = blocks[:, :2].copy().view(np.float16).astype(np.float32)
        zero = np.rint(-blocks[:, 2:4].copy().view(np.float16).astype(np.float32) / step)
        steps = np.concatenate([blocks[:, 4:] & 15, blocks[:, 4:] >> 4], axis=1).astype(np.float32)
        return ((steps - zero) * step).reshape(rows.shape)

    ours, usual = (
        np.square(as_read(each) - rows).mean() for each in (q4_1(rows), gguf.quants.quantize(rows, Kind.Q4_1))
    )
    assert ours < 0.8 * usual
