"""A llama of three layers with random weights and a byte-level tokenizer: small, and complete enough for OpenVINO GenAI."""

from collections.abc import Mapping
from pathlib import Path

import gguf
import numpy as np

LAYERS, HIDDEN, FEED_FORWARD, HEADS, KV_HEADS = 3, 64, 128, 4, 2
TEMPLATE = (
    "{% for m in messages %}<|im_start|>{{ m.role }}\n{{ m.content }}<|im_end|>\n{% endfor %}"
    "{% if add_generation_prompt %}<|im_start|>assistant\n{% endif %}"
)


def small_gguf(
    path: Path,
    *,
    template: str | None = TEMPLATE,
    added: Mapping[str, np.ndarray] | None = None,
    tied_output: bool = False,
) -> Path:
    """The file, in F16. `added`: what is added to a tensor's numbers, such as an adapter's product."""
    random = np.random.default_rng(0)
    words = _tokens()
    writer = gguf.GGUFWriter(path, "llama")
    writer.add_name("small")
    writer.add_block_count(LAYERS)
    writer.add_embedding_length(HIDDEN)
    writer.add_feed_forward_length(FEED_FORWARD)
    writer.add_head_count(HEADS)
    writer.add_head_count_kv(KV_HEADS)
    writer.add_context_length(4096)
    writer.add_layer_norm_rms_eps(1e-5)
    writer.add_rope_freq_base(10000.0)
    writer.add_rope_dimension_count(HIDDEN // HEADS)
    writer.add_file_type(1)
    writer.add_vocab_size(len(words))
    writer.add_tokenizer_model("gpt2")
    writer.add_tokenizer_pre("smollm")
    writer.add_token_list(words)
    writer.add_token_types([3, 3, 3] + [1] * (len(words) - 3))
    writer.add_token_merges(["t h", "th e"])
    writer.add_bos_token_id(1)
    writer.add_eos_token_id(2)
    writer.add_pad_token_id(2)
    writer.add_add_bos_token(False)
    if template is not None:
        writer.add_chat_template(template)
    for name, shape in shapes().items():
        numbers = np.ones(shape, np.float32) if len(shape) == 1 else random.normal(size=shape) * 0.15
        numbers = numbers + (added or {}).get(name, 0)
        writer.add_tensor(name, numbers.astype(np.float32 if len(shape) == 1 else np.float16))
        if name == "token_embd.weight" and tied_output:
            writer.add_tensor("output.weight", numbers.astype(np.float16))
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
    return path


def shapes() -> dict[str, tuple[int, ...]]:
    """Every tensor, rows first."""
    kv = HIDDEN // HEADS * KV_HEADS
    made: dict[str, tuple[int, ...]] = {"token_embd.weight": (len(_tokens()), HIDDEN), "output_norm.weight": (HIDDEN,)}
    for layer in range(LAYERS):
        at = f"blk.{layer}."
        made |= {at + name: (HIDDEN,) for name in ("attn_norm.weight", "ffn_norm.weight")}
        made |= {at + "attn_q.weight": (HIDDEN, HIDDEN), at + "attn_output.weight": (HIDDEN, HIDDEN)}
        made |= {at + "attn_k.weight": (kv, HIDDEN), at + "attn_v.weight": (kv, HIDDEN)}
        made |= {at + "ffn_gate.weight": (FEED_FORWARD, HIDDEN), at + "ffn_up.weight": (FEED_FORWARD, HIDDEN)}
        made |= {at + "ffn_down.weight": (HIDDEN, FEED_FORWARD)}
    return made


def _tokens() -> list[str]:
    """Three marks, the 256 bytes as GPT-2 writes them, and what the merges make."""
    shown = [chr(c) for c in (*range(33, 127), *range(161, 173), *range(174, 256))]
    hidden = [chr(256 + n) for n in range(256 - len(shown))]
    return ["<|endoftext|>", "<|im_start|>", "<|im_end|>", *shown, *hidden, "th", "the"]
