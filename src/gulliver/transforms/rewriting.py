"""A GGUF written anew, tensor by tensor: in other number formats, without some tensors, with other facts in its header."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from gulliver.errors import ModelError
from gulliver.models.base import Model
from gulliver.models.files import writing
from gulliver.models.gguf_files import open_gguf
from gulliver.transforms.base import Tell

FILE_TYPES = {"F16": 1, "Q4_1": 3, "Q8_0": 7}
_ROWS = 1 << 18
"""Numbers that are converted at once, few enough for the processor's cache."""
_SHRINKS = (1.05, 1.0, 0.94, 0.88, 0.82)
"""Parts of a block's range that `q4_1` tries to cover with 15 steps."""


@dataclass(frozen=True)
class Plan:
    """What becomes of the file.

    Attributes:
        kind: the format of a tensor by its name and shape (rows first), or None to leave it as it is.
        name: what a tensor is called afterwards; None drops it.
        facts: header values by key; they replace numbers that stand there already.
        file_type: general.file_type afterwards; None leaves it.
    """

    kind: Callable[[str, tuple[int, ...]], str | None] = lambda name, shape: None
    name: Callable[[str], str | None] = lambda name: name
    facts: Mapping[str, Any] | None = None
    file_type: str | None = None


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


def rewrite(source: Path, target: Path, plan: Plan, tell: Tell | None = None) -> None:
    """Write `target` as the plan says; it appears whole or not at all.

    Raises:
        ModelError: the source cannot be read, or the target not be written.
    """
    import gguf
    import numpy as np

    reader = open_gguf(source)
    kinds = gguf.GGMLQuantizationType
    rows = []
    for tensor in reader.tensors:
        name = plan.name(tensor.name)
        if name is not None:
            shape = tuple(int(n) for n in reversed(tensor.shape))
            wanted = plan.kind(name, shape)
            rows.append((tensor, name, shape, kinds[wanted] if wanted else tensor.tensor_type))
    with writing(target) as part:
        writer = gguf.GGUFWriter(part, str(reader.get_field("general.architecture").contents()))
        _header(writer, reader, plan, gguf)
        plain: dict[Any, Any] = {kinds.F32: np.dtype(np.float32), kinds.F16: np.dtype(np.float16)}
        for _, name, shape, kind in rows:
            stored = shape if kind in plain else gguf.quant_shape_to_byte_shape(shape, kind)
            dtype: Any = plain.get(kind, np.dtype(np.uint8))
            size = int(np.prod(stored)) * dtype.itemsize
            writer.add_tensor_info(name, stored, dtype, size, None if kind in plain else kind)
        writer.write_header_to_file()
        writer.write_kv_data_to_file()
        writer.write_ti_data_to_file()
        for done, (tensor, _, shape, kind) in enumerate(rows, 1):
            writer.write_tensor_data(_converted(tensor, shape, kind))
            if tell is not None:
                tell(f"writing {target.name}", done, len(rows))
        writer.close()


def _header(writer: Any, reader: Any, plan: Plan, gguf: Any) -> None:
    facts = dict(plan.facts or {})
    for field in reader.fields.values():
        if field.name.startswith("GGUF.") or field.name == "general.architecture":
            continue
        if field.name == "general.file_type" and plan.file_type is not None:
            continue
        kind = field.types[0]
        sub = field.types[-1] if kind == gguf.GGUFValueType.ARRAY else None
        writer.add_key_value(field.name, facts.get(field.name, field.contents()), kind, sub_type=sub)
    if plan.file_type is not None:
        writer.add_file_type(FILE_TYPES[plan.file_type])


def _converted(tensor: Any, shape: tuple[int, ...], kind: Any) -> Any:
    """The tensor's data in that format, shape as stored (rows first)."""
    import gguf
    import numpy as np

    if tensor.tensor_type == kind:
        return np.ascontiguousarray(tensor.data)
    width = shape[-1]
    source = tensor.data.reshape(-1, tensor.data.shape[-1])
    at_once = max(1, _ROWS // width)
    pieces = []
    for begin in range(0, len(source), at_once):
        numbers = gguf.quants.dequantize(source[begin : begin + at_once], tensor.tensor_type)
        pieces.append(_quantised(numbers.astype(np.float32, copy=False).reshape(-1, width), kind))
    made = np.concatenate(pieces) if len(pieces) > 1 else pieces[0]
    return np.ascontiguousarray(made.reshape(*shape[:-1], made.shape[-1]))


def _quantised(rows: Any, kind: Any) -> Any:
    import gguf
    import numpy as np

    if kind == gguf.GGMLQuantizationType.F32:
        return rows
    if kind == gguf.GGMLQuantizationType.F16:
        return rows.astype(np.float16)
    if kind == gguf.GGMLQuantizationType.Q4_1:
        return q4_1(rows)
    if kind == gguf.GGMLQuantizationType.Q8_0:
        return gguf.quants.quantize(rows, kind)
    raise ModelError(f"Gulliver does not write {kind.name}; use F16, Q8_0 or Q4_1.")


def q4_1(rows: Any) -> Any:
    """Float rows, width a multiple of 32, as Q4_1 bytes whose minimum is a whole number of steps below zero.

    The format has a free minimum; OpenVINO rounds it to a whole step, which doubled the error of llama.cpp's own choice
    on random weights. Here step and zero point are chosen together: of several ranges, each with the step that fits it best, the
    one with the least squared error.
    """
    import numpy as np

    blocks = rows.reshape(-1, 32)
    low, high = np.minimum(blocks.min(1, keepdims=True), 0), np.maximum(blocks.max(1, keepdims=True), 0)
    best = np.full(low.shape, np.inf, np.float32)
    step, zero = np.ones_like(best), np.zeros_like(best)
    for shrink in _SHRINKS:
        tried = np.maximum((high - low) * np.float32(shrink / 15), np.float32(1e-7))
        origin = np.clip(np.rint(-low * np.float32(shrink) / tried), 0, 15)
        steps = np.clip(np.rint(blocks / tried), -origin, 15 - origin)
        count = np.square(steps).sum(1, keepdims=True)
        fitted = np.where(count > 0, (steps * blocks).sum(1, keepdims=True) / np.maximum(count, 1), tried)
        fitted = np.maximum(fitted, np.float32(2**-24)).astype(np.float16).astype(np.float32)
        error = np.square(steps * fitted - blocks).sum(1, keepdims=True)
        better = error < best
        best, step, zero = np.where(better, error, best), np.where(better, fitted, step), np.where(better, origin, zero)
    steps = (np.clip(np.rint(blocks / step), -zero, 15 - zero) + zero).astype(np.uint8).reshape(-1, 2, 16)
    packed = steps[:, 0] | (steps[:, 1] << np.uint8(4))
    parts = [step.astype(np.float16).view(np.uint8), (-zero * step).astype(np.float16).view(np.uint8), packed]
    return np.concatenate(parts, axis=1).reshape(len(rows), -1)
