"""What this machine can do at most: matrix products in the format that a kernel computes in, and reading memory."""

import os
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy as np

from gulliver.models.base import Model

ROWS, GROUP = 512, 32
WIDTHS = ((2048, 2048), (4096, 2048), (2048, 8192))
KINDS = {"int8": "weights in 8 bits, one scale for 32", "bf16": "all in bfloat16", "fp32": "all in 32 bits"}
_HINTS = {"fp32": "f32", "bf16": "bf16"}


def kernel_format(model: Model) -> str:
    """The format (`KINDS`) in which the model's engine multiplies.

    llama.cpp and openvino round activations to 8 bits for weights of 8 bits or fewer; `exact` and torch do not.
    """
    if model.engine == "torch":
        return str(model.options.get("precision", "fp32"))
    exact = str(model.options.get("exact", "")).lower() == "true"
    return "fp32" if exact or model.card.format.startswith(("F32", "F16", "BF16")) else "int8"


class Machine:
    """This machine's peaks, measured whenever asked, so that they can be taken beside what is compared with them.

    Args:
        kind: of the matrix products, one of `KINDS`.
        rows: of their left side; widths: (inner, outer) of their weights.
        size: bytes of the array that is read.
    """

    def __init__(
        self, kind: str, rows: int = ROWS, widths: tuple[tuple[int, int], ...] = WIDTHS, size: int = 1 << 30
    ) -> None:
        self._products = [product(kind, rows, inner, outer) for inner, outer in widths]
        self._array = np.ones(size // 8, dtype=np.float64)

    def matmul(self, times: int = 12) -> float:
        """FLOPs a second: the highest that OpenVINO reaches in one product, over all widths; the fastest of `times` runs."""
        return max(run() for run in self._products for _ in range(times))

    def bandwidth(self, times: int = 5) -> float:
        """Bytes a second that all cores together read from the array; the fastest of several times."""
        cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
        parts = np.array_split(self._array, cores)
        best = 0.0
        with ThreadPoolExecutor(cores) as pool:
            for _ in range(times):
                began = time.perf_counter()
                list(pool.map(np.sum, parts))
                best = max(best, self._array.nbytes / (time.perf_counter() - began))
        return best


def product(kind: str, rows: int, inner: int, outer: int) -> Callable[[], float]:
    """Runs `rows` rows times weights of (outer, inner) once; gives FLOPs a second."""
    import openvino as ov
    from openvino import opset13 as ops

    rng = np.random.default_rng(0)
    left = ops.parameter([rows, inner], np.float32)
    if kind == "int8":
        weights = _grouped(ops, rng, inner, outer)
    else:
        weights = ops.constant(rng.standard_normal((outer, inner), dtype=np.float32))
    graph = ov.Model([ops.matmul(left, weights, False, True)], [left], "product")
    settings = {"PERFORMANCE_HINT": "LATENCY"}
    if kind in _HINTS:
        settings["INFERENCE_PRECISION_HINT"] = _HINTS[kind]
    request = ov.Core().compile_model(graph, "CPU", settings).create_infer_request()
    request.set_input_tensor(ov.Tensor(rng.standard_normal((rows, inner), dtype=np.float32)))

    def run() -> float:
        began = time.perf_counter()
        request.infer()
        return 2.0 * rows * inner * outer / (time.perf_counter() - began)

    return run


def weight_bytes(model: Model) -> float:
    """Bytes of weights that one token reads, as the engine holds them, less an input table of which it reads one row."""
    card = model.card
    untied = card.embedding_parameters if card.output_parameters else 0
    if model.engine == "torch":
        return float(card.parameters - untied) * (2 if model.options.get("precision") == "bf16" else 4)
    assert model.location is not None
    return float(model.location.stat().st_size) * (1 - untied / card.parameters)


def _grouped(ops: Any, rng: Any, inner: int, outer: int) -> Any:
    shape = (outer, inner // GROUP, GROUP)
    stored = ops.constant(rng.integers(-127, 128, shape, dtype=np.int8), dtype=np.int8)
    scale = ops.constant(rng.random((outer, inner // GROUP, 1)).astype(np.float16))
    whole = ops.constant(np.array([outer, inner]))
    return ops.convert(ops.reshape(ops.multiply(ops.convert(stored, np.float16), scale), whole, False), np.float32)
