from dataclasses import asdict
from math import prod
from pathlib import Path

import gguf
import numpy as np
import pytest

from gulliver.errors import ModelError
from gulliver.models.gguf_files import card_from_gguf, needs_rewrite
from gulliver.models.gguf_rewrite import rewrite_readable
from tests.models.tiny import FEED_FORWARD, HIDDEN, TOKENS, shapes, tiny_gguf

Kind = gguf.GGMLQuantizationType


def test_a_card_counts_what_is_in_the_file(tmp_path: Path) -> None:
    card = card_from_gguf(tiny_gguf(tmp_path / "tiny.gguf"), name="t", family="f", license="MIT")
    assert card.parameters == sum(prod(shape) for shape in shapes().values())
    assert card.embedding_parameters == len(TOKENS) * HIDDEN
    assert card.output_parameters == 0
    assert (card.layers, card.hidden, card.heads, card.kv_heads, card.head_dim) == (1, HIDDEN, 4, 2, HIDDEN // 4)
    assert (card.feed_forward, card.vocabulary, card.context_length) == (FEED_FORWARD, len(TOKENS), 64)
    assert (card.name, card.family, card.license, card.architecture) == ("t", "f", "MIT", "llama")
    assert card.eos == "</s>"


def test_a_card_is_kept_until_the_file_changes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tiny_gguf(tmp_path / "tiny.gguf")
    first = card_from_gguf(path)
    with monkeypatch.context() as patch:
        patch.setattr(gguf, "GGUFReader", None)
        assert asdict(card_from_gguf(path)) == asdict(first)
    tiny_gguf(path, template="{{ messages }}")
    assert card_from_gguf(path).chat_template == "{{ messages }}"
    assert card_from_gguf(path).digest != first.digest


@pytest.mark.parametrize("kind", [Kind.Q8_0, Kind.Q4_0, Kind.Q4_1, Kind.F16, Kind.F32])
def test_what_the_engine_reads_is_left_alone(tmp_path: Path, kind: Kind) -> None:
    assert not needs_rewrite(tiny_gguf(tmp_path / "tiny.gguf", kind))


@pytest.mark.parametrize("kind", [Kind.Q5_0, Kind.Q5_1, Kind.BF16])
def test_other_types_are_rewritten_close_to_what_they_were(tmp_path: Path, kind: Kind) -> None:
    source = tiny_gguf(tmp_path / "tiny.gguf", kind, template="{{ messages }}")
    assert needs_rewrite(source)
    rewrite_readable(source, tmp_path / "made.gguf")
    assert not needs_rewrite(tmp_path / "made.gguf")
    before, after = gguf.GGUFReader(source), gguf.GGUFReader(tmp_path / "made.gguf")
    assert [t.name for t in before.tensors] == [t.name for t in after.tensors]
    for old, new in zip(before.tensors, after.tensors, strict=True):
        assert list(old.shape) == list(new.shape)
        was = gguf.quants.dequantize(old.data, old.tensor_type)
        now = gguf.quants.dequantize(new.data, new.tensor_type)
        assert np.abs(now - was).max() <= np.abs(was).max() / 127
    assert {t.tensor_type for t in after.tensors} == {Kind.F32, Kind.Q8_0}
    assert after.get_field("general.file_type").contents() == 7
    assert after.get_field("tokenizer.ggml.tokens").contents() == TOKENS
    assert after.get_field("tokenizer.chat_template").contents() == "{{ messages }}"


@pytest.mark.parametrize("keep", [0, 3, 40, 400, -10])
def test_a_cut_file_is_one_sentence(tmp_path: Path, keep: int) -> None:
    path = tiny_gguf(tmp_path / "tiny.gguf")
    path.write_bytes(path.read_bytes()[:keep])
    with pytest.raises(ModelError, match=r"tiny\.gguf") as caught:
        card_from_gguf(path)
    assert "\n" not in str(caught.value)


def test_a_file_that_is_no_gguf_is_one_sentence(tmp_path: Path) -> None:
    path = tmp_path / "text.gguf"
    path.write_text("once upon a time " * 20)
    with pytest.raises(ModelError, match=r"text\.gguf"):
        card_from_gguf(path)


def test_a_base_model_wants_its_begin_token_unless_its_file_says_no(tmp_path: Path) -> None:
    assert card_from_gguf(tiny_gguf(tmp_path / "a.gguf")).bos == "<s>"
    assert card_from_gguf(tiny_gguf(tmp_path / "b.gguf", add_bos=False)).bos == ""


def test_a_template_is_given_the_begin_token_it_asks_for(tmp_path: Path) -> None:
    asks = tiny_gguf(tmp_path / "a.gguf", template="{{ bos_token }}{{ messages[0].content }}")
    silent = tiny_gguf(tmp_path / "b.gguf", template="{{ messages[0].content }}")
    assert (card_from_gguf(asks).bos, card_from_gguf(silent).bos) == ("<s>", "")
