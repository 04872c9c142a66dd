"""The ledger's FLOPs against torch's counter on a tiny model of each architecture, and against two published tables.

torch counts every product that is computed. Eager attention computes the scores of the whole square and masks the later half,
which the ledger, as a causal kernel, does not count; tests that read a prompt in one pass take that half off. One position at
a time there is no such half, and nothing is taken off. Counts here are within the sliding window of architectures that have one.
"""

import inspect
import json
import struct
from pathlib import Path
from typing import Any

import pytest

from gulliver.inference.flops import forward_flops
from gulliver.models.base import Card
from gulliver.models.folders import card_from_folder

torch = pytest.importorskip("torch")
transformers = pytest.importorskip("transformers")

SHAPE = {
    "hidden_size": 192, "intermediate_size": 512, "num_hidden_layers": 3, "num_attention_heads": 6, "num_key_value_heads": 2,
    "vocab_size": 700, "max_position_embeddings": 256,
}  # fmt: skip
MODELS: dict[str, tuple[str, dict[str, Any]]] = {
    "llama": ("Llama", {}),
    "llama, tied": ("Llama", {"tie_word_embeddings": True}),
    "qwen2": ("Qwen2", {}),
    "qwen3": ("Qwen3", {"head_dim": 48}),
    "gemma3": ("Gemma3", {"head_dim": 48, "sliding_window": 128}),
}
PROMPT, NEW, CACHED, SINGLE = 24, 5, 16, 8
CLOSE = 0.01


