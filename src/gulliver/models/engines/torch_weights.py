"""A transformers model and its tokenizer, from a GGUF (dequantised) or a folder of safetensors."""

import contextlib
import os
from collections.abc import Iterator
from typing import Any

from gulliver.errors import MissingExtra, ModelError
from gulliver.models.base import Model

PRECISIONS = ("fp32", "bf16")
ATTENTION = frozenset({"full_attention", "sliding_attention", "attention"})


def load_weights(model: Model) -> tuple[Any, Any]:
    """The module, in evaluation mode on its device, and the tokenizer; neither runs code that came with the weights.

    Raises:
        MissingExtra: torch or transformers is not installed.
        ModelError: the file is gone, or of an architecture that transformers or this engine cannot run.
    """
    try:
        import torch
        import transformers
    except ImportError:
        raise MissingExtra("The engine torch", "torch") from None
    place = model.location
    if place is None or not place.exists():
        raise ModelError(f"{model.name} is not at {place} any more; fetch it again.")
    device = str(model.options.get("device", "cpu"))
    if device == "cuda" and not torch.cuda.is_available():
        raise ModelError(f"{model.name} asks for device=cuda, and torch sees no GPU here; leave the option out.")
    precision = torch.bfloat16 if model.options.get("precision") == "bf16" else torch.float32
    folder, gguf = (place, {}) if place.is_dir() else (place.parent, {"gguf_file": place.name})
    with quietly(transformers):
        tokenizer = transformers.AutoTokenizer.from_pretrained(os.fspath(folder), local_files_only=True, **gguf)
        try:
            module: Any = transformers.AutoModelForCausalLM.from_pretrained(
                os.fspath(folder), dtype=precision, local_files_only=True, use_safetensors=True, **gguf
            )
        except ValueError as error:
            if not any(words in str(error) for words in ("not supported", "not recognize", "Unrecognized")):
                raise
            raise ModelError(
                f"{model.name} is of the architecture {model.card.architecture}, which transformers {transformers.__version__} cannot run; choose another model."
            ) from None
    kinds = set(getattr(module.config, "layer_types", None) or ATTENTION)
    if module._is_stateful or not kinds <= ATTENTION:
        raise ModelError(
            f"{model.name} keeps a state beside its keys and values ({module.config.model_type}), which the engine torch cannot batch; choose another model."
        )
    module.to(device)
    module.train(False)
    return module, tokenizer


@contextlib.contextmanager
def quietly(transformers: Any) -> Iterator[None]:
    """Without progress bars and advice on standard error."""
    before = transformers.logging.get_verbosity()
    transformers.logging.set_verbosity_error()
    transformers.logging.disable_progress_bar()
    try:
        yield
    finally:
        transformers.logging.set_verbosity(before)
        transformers.logging.enable_progress_bar()
