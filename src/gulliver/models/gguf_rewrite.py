"""A GGUF written anew, tensor by tensor: in other number formats, without some tensors, with other facts in its header.

`write_file` is the one place where such a file is put together; what each tensor becomes is its callers' affair.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from gulliver.errors import ModelError
from gulliver.models.files import Progress, writing
from gulliver.models.gguf_files import open_gguf, text_of

FILE_TYPES = {"F32": 0, "F16": 1, "Q4_1": 3, "Q8_0": 7}
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


@dataclass(frozen=True)
class Stored:
    """One tensor to write: its name, shape (rows first), number format, and its data when its turn comes."""

    name: str
    shape: tuple[int, ...]
    kind: str
    data: Callable[[], Any]


def shape_of(tensor: Any) -> tuple[int, ...]:
    """The shape of a tensor of an open GGUF, outermost first as in numpy."""
    return tuple(int(n) for n in reversed(tensor.shape))


def rewrite(source: Path, target: Path, plan: Plan, tell: Progress | None = None) -> None:
    """Write `target` as the plan says; it appears whole or not at all.

    Raises:
        ModelError: the source cannot be read, or the target not be written.
    """
    with writing(target) as part:
        _planned(source, part, plan, f"writing {target.name}", tell)


def rewrite_readable(source: Path, target: Path, progress: Progress | None = None) -> None:
    """Write the file anew with every matrix in Q8_0; vectors stay F32.

    The numbers stay those of the original format: a file made from 4-bit weights has 4-bit precision in 8-bit form.
    """
    kept = {tensor.name for tensor in open_gguf(source).tensors if tensor.tensor_type.name in ("F32", "F16", "Q8_0")}

    def kind(name: str, shape: tuple[int, ...]) -> str | None:
        if name in kept:
            return None
        return "Q8_0" if len(shape) >= 2 and shape[-1] % 32 == 0 else "F32"

    _planned(source, target, Plan(kind, file_type="Q8_0"), f"rewriting {source.name}", progress)


def write_file(
    reader: Any,
    target: Path,
    tensors: Sequence[Stored],
    what: str,
    *,
    file_type: str | None = None,
    facts: Mapping[str, Any] | None = None,
    progress: Progress | None = None,
) -> None:
    """Write `target` with the header of an open GGUF (but for `facts` and `file_type`) and those tensors, one at a time.

    Args:
        what: what is being done, for progress.
    """
    import gguf
    import numpy as np

    plain: dict[str, Any] = {"F32": np.dtype(np.float32), "F16": np.dtype(np.float16)}
    writer = gguf.GGUFWriter(target, text_of(reader, "general.architecture"))
    try:
        _header(writer, reader, facts or {}, file_type)
        for tensor in tensors:
            kind = gguf.GGMLQuantizationType[tensor.kind]
            whole = tensor.kind in plain
            stored = tensor.shape if whole else gguf.quant_shape_to_byte_shape(tensor.shape, kind)
            dtype = plain.get(tensor.kind, np.dtype(np.uint8))
            size = int(np.prod(stored)) * dtype.itemsize
            writer.add_tensor_info(tensor.name, stored, dtype, size, None if whole else kind)
        writer.write_header_to_file()
        writer.write_kv_data_to_file()
        writer.write_ti_data_to_file()
        for done, tensor in enumerate(tensors, 1):
            writer.write_tensor_data(tensor.data())
            if progress is not None:
                progress(what, done, len(tensors))
    finally:
        writer.close()


def _planned(source: Path, target: Path, plan: Plan, what: str, progress: Progress | None) -> None:
    reader = open_gguf(source)
    rows = []
    for tensor in reader.tensors:
        name = plan.name(tensor.name)
        if name is not None:
            shape = shape_of(tensor)
            kind = plan.kind(name, shape) or tensor.tensor_type.name
            rows.append(Stored(name, shape, kind, partial(_converted, tensor, shape, kind)))
    write_file(reader, target, rows, what, file_type=plan.file_type, facts=plan.facts, progress=progress)


def _header(writer: Any, reader: Any, facts: Mapping[str, Any], file_type: str | None) -> None:
    import gguf

    for field in reader.fields.values():
        if field.name.startswith("GGUF.") or field.name == "general.architecture":
            continue
        if field.name == "general.file_type" and file_type is not None:
            continue
        kind = field.types[0]
        sub = field.types[-1] if kind == gguf.GGUFValueType.ARRAY else None
        writer.add_key_value(field.name, facts.get(field.name, field.contents()), kind, sub_type=sub)
    if file_type is not None:
        writer.add_file_type(FILE_TYPES[file_type])


def _converted(tensor: Any, shape: tuple[int, ...], kind: str) -> Any:
    """The tensor's data in that format, shape as stored (rows first)."""
    import gguf
    import numpy as np

    if tensor.tensor_type.name == kind:
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


def _quantised(rows: Any, kind: str) -> Any:
    import gguf
    import numpy as np

    if kind == "F32":
        return rows
    if kind == "F16":
        return rows.astype(np.float16)
    if kind == "Q4_1":
        return q4_1(rows)
    if kind == "Q8_0":
        return gguf.quants.quantize(rows, gguf.GGMLQuantizationType.Q8_0)
    raise ModelError(f"Gulliver does not write {kind}; use F16, Q8_0 or Q4_1.")


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
