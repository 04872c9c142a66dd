"""The ladder's models, from transformers' own classes: Llama where it reads forward, EuroBERT where it reads both ways.

The two have the same layers (EuroBERT is Llama without the causal mask, Boizard et al. 2025, arXiv:2503.05500), so that a decoder and its
masked-diffusion twin have the same parameters and the same FLOPs a step. Needs the extra `torch`.
"""

from typing import TYPE_CHECKING, Any

from gulliver.errors import MissingExtra
from gulliver.laws.ladder.config import Kind
from gulliver.laws.ladder.shapes import Shape
from gulliver.laws.ladder.tokens import BEGIN, MASK

if TYPE_CHECKING:
    from torch import Tensor


def build(kind: Kind, shape: Shape, seed: int) -> Any:
    """A model of that shape, its weights drawn by `seed`; 32-bit floats, on the CPU or the first GPU.

    Raises:
        MissingExtra: torch or transformers is not installed.
    """
    try:
        import torch
        from transformers import EuroBertConfig, EuroBertForMaskedLM, LlamaConfig, LlamaForCausalLM
        from transformers.utils import logging as transformers_logging
    except ImportError:
        raise MissingExtra("Training a ladder", "torch") from None
    transformers_logging.disable_progress_bar()  # type: ignore[no-untyped-call]
    common: dict[str, Any] = {
        "vocab_size": shape.vocabulary,
        "hidden_size": shape.width,
        "intermediate_size": shape.hidden,
        "num_hidden_layers": shape.depth,
        "num_attention_heads": shape.heads,
        "num_key_value_heads": shape.heads,
        "max_position_embeddings": shape.context + 1,
        "initializer_range": 0.5 / shape.width**0.5,
        "tie_word_embeddings": True,
        "bos_token_id": BEGIN,
        "eos_token_id": BEGIN,
        "pad_token_id": None,
        "attn_implementation": "sdpa",
    }
    with torch.random.fork_rng():
        torch.manual_seed(seed)
        model: Any
        if kind == "decoder":
            model = LlamaForCausalLM(LlamaConfig(use_cache=False, **common))
        else:
            model = EuroBertForMaskedLM(EuroBertConfig(mask_token_id=MASK, **common))
    return model.to("cuda") if torch.cuda.is_available() else model


def logits(model: Any, ids: "Tensor") -> "Tensor":
    """Scores of every id at every position, (B, T, V)."""
    found: Tensor = model(input_ids=ids).logits
    return found
