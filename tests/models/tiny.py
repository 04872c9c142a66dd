"""Tiny GGUF files and wheels, made on the spot."""

import zipfile
from pathlib import Path

import gguf
import numpy as np

TOKENS = ["<s>", "</s>", "a", "b"]
HIDDEN, FEED_FORWARD = 256, 512


def tiny_gguf(
    path: Path,
    kind: gguf.GGMLQuantizationType = gguf.GGMLQuantizationType.Q8_0,
    *,
    template: str | None = None,
    add_bos: bool | None = None,
) -> Path:
    """One layer of a llama with four tokens; tables in `kind`, norms in F32."""
    random = np.random.default_rng(0)
    writer = gguf.GGUFWriter(path, "llama")
    writer.add_name("tiny")
    writer.add_block_count(1)
    writer.add_embedding_length(HIDDEN)
    writer.add_feed_forward_length(FEED_FORWARD)
    writer.add_head_count(4)
    writer.add_head_count_kv(2)
    writer.add_context_length(64)
    writer.add_file_type(7)
    writer.add_tokenizer_model("gpt2")
    writer.add_token_list(TOKENS)
    writer.add_bos_token_id(0)
    writer.add_eos_token_id(1)
    if template is not None:
        writer.add_chat_template(template)
    if add_bos is not None:
        writer.add_add_bos_token(add_bos)
    for name, shape in shapes().items():
        numbers = random.normal(size=shape).astype(np.float32)
        if len(shape) == 1:
            writer.add_tensor(name, numbers)
        else:
            writer.add_tensor(name, gguf.quants.quantize(numbers, kind), raw_dtype=kind)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
    return path


def shapes() -> dict[str, tuple[int, ...]]:
    return {
        "token_embd.weight": (len(TOKENS), HIDDEN),
        "blk.0.attn_norm.weight": (HIDDEN,),
        "blk.0.ffn_up.weight": (FEED_FORWARD, HIDDEN),
        "output_norm.weight": (HIDDEN,),
    }


def fake_wheel(folder: Path, package: str, version: str, members: dict[str, bytes]) -> Path:
    """A wheel as pip would have left it in the folder of downloads."""
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{package.replace('-', '_')}-{version}-py3-none-any.whl"
    with zipfile.ZipFile(path, "w") as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    return path
