"""Whole language models of a few thousand weights as GGUF, made on the spot, with a byte-level tokenizer."""

from pathlib import Path

import gguf
import numpy as np

HIDDEN, FEED_FORWARD, HEADS, KV_HEADS, LAYERS = 64, 96, 4, 2, 2
TEMPLATE = (
    "{% for m in messages %}<|im_start|>{{ m.role }}\n{{ m.content }}<|im_end|>\n{% endfor %}"
    "{% if add_generation_prompt %}<|im_start|>assistant\n{% endif %}"
)


def byte_tokens() -> list[str]:
    """GPT-2's printable stand-ins for the 256 bytes, then three special tokens and two merged ones."""
    plain = [*range(33, 127), *range(161, 173), *range(174, 256)]
    odd = [byte for byte in range(256) if byte not in plain]
    letters = {byte: chr(byte) for byte in plain} | {byte: chr(256 + n) for n, byte in enumerate(odd)}
    return [letters[byte] for byte in range(256)] + ["<|endoftext|>", "<|im_start|>", "<|im_end|>", "th", "in"]


def shapes(architecture: str, tied: bool) -> dict[str, tuple[int, ...]]:
    words, head = len(byte_tokens()), HIDDEN // HEADS
    found: dict[str, tuple[int, ...]] = {"token_embd.weight": (words, HIDDEN), "output_norm.weight": (HIDDEN,)}
    if not tied:
        found["output.weight"] = (words, HIDDEN)
    for layer in range(LAYERS):
        at = f"blk.{layer}"
        for part, rows in (("attn_q", HEADS * head), ("attn_k", KV_HEADS * head), ("attn_v", KV_HEADS * head)):
            found[f"{at}.{part}.weight"] = (rows, HIDDEN)
            if architecture == "qwen2":
                found[f"{at}.{part}.bias"] = (rows,)
            if architecture == "qwen3" and part != "attn_v":
                found[f"{at}.{part}_norm.weight"] = (head,)
        found[f"{at}.attn_output.weight"] = (HIDDEN, HIDDEN)
        found[f"{at}.ffn_gate.weight"] = found[f"{at}.ffn_up.weight"] = (FEED_FORWARD, HIDDEN)
        found[f"{at}.ffn_down.weight"] = (HIDDEN, FEED_FORWARD)
        found[f"{at}.attn_norm.weight"] = found[f"{at}.ffn_norm.weight"] = (HIDDEN,)
    return found


def tiny_causal(
    path: Path,
    architecture: str = "llama",
    kind: gguf.GGMLQuantizationType = gguf.GGMLQuantizationType.Q8_0,
    *,
    tied: bool = True,
    context: int = 256,
) -> Path:
    """Two layers, grouped queries, random weights: matrices in `kind`, vectors in 32 bits."""
    random = np.random.default_rng(0)
    tokens = byte_tokens()
    writer = gguf.GGUFWriter(path, architecture)
    writer.add_name(f"tiny {architecture}")
    writer.add_block_count(LAYERS)
    writer.add_embedding_length(HIDDEN)
    writer.add_feed_forward_length(FEED_FORWARD)
    writer.add_head_count(HEADS)
    writer.add_head_count_kv(KV_HEADS)
    writer.add_key_length(HIDDEN // HEADS)
    writer.add_value_length(HIDDEN // HEADS)
    writer.add_context_length(context)
    writer.add_layer_norm_rms_eps(1e-5)
    writer.add_rope_freq_base(10_000.0)
    writer.add_rope_dimension_count(HIDDEN // HEADS)
    writer.add_vocab_size(len(tokens))
    writer.add_file_type(7)
    writer.add_tokenizer_model("gpt2")
    writer.add_tokenizer_pre("qwen2")
    writer.add_token_list(tokens)
    writer.add_token_types([1] * 256 + [3] * 3 + [1] * 2)
    writer.add_token_merges(["t h", "i n"])
    writer.add_bos_token_id(257)
    writer.add_eos_token_id(258)
    writer.add_pad_token_id(256)
    writer.add_add_bos_token(False)
    writer.add_chat_template(TEMPLATE)
    for name, shape in shapes(architecture, tied).items():
        if len(shape) == 1:
            base = 0.0 if name.endswith("bias") else 1.0
            writer.add_tensor(name, (base + 0.1 * random.normal(size=shape)).astype(np.float32))
        else:
            values = (random.normal(size=shape) / np.sqrt(shape[1])).astype(np.float32)
            writer.add_tensor(name, gguf.quants.quantize(values, kind), raw_dtype=kind)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
    return path
