"""How near the engine comes to the machine: `python -m benchmarks.limits [MODEL ...] [--rounds N]`.

Prompt processing: FLOPs of a 512-token prompt (weights and attention, by the ledger's formula) a second, over the highest
rate that OpenVINO itself reaches here in one matrix product of 512 rows with weights stored as the model's are (int8, one
scale a group of 32), over several widths: the kernel's own peak. Decoding, one stream: bytes of all weights that a token
reads, a second, over the rate at which both cores read a 1 GiB array. Goals: 0.7 and 0.6. Models: qwen2.5-coder-1.5b and
smollm2-135m unless named; rounds alternate between model and limit, medians of the rounds' ratios are quoted.
"""

import argparse
import asyncio
import json
import statistics
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy as np

from gulliver.inference.flops import forward_flops
from gulliver.models.base import Client, Generate, Model, Sampling
from gulliver.models.engines import open_client
from gulliver.models.load import load_model

PROMPT, WRITTEN, GROUP = 512, 64, 32
WIDTHS = ((2048, 2048), (4096, 2048), (2048, 8192))
PROMPT_GOAL, DECODE_GOAL = 0.7, 0.6
_TALE = "The ship sailed past island number {}, where small people tied the giant down with a thousand threads. "


def product(inner: int, outer: int) -> Callable[[], float]:
    """Runs `PROMPT` rows times weights of (outer, inner) in int8 with a scale a group; gives FLOPs a second."""
    import openvino as ov
    from openvino import opset13 as ops

    rng = np.random.default_rng(0)
    rows = ops.parameter([PROMPT, inner], np.float32)
    shape = (outer, inner // GROUP, GROUP)
    stored = ops.constant(rng.integers(-127, 128, shape, dtype=np.int8), dtype=np.int8)
    scale = ops.constant(rng.random((outer, inner // GROUP, 1)).astype(np.float16))
    weights = ops.reshape(
        ops.multiply(ops.convert(stored, np.float16), scale), ops.constant(np.array([outer, inner])), False
    )
    out = ops.matmul(rows, ops.convert(weights, np.float32), False, True)
    compiled = ov.Core().compile_model(ov.Model([out], [rows], "product"), "CPU", {"PERFORMANCE_HINT": "LATENCY"})
    request = compiled.create_infer_request()
    request.set_input_tensor(ov.Tensor(rng.standard_normal((PROMPT, inner), dtype=np.float32)))

    def run() -> float:
        times = []
        for _ in range(12):
            began = time.perf_counter()
            request.infer()
            times.append(time.perf_counter() - began)
        return 2 * PROMPT * inner * outer / min(times)

    return run


def bandwidth(array: "np.ndarray[Any, Any]", cores: int = 2) -> float:
    """Bytes a second that all cores read together, best of five."""
    parts = np.array_split(array, cores)
    times = []
    with ThreadPoolExecutor(cores) as pool:
        for _ in range(5):
            began = time.perf_counter()
            list(pool.map(np.sum, parts))
            times.append(time.perf_counter() - began)
    return array.nbytes / min(times)


def weight_bytes(model: Model) -> float:
    """Bytes of weights that one token reads: the file's, less an input table of which it reads one row."""
    assert model.location is not None
    size = float(model.location.stat().st_size)
    card = model.card
    untied = card.embedding_parameters if card.output_parameters else 0
    return size * (1 - untied / card.parameters)


async def speeds(client: Client, number: int) -> tuple[float, float, int]:
    """Seconds for a prompt, seconds a token in one stream, and the prompt's tokens; nothing is in any cache."""
    text = "".join(_TALE.format(i + 1000 * number) for i in range(24))
    began = time.perf_counter()
    read = await client.ask(Generate(text, Sampling(max_tokens=1)))
    prompt = time.perf_counter() - began
    began = time.perf_counter()
    written = await client.ask(Generate(f"{number}: once upon a time", Sampling(max_tokens=WRITTEN)))
    return prompt, (time.perf_counter() - began) / max(1, written.completion_tokens), read.prompt_tokens


async def measured(model: Model, rounds: int) -> tuple[list[dict[str, float]], list[dict[str, float]]]:
    """One result each for prompt and decoding: ours, the limit and their ratio, by round."""
    products = [product(*shape) for shape in WIDTHS]
    array = np.ones(1 << 27, dtype=np.float64)
    client = open_client(model)
    await client.ask(Generate("Hello", Sampling(max_tokens=2)))
    prompts, decodes = [], []
    try:
        for number in range(rounds):
            seconds, token, length = await speeds(client, number)
            peak, bytes_a_second = max(run() for run in products), bandwidth(array)
            rate, read = forward_flops(model.card, length, 0) / seconds, weight_bytes(model) / token
            prompts.append({"ours": rate, "limit": peak, "ratio": rate / peak})
            decodes.append({"ours": read, "limit": bytes_a_second, "ratio": read / bytes_a_second})
            print(f"{model.name}: {length} tokens in {seconds:.2f} s, {rate / 1e9:.0f} of {peak / 1e9:.0f} GFLOP/s; {1 / token:.1f} tokens a second, {read / 1e9:.1f} of {bytes_a_second / 1e9:.1f} GB/s", flush=True)  # fmt: skip
    finally:
        await client.close()
    return prompts, decodes


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("models", nargs="*", default=["qwen2.5-coder-1.5b", "smollm2-135m"])
    parser.add_argument("--rounds", type=int, default=5)
    given = parser.parse_args()
    results = []
    for name in given.models:
        for what, rows, goal in zip(("prompt", "decoding"), asyncio.run(measured(load_model(name), given.rounds)), (PROMPT_GOAL, DECODE_GOAL), strict=True):  # fmt: skip
            middle = {key: statistics.median(row[key] for row in rows) for key in rows[0]}
            results.append({"name": f"{what}, {name}, openvino", "ours": round(middle["ours"] / 1e9, 2), "theirs": round(middle["limit"] / 1e9, 2), "ratio": round(middle["ratio"], 3), "goal": goal})  # fmt: skip
    print(json.dumps({**results[0], "name": "limits", "more": results}))


if __name__ == "__main__":
    main()
