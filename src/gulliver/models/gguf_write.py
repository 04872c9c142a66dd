"""Changed weights back into a GGUF: the header as it was, every matrix in 16 bits.

Names are those of transformers (`model.layers.0.self_attn.q_proj.weight`). The GGUF of a llama holds the rows of query and
key in another order than transformers, two halves of each head interleaved; that is done and undone here.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from gulliver.errors import ModelError
from gulliver.models.files import Progress, writing
from gulliver.models.gguf_files import open_gguf, text_of
from gulliver.models.gguf_rewrite import Stored, shape_of, write_file

if TYPE_CHECKING:
    import numpy as np

    Array = np.ndarray[Any, np.dtype[Any]]

ARCHITECTURES = frozenset({"llama", "qwen2", "qwen3"})
Kind = Literal["F16", "F32"]
_OF_LAYER = (
    *(f"self_attn.{part}" for part in ("q_proj", "k_proj", "v_proj", "o_proj", "q_norm", "k_norm")),
    *(f"mlp.{part}" for part in ("gate_proj", "up_proj", "down_proj")),
    "input_layernorm",
    "post_attention_layernorm",
)


@dataclass(frozen=True)
class Layout:
    """What has to be known to move tensors between a GGUF and transformers.

    Attributes:
        names: for each tensor of the file that is a weight, its name in transformers.
        heads, kv_heads: of the attention, for the order of rows.
    """

    architecture: str
    heads: int
    kv_heads: int
    names: Mapping[str, str]

    def to_torch(self, name: str, values: "Array") -> "Array":
        """A tensor of the file (numbers, not bytes) as transformers has it."""
        return self._turned(name, values, back=True)

    def to_gguf(self, name: str, values: "Array") -> "Array":
        """A tensor of transformers as the file has it; `name` is the file's."""
        return self._turned(name, values, back=False)

    def _turned(self, name: str, values: "Array", back: bool) -> "Array":
        part = name.split(".")[-2]
        if self.architecture != "llama" or part not in ("attn_q", "attn_k"):
            return values
        heads = self.heads if part == "attn_q" else self.kv_heads
        half = values.shape[0] // heads // 2
        parts = (heads, half, 2) if back else (heads, 2, half)
        return values.reshape(*parts, *values.shape[1:]).swapaxes(1, 2).reshape(values.shape)


def layout(reader: Any, path: Path) -> Layout:
    """How the tensors of an open GGUF are called in transformers.

    Raises:
        ModelError: an architecture or a tensor that is not known here.
    """
    import gguf

    architecture = text_of(reader, "general.architecture")
    if architecture not in ARCHITECTURES:
        raise ModelError(
            f"{path.name} is of the architecture {architecture}, whose weights cannot be changed here "
            f"(only {', '.join(sorted(ARCHITECTURES))}); choose another model."
        )
    layers = int(reader.get_field(f"{architecture}.block_count").contents())
    kind = next(key for key, value in gguf.MODEL_ARCH_NAMES.items() if value == architecture)
    known = gguf.get_tensor_name_map(kind, layers)
    stems = ["model.embed_tokens", "model.norm", "lm_head"]
    stems += [f"model.layers.{layer}.{part}" for layer in range(layers) for part in _OF_LAYER]
    by_file = {}
    for name in (f"{stem}.{suffix}" for stem in stems for suffix in ("weight", "bias")):
        found = known.get_name(name, try_suffixes=(".weight", ".bias"))
        if found is not None:
            by_file[found] = name
    present = [tensor.name for tensor in reader.tensors if not tensor.name.startswith("rope_")]
    for name in present:
        if name not in by_file:
            raise ModelError(f"{path.name} has a tensor {name} that cannot be placed here; choose another model.")
    heads = reader.get_field(f"{architecture}.attention.head_count")
    kv_heads = reader.get_field(f"{architecture}.attention.head_count_kv")
    many = int(heads.contents()) if heads is not None else 1
    return Layout(
        architecture,
        many,
        int(kv_heads.contents()) if kv_heads is not None else many,
        {name: by_file[name] for name in present},
    )


def numbers(tensor: Any) -> "Array":
    """A tensor of an open GGUF as 32-bit floats in its own shape, outermost first."""
    import gguf
    import numpy as np

    found = gguf.quants.dequantize(tensor.data, tensor.tensor_type)
    return np.asarray(found, dtype=np.float32).reshape(shape_of(tensor))


def write_gguf(
    source: Path,
    target: Path,
    changed: "Mapping[str, Array]",
    kind: Kind = "F16",
    *,
    drop: Collection[str] = (),
    progress: Progress | None = None,
) -> None:
    """Write `source` with the tensors of `changed` (by their names in transformers) in place of its own.

    Every matrix is stored as `kind`, every vector in 32 bits: OpenVINO GenAI 2026.4 cannot load a file in which some
    matrices of a layer are quantised and others are not. A tensor that has its type already keeps its bytes, and a
    model whose output is tied to its embeddings stays so. Tensors of the file named in `drop` are left out, as the second
    copy of a table that is input and output. The file appears whole or not at all.

    Raises:
        ModelError: a name the file does not have, a wrong shape, a number that 16 bits cannot hold, or a full disk.
    """
    reader = open_gguf(source)
    plan = layout(reader, source)
    by_torch = {torch: name for name, torch in plan.names.items()}
    unknown = sorted(set(changed) - set(by_torch))
    if unknown:
        raise ModelError(f"{source.name} has no tensor for {unknown[0]}; the weights are of another model.")
    fresh = {by_torch[torch]: values for torch, values in changed.items()}
    tensors = []
    for tensor in reader.tensors:
        if tensor.name not in drop:
            stored = kind if len(tensor.shape) > 1 else "F32"
            data = partial(_stored, plan, tensor, fresh.get(tensor.name), stored)
            tensors.append(Stored(tensor.name, shape_of(tensor), stored, data))
    with writing(target) as aside:
        write_file(reader, aside, tensors, f"writing {target.name}", file_type=kind, progress=progress)


def _stored(plan: Layout, tensor: Any, values: "Array | None", kind: Kind) -> "Array":
    """What is written for a tensor: its own numbers, or new ones."""
    import numpy as np

    dtype: np.dtype[Any] = np.dtype(np.float16 if kind == "F16" else np.float32)
    if values is None and tensor.tensor_type.name == kind:
        return np.ascontiguousarray(tensor.data)
    if values is not None and values.shape != shape_of(tensor):
        raise ModelError(
            f"{tensor.name} has the shape {shape_of(tensor)}, not {values.shape}: these are weights of another model."
        )
    found = numbers(tensor) if values is None else plan.to_gguf(tensor.name, np.asarray(values, dtype=np.float32))
    if not np.isfinite(found).all() or np.abs(found).max(initial=0) > np.finfo(dtype).max:
        raise ModelError(f"{tensor.name} holds a number that {dtype.name} cannot hold; train again with a lower rate.")
    return np.ascontiguousarray(found, dtype=dtype)
