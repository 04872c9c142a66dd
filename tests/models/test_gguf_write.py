"""Weights go to torch and back, and the engine computes what torch computes."""

from pathlib import Path
from typing import Any

import gguf
import numpy as np
import pytest
import torch

from gulliver.errors import ModelError
from gulliver.models.gguf_files import card_from_gguf
from gulliver.models.gguf_write import layout, numbers, write_gguf
from gulliver.training.weights import load_causal
from tests.models.tiny import tiny_gguf
from tests.models.tiny_causal import KV_HEADS, tiny_causal

Kind = gguf.GGMLQuantizationType
ARCHITECTURES = ("llama", "qwen2", "qwen3")
IDS = [257, *b"small people tied the giant down", 258]


def read(path: Path) -> dict[str, Any]:
    return {tensor.name: numbers(tensor) for tensor in gguf.GGUFReader(path).tensors}


def torch_logprobs(path: Path) -> Any:
    with torch.no_grad():
        logits = load_causal(path)(torch.tensor([IDS])).logits[0].log_softmax(-1)
    return logits[:-1].gather(1, torch.tensor(IDS[1:])[:, None])[:, 0].numpy()


def engine_logprobs(path: Path) -> Any:
    """Of the same tokens, from OpenVINO in its exact mode."""
    import openvino as ov
    import openvino_genai as genai

    scheduler = genai.SchedulerConfig()
    scheduler.num_kv_blocks = 16
    exact = {"INFERENCE_PRECISION_HINT": "f32", "DYNAMIC_QUANTIZATION_GROUP_SIZE": 0, "KV_CACHE_PRECISION": "f32"}
    pipeline = genai.ContinuousBatchingPipeline(str(path), scheduler, "CPU", exact)
    config = genai.GenerationConfig()
    config.apply_chat_template = False
    config.logprobs, config.echo, config.max_new_tokens = 1, True, 1
    handle = pipeline.add_request(0, ov.Tensor(np.array([IDS], dtype=np.int64)), config)
    found: list[float] = []
    while pipeline.has_non_finished_requests():
        pipeline.step()
    while handle.can_read():
        for output in handle.read().values():
            found += output.generated_log_probs
    return np.array(found[1 : len(IDS)])  # the first is a dummy, the last a new token's


@pytest.mark.parametrize("tied", [True, False], ids=["tied", "untied"])
@pytest.mark.parametrize("architecture", ARCHITECTURES)
def test_unchanged_weights_come_back_through_torch_as_they_were(tmp_path: Path, architecture: str, tied: bool) -> None:
    source = tiny_causal(tmp_path / "source.gguf", architecture, tied=tied)
    changed = {name: value.numpy() for name, value in load_causal(source).state_dict().items()}
    if tied:
        del changed["lm_head.weight"]
    write_gguf(source, tmp_path / "made.gguf", changed, "F32")
    before, after = read(source), read(tmp_path / "made.gguf")
    assert list(before) == list(after)
    for name, values in before.items():
        assert np.array_equal(after[name], values), name
    assert ("output.weight" in after) == (not tied)


@pytest.mark.parametrize("architecture", ARCHITECTURES)
def test_the_engine_computes_what_torch_computes_before_and_after_a_change(tmp_path: Path, architecture: str) -> None:
    source, made = tiny_causal(tmp_path / "source.gguf", architecture), tmp_path / "made.gguf"
    assert engine_logprobs(source) == pytest.approx(torch_logprobs(source), abs=1e-4)
    weights = load_causal(source).state_dict()
    name = "model.layers.0.self_attn.k_proj.weight"
    write_gguf(source, made, {name: 2 * weights[name].numpy()})
    assert np.abs(torch_logprobs(made) - torch_logprobs(source)).max() > 1e-4
    assert engine_logprobs(made) == pytest.approx(torch_logprobs(made), abs=1e-4)


def test_heads_whose_rows_were_left_in_the_wrong_order_would_be_seen(tmp_path: Path) -> None:
    source, made = tiny_causal(tmp_path / "source.gguf", "llama"), tmp_path / "made.gguf"
    reader = gguf.GGUFReader(source)
    stored = next(numbers(tensor) for tensor in reader.tensors if tensor.name == "blk.0.attn_k.weight")
    assert not np.array_equal(layout(reader, source).to_torch("blk.0.attn_k.weight", stored), stored)
    write_gguf(source, made, {"model.layers.0.self_attn.k_proj.weight": stored}, "F32")
    assert np.abs(torch_logprobs(made) - torch_logprobs(source)).max() > 1e-4


def test_the_order_of_a_heads_rows_is_two_halves_in_turn(tmp_path: Path) -> None:
    plan = layout(gguf.GGUFReader(tiny_causal(tmp_path / "m.gguf", "llama")), tmp_path / "m.gguf")
    rows = np.arange(8 * KV_HEADS)
    stored = plan.to_gguf("blk.0.attn_k.weight", rows[:, None])[:, 0]
    assert stored[:8].tolist() == [0, 4, 1, 5, 2, 6, 3, 7]
    assert np.array_equal(plan.to_torch("blk.0.attn_k.weight", stored), rows)
    assert np.array_equal(plan.to_gguf("blk.0.attn_v.weight", rows), rows)


def test_matrices_are_of_one_type_and_vectors_in_32_bits(tmp_path: Path) -> None:
    source = tiny_causal(tmp_path / "source.gguf", "qwen2", Kind.Q5_0)
    write_gguf(source, tmp_path / "made.gguf", {"model.norm.weight": np.full(64, 0.5, np.float32)})
    tensors = gguf.GGUFReader(tmp_path / "made.gguf").tensors
    assert {t.tensor_type for t in tensors if len(t.shape) > 1} == {Kind.F16}
    assert {t.tensor_type for t in tensors if len(t.shape) == 1} == {Kind.F32}
    card, parent = card_from_gguf(tmp_path / "made.gguf"), card_from_gguf(source)
    assert card.format == "F16, F32"
    assert (card.parameters, card.chat_template, card.eos) == (parent.parameters, parent.chat_template, parent.eos)
    assert read(tmp_path / "made.gguf")["output_norm.weight"].tolist() == [0.5] * 64


@pytest.mark.parametrize(
    ("name", "values", "sentence"),
    [
        ("model.layers.9.mlp.up_proj.weight", np.zeros((96, 64)), "another model"),
        ("model.norm.weight", np.zeros(63), "shape"),
        ("model.norm.weight", np.full(64, np.nan), "lower rate"),
        ("model.layers.0.mlp.up_proj.weight", np.full((96, 64), 1e5), "lower rate"),
    ],
)
def test_weights_that_do_not_fit_are_one_sentence_and_leave_no_file(
    tmp_path: Path, name: str, values: Any, sentence: str
) -> None:
    source = tiny_causal(tmp_path / "source.gguf")
    with pytest.raises(ModelError, match=sentence):
        write_gguf(source, tmp_path / "made.gguf", {name: values})
    assert [path.name for path in tmp_path.iterdir()] == ["source.gguf"]


def test_an_unknown_architecture_and_missing_weights_are_one_sentence(tmp_path: Path) -> None:
    strange = tmp_path / "strange.gguf"
    writer = gguf.GGUFWriter(strange, "gemma3")
    writer.add_block_count(1)
    writer.add_tensor("token_embd.weight", np.zeros((4, 4), np.float32))
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
    with pytest.raises(ModelError, match="gemma3"):
        write_gguf(strange, tmp_path / "made.gguf", {})
    with pytest.raises(ModelError, match="lacks"):
        load_causal(tiny_gguf(tmp_path / "short.gguf"))