@pytest.fixture(params=list(MODELS), scope="module")
def made(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> tuple[Any, Card]:
    """A random model, and its card as read from its folder."""
    folder = tmp_path_factory.mktemp("models")
    name, more = MODELS[request.param]
    config_of = getattr(transformers, f"{name}TextConfig", None) or getattr(transformers, f"{name}Config", None)
    model_of = getattr(transformers, f"{name}ForCausalLM", None)
    if config_of is None or model_of is None:
        pytest.skip(f"this transformers has no {name}")
    model = model_of._from_config(config_of(**SHAPE, **more), attn_implementation="eager").eval()
    model.save_pretrained(folder / "model")
    (folder / "model" / "tokenizer.json").write_text("{}")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("GULLIVER_HOME", str(folder / "home"))
        card = card_from_folder(folder / "model", "tiny")
    return model, card


class Reading:
    """A model that reads tokens behind what it has read before, counted by torch."""

    def __init__(self, model: Any) -> None:
        self.model = model
        self.cache = transformers.DynamicCache(config=model.config)
        accepted = inspect.signature(model.forward).parameters
        self.word = "cache" if "cache" in accepted else "past_key_values"  # transformers gave it a new name in 5.2x
        self.flops = 0.0
        self.read = 0

    def step(self, tokens: int, logits: bool) -> None:
        """Read so many tokens in one pass; with logits of the last when asked for."""
        from torch.utils.flop_counter import FlopCounterMode

        run = self.model if logits else self.model.model
        more = {"logits_to_keep": 1} if logits else {}
        ids = torch.arange(self.read, self.read + tokens)[None] % SHAPE["vocab_size"]
        with torch.no_grad(), FlopCounterMode(display=False) as counter:
            run(ids, use_cache=True, **{self.word: self.cache}, **more)
        self.flops += counter.get_total_flops()
        self.read += tokens


def masked(card: Card, read: int, cached: int = 0) -> float:
    """What eager attention computes beyond the causal half: scores and values at later positions."""
    pairs = sum(read - position for position in range(cached + 1, read + 1))
    return 4.0 * card.layers * card.heads * card.head_dim * pairs


def test_a_prompt_read_in_one_pass(made: tuple[Any, Card]) -> None:
    model, card = made
    reading = Reading(model)
    reading.step(PROMPT, logits=True)
    assert forward_flops(card, PROMPT, 1) == pytest.approx(reading.flops - masked(card, PROMPT), rel=CLOSE)


def test_a_prompt_read_one_token_at_a_time_has_no_masked_half(made: tuple[Any, Card]) -> None:
    model, card = made
    reading = Reading(model)
    for position in range(SINGLE):
        reading.step(1, logits=position == SINGLE - 1)
    assert forward_flops(card, SINGLE, 1) == pytest.approx(reading.flops, rel=CLOSE)


def test_tokens_written_behind_a_key_value_cache(made: tuple[Any, Card]) -> None:
    model, card = made
    reading = Reading(model)
    reading.step(PROMPT, logits=True)
    before = reading.flops
    for _ in range(NEW - 1):
        reading.step(1, logits=True)
    written = forward_flops(card, PROMPT, NEW) - forward_flops(card, PROMPT, 1)
    assert written == pytest.approx(reading.flops - before, rel=CLOSE)
    assert forward_flops(card, PROMPT, NEW) == pytest.approx(reading.flops - masked(card, PROMPT), rel=CLOSE)


def test_a_prompt_behind_a_cached_prefix(made: tuple[Any, Card]) -> None:
    model, card = made
    reading = Reading(model)
    reading.step(CACHED, logits=False)
    before = reading.flops
    reading.step(PROMPT - CACHED, logits=True)
    own = reading.flops - before - masked(card, PROMPT, CACHED)
    assert forward_flops(card, PROMPT, 1, CACHED) == pytest.approx(own, rel=CLOSE)


def test_the_oracle_would_notice_a_matrix_that_is_not_counted(made: tuple[Any, Card]) -> None:
    from dataclasses import replace

    model, card = made
    reading = Reading(model)
    reading.step(PROMPT, logits=True)
    lacking = replace(card, active_parameters=card.active_parameters - card.hidden * card.heads * card.head_dim)
    assert forward_flops(lacking, PROMPT, 1) != pytest.approx(reading.flops - masked(card, PROMPT), rel=CLOSE)


def test_gpt2_small_counts_124_million_less_its_positions(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """123,653,376, as nanoGPT's `get_num_params` counts it: all weights but the table of positions, tied ones once."""
    monkeypatch.setenv("GULLIVER_HOME", str(tmp_path / "home"))
    with torch.device("meta"):
        model = transformers.GPT2LMHeadModel(transformers.GPT2Config())
    model.config.save_pretrained(tmp_path)
    (tmp_path / "tokenizer.json").write_text("{}")
    tensors, end = {}, 0
    for name, weight in model.named_parameters():  # a byte a number, and a hole in place of them
        tensors[name] = {"dtype": "I8", "shape": list(weight.shape), "data_offsets": [end, end + weight.numel()]}
        end += weight.numel()
    header = json.dumps(tensors).encode()
    with (tmp_path / "model.safetensors").open("wb") as file:
        file.write(struct.pack("<Q", len(header)) + header)
        file.truncate(8 + len(header) + end)
    card = card_from_folder(tmp_path, "gpt2")
    assert card.parameters == 124_439_808
    assert card.parameters - card.context_length * card.hidden == 123_653_376


# Hoffmann et al. 2022 (arXiv:2203.15556), appendix F, table A4: layers, d_model, ffw_size, heads, key size, and the ratio
# of FLOPs to 6ND as printed there.
TABLE_A4 = [
    (10, 640, 2560, 10, 64, "1.03"), (20, 1024, 4096, 16, 64, "1.10"), (24, 1280, 5120, 10, 128, "1.08"),
    (26, 1792, 7168, 14, 128, "1.04"), (28, 2048, 8192, 16, 128, "1.03"), (40, 3584, 14336, 28, 128, "0.99"),
]  # fmt: skip
CONTEXT, VOCABULARY = 2048, 32_000


@pytest.mark.parametrize(("layers", "hidden", "feed_forward", "heads", "key", "published"), TABLE_A4)
def test_chinchillas_ratios_to_6nd_come_out_as_published(
    layers: int, hidden: int, feed_forward: int, heads: int, key: int, published: str
) -> None:
    """From the ledger's count of one sequence, after the three things in which the paper counts otherwise: the whole square
    of positions, three operations a score for the softmax, and no logits (its authors' table leaves logits and
    embeddings out, though its text lists them). A backward pass is twice a forward one. N has the paper's relative
    positions, biases and norms in it, and 32,000 embeddings once.
    """
    matrices = layers * (4 * hidden * heads * key + 2 * hidden * feed_forward)
    small = layers * (hidden * hidden + 2 * hidden + 3 * hidden + hidden + feed_forward + hidden + 4 * hidden)
    parameters = matrices + small + 2 * hidden + hidden * VOCABULARY
    card = Card(
        "chinchilla", "chinchilla", "c" * 64, active_parameters=matrices, layers=layers, hidden=hidden, heads=heads,
        head_dim=key, vocabulary=VOCABULARY,
    )  # fmt: skip
    logits = 2.0 * hidden * VOCABULARY
    softmax = 3.0 * layers * heads * CONTEXT**2
    forward = forward_flops(card, CONTEXT, 1) - logits + masked(card, CONTEXT) + softmax
    assert f"{3.0 * forward / (6.0 * parameters * CONTEXT):.2f}" == published
