"""A transformers model in 32 bits from a GGUF, in seconds: made from the header, filled tensor by tensor."""

from pathlib import Path
from typing import Any

import torch

from gulliver.errors import ModelError
from gulliver.models.gguf_files import open_gguf
from gulliver.models.gguf_write import Layout, layout, numbers


def load_causal(path: Path, tied: bool = False) -> Any:
    """A causal language model that computes what the file holds, dequantised.

    Args:
        tied: whether the output table of the file, if there is one, is a copy of the embeddings to be left out.

    Raises:
        ModelError: the file cannot be read, or is of an architecture that cannot be trained here.
    """
    import transformers

    reader = open_gguf(path)
    plan = layout(reader, path)
    maker: Any = transformers.AutoModelForCausalLM
    with torch.device("meta"):
        module = maker.from_config(_config(path, reader, plan, tied), attn_implementation="sdpa")
    weights = {
        plan.names[tensor.name]: torch.from_numpy(plan.to_torch(tensor.name, numbers(tensor)).copy())
        for tensor in reader.tensors
        if tensor.name in plan.names and not (tied and tensor.name == "output.weight")
    }
    for extra in sorted(set(weights) - set(module.state_dict())):
        raise ModelError(
            f"{path.name} has weights for {extra}, which this architecture does not use; choose another model."
        )
    missing = module.load_state_dict(weights, strict=False, assign=True).missing_keys
    module.tie_weights()
    short = [name for name in missing if module.get_parameter(name).is_meta]
    if short:
        raise ModelError(f"{path.name} lacks weights for {short[0]}; it is damaged or cut short, fetch it again.")
    _positions(module, reader)
    return module.eval()


def _config(path: Path, reader: Any, plan: Layout, tied: bool) -> Any:
    from transformers import AutoConfig

    def stated(key: str, default: float | None = None) -> Any:
        field = reader.get_field(f"{plan.architecture}.{key}")
        if field is None and default is None:
            raise ModelError(f"{path.name} lacks {key} in its header; it is damaged or cut short, fetch it again.")
        return field.contents() if field is not None else default

    sizes = {tensor.name: [int(n) for n in tensor.shape] for tensor in reader.tensors}
    hidden, words = sizes["token_embd.weight"]
    theta = float(stated("rope.freq_base", 10_000.0))
    options = {
        "vocab_size": words,
        "hidden_size": hidden,
        "intermediate_size": int(stated("feed_forward_length")),
        "num_hidden_layers": int(stated("block_count")),
        "num_attention_heads": plan.heads,
        "num_key_value_heads": plan.kv_heads,
        "head_dim": int(stated("attention.key_length", hidden // plan.heads)),
        "max_position_embeddings": int(stated("context_length")),
        "rms_norm_eps": float(stated("attention.layer_norm_rms_epsilon")),
        "rope_parameters": {"rope_type": "default", "rope_theta": theta},
        "tie_word_embeddings": tied or "output.weight" not in sizes,
        "use_cache": False,
    }
    if plan.architecture != "qwen2":
        options["attention_bias"] = "blk.0.attn_q.bias" in sizes
    return AutoConfig.for_model(plan.architecture, **options)


def _positions(module: Any, reader: Any) -> None:
    """Rotary frequencies are no weights and were not filled; a Llama 3 file states factors for them."""
    rotary = module.model.rotary_emb
    fresh = type(rotary)(config=module.config)
    factors = next((numbers(tensor) for tensor in reader.tensors if tensor.name == "rope_freqs.weight"), None)
    if factors is not None:
        fresh.inv_freq = fresh.inv_freq / torch.from_numpy(factors.copy())
    module.model.rotary_emb = fresh
