"""How fast each engine at hand runs a model, and how near that comes to what the machine can do at most."""

import asyncio
import statistics
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from gulliver.errors import GulliverError, ModelError
from gulliver.inference.flops import forward_flops
from gulliver.models import peaks
from gulliver.models.base import Client, Generate, Model, Reply, Sampling
from gulliver.models.engines import open_client
from gulliver.models.load import check_runs, load_model

ENGINES = {"openvino": "", "torch": "torch:", "llamacpp": "llamacpp:"}
"""What stands before a name to run it with an engine."""
ELSEWHERE = ("openai", "scripted", "verifier", "reward")
_TALE = "The ship sailed past island number {}, where small people tied the giant down with a thousand threads. "


@dataclass(frozen=True)
class Load:
    """What is measured: tokens of the prompt (about), tokens written in one stream, streams together, and how often."""

    prompt: int = 512
    written: int = 64
    streams: int = 16
    rounds: int = 3


@dataclass(frozen=True)
class Round:
    """One measurement beside the peaks of its moment: tokens a second, FLOPs and bytes a second, and peaks."""

    prompt: float
    stream: float
    together: float
    flops: float
    bytes: float
    matmul: float
    bandwidth: float


@dataclass(frozen=True)
class Speed:
    """Medians of an engine's rounds. Rates are tokens a second; `matmul_share` is of prompt processing, `memory_share` of one
    stream, both against the machine's peak in the same round, in `kernel` format."""

    name: str
    engine: str
    format: str
    kernel: str
    prompt: float
    stream: float
    together: float
    matmul_share: float
    memory_share: float
    rounds: tuple[Round, ...] = ()


def at_hand(name: str) -> tuple[list[Model], dict[str, str]]:
    """The model under each engine that can run it here, and why others cannot.

    Raises:
        ModelError: the name is of no weights that are here.
    """
    kind = name.partition(":")[0] if ":" in name else ""
    if kind in ELSEWHERE:
        raise ModelError(f"{name!r} is not run by an engine here; name a rung, hf:, gguf: or dir:.")
    here: list[Model] = []
    why: dict[str, str] = {}
    named = {kind: ""} if kind in ENGINES or kind == "vllm" else ENGINES
    for engine, before in named.items():
        try:
            model = load_model(before + name)
            check_runs(model)
            here.append(model)
        except GulliverError as error:
            why[engine] = str(error)
    if not here:
        raise ModelError(f"No engine here runs {name!r}: {' '.join(why.values())}")
    return here, why


def measure(
    model: Model, load: Load, told: Callable[[Round], None] = lambda _: None, machine: peaks.Machine | None = None
) -> Speed:
    """The model's speed under its engine, which is started for it and closed again.

    Args:
        told: hears each round as it is done.
        machine: whose peaks are taken; one in the format of the engine's kernel unless given.

    Raises:
        ModelError: the engine cannot run it.
    """
    machine = machine or peaks.Machine(peaks.kernel_format(model))
    rounds = asyncio.run(_rounds(model, load, told, machine))
    middle = {
        name: statistics.median(getattr(each, name) for each in rounds) for name in ("prompt", "stream", "together")
    }
    return Speed(
        model.name,
        model.engine,
        model.card.format,
        peaks.kernel_format(model),
        **middle,
        matmul_share=statistics.median(each.flops / each.matmul for each in rounds),
        memory_share=statistics.median(each.bytes / each.bandwidth for each in rounds),
        rounds=tuple(rounds),
    )


def fastest(speeds: Sequence[Speed]) -> tuple[Speed, Speed]:
    """The fastest for many requests at once, as a study asks, and for one at a time."""
    return max(speeds, key=lambda speed: speed.together), max(speeds, key=lambda speed: speed.stream)


async def _rounds(model: Model, load: Load, told: Callable[[Round], None], machine: peaks.Machine) -> list[Round]:
    client = open_client(model)
    rounds = []
    try:
        await _ask(client, "Hello", 2)
        for number in range(load.rounds):
            rounds.append(await _round(client, model, load, number, machine))
            told(rounds[-1])
    finally:
        await client.close()
    return rounds


async def _round(client: Client, model: Model, load: Load, number: int, machine: peaks.Machine) -> Round:
    """One round; nothing of it is in any cache, since each begins with other words."""
    text = "".join(_TALE.format(1000 * number + i) for i in range(max(1, load.prompt // 21)))
    began = time.perf_counter()
    read = await _ask(client, text, 1)
    seconds = time.perf_counter() - began
    began = time.perf_counter()
    written = await _ask(client, f"{number}: once upon a time", load.written)
    token = (time.perf_counter() - began) / max(1, written.completion_tokens)
    began = time.perf_counter()
    starts = (f"{number}-{stream}: once upon a time" for stream in range(load.streams))
    replies = await asyncio.gather(*(_ask(client, start, load.written) for start in starts))
    together = sum(reply.completion_tokens for reply in replies) / (time.perf_counter() - began)
    flops = forward_flops(model.card, read.prompt_tokens, 0) / seconds
    return Round(
        read.prompt_tokens / seconds,
        1 / token,
        together,
        flops,
        peaks.weight_bytes(model) / token,
        machine.matmul(),
        machine.bandwidth(),
    )


async def _ask(client: Client, text: str, tokens: int) -> Reply:
    reply = await client.ask(Generate(text, Sampling(max_tokens=tokens)))
    if reply.finish == "failed":
        raise ModelError(f"The measurement failed: {reply.error}")
    return reply
