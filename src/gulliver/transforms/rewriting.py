"""What transforms have to know of a model's GGUF before they write it anew with `models.gguf_rewrite`."""

from pathlib import Path

from gulliver.errors import ModelError
from gulliver.models.base import Model
from gulliver.models.gguf_files import open_gguf


def gguf_of(model: Model, what: str) -> Path:
    """The model's GGUF file.

    Raises:
        ModelError: it has none, as a folder made by skip_attention or an endpoint.
    """
    if model.location is None or not model.location.is_file() or model.location.suffix != ".gguf":
        raise ModelError(
            f"{what} rewrites a GGUF file and {model.name} has none; put {what} before transforms that leave no GGUF."
        )
    return model.location


def tied(model: Model, path: Path) -> bool:
    """Whether the file keeps one table twice, as embedding and as output, and so can do without the second."""
    import gguf
    import numpy as np

    tensors = {tensor.name: tensor for tensor in open_gguf(path).tensors}
    if model.card.output_parameters or not {"token_embd.weight", "output.weight"} <= tensors.keys():
        return False
    first, second = (
        gguf.quants.dequantize(tensors[name].data[:512], tensors[name].tensor_type)
        for name in ("token_embd.weight", "output.weight")
    )
    # Two roundings of one table differ by a few per cent; two tables by more than their size.
    return bool(np.linalg.norm(first - second) < 0.1 * np.linalg.norm(second))


def without_copy(name: str) -> str | None:
    """`Plan.name` for a tied file: the output table, which is kept in more bits, becomes the only one."""
    return {"token_embd.weight": None, "output.weight": "token_embd.weight"}.get(name, name)
