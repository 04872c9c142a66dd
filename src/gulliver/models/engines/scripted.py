"""A script in place of a model, for tests: adds two numbers it finds in the prompt, as well and as fast as it is told.

Options: `accuracy`, `latency` (seconds), `failures` and `unreadable` (shares), `tokens`, `process` (run in a process).
"""

import asyncio
import hashlib
import re
import time

from gulliver.models.base import Embed, Generate, Model, Reply, Request

_SUM = re.compile(r"(\d+)\s*\+\s*(\d+)")


def scripted_reply(model: Model, request: Request) -> Reply:
    """What the script says: the sum of the last `A + B`, right with the stated accuracy; the same each time it is asked.

    A greedy draft depends on the model and the sum alone, a sampled one on its seed too.
    """
    if isinstance(request, Embed):
        return Reply(finish="failed", error="A scripted model does not embed text.")

    def option(name: str, default: float) -> float:
        return float(model.options.get(name, default))

    prompt_tokens = max(1, len(request.prompt) // 4)
    if not isinstance(request, Generate):
        return Reply(prompt_tokens=prompt_tokens, completion_tokens=1, logprob=-float(len(request.continuation)))
    found = _SUM.findall(request.prompt)
    sum_ = "+".join(found[-1]) if found else request.prompt
    seed = str(request.seed) if request.sampling.temperature > 0 else ""
    common = Reply(prompt_tokens=prompt_tokens, completion_tokens=int(option("tokens", 8)), logprob=-1.0)
    if _chance(model, sum_, seed, "fail") < option("failures", 0):
        return Reply(finish="failed", error="The script failed as it was told to.", prompt_tokens=prompt_tokens)
    if _chance(model, sum_, seed, "unreadable") < option("unreadable", 0):
        text = "I do not know."
    elif not found:
        text = ("red", "green", "blue")[int(3 * _chance(model, sum_, seed, "word"))]
    else:
        a, b = (int(part) for part in found[-1])
        right = _chance(model, sum_, seed, "right") < option("accuracy", 1)
        said = a + b if right else a + b + 1 + int(9 * _chance(model, sum_, seed, "wrong"))
        text = f"{a} plus {b} makes {said}.\nAnswer: {said}" if "step" in request.prompt else str(said)
    cut = common.completion_tokens > request.sampling.max_tokens
    return Reply(
        text=text,
        finish="length" if cut else "stop",
        prompt_tokens=prompt_tokens,
        completion_tokens=min(common.completion_tokens, request.sampling.max_tokens),
        logprob=-1.0,
        seconds=option("latency", 0.0),
    )


class ScriptedClient:
    """A `Client` in this process; `latency` passes without holding anything up."""

    def __init__(self, model: Model) -> None:
        self.model = model

    async def ask(self, request: Request) -> Reply:
        latency = float(self.model.options.get("latency", 0.0))
        await asyncio.sleep(latency)
        return scripted_reply(self.model, request)

    def peak_memory(self) -> int:
        return int(float(self.model.options.get("memory", 0)))

    async def close(self) -> None:
        pass


class Scripted:
    """An `Engine`: each step answers everything submitted, after `latency`."""

    def __init__(self, model: Model) -> None:
        self.model = model
        self._waiting: dict[int, Request] = {}

    def submit(self, key: int, request: Request) -> None:
        self._waiting[key] = request

    def step(self) -> list[tuple[int, Reply]]:
        time.sleep(float(self.model.options.get("latency", 0.0)))
        waiting, self._waiting = self._waiting, {}
        return [(key, scripted_reply(self.model, request)) for key, request in waiting.items()]

    def busy(self) -> bool:
        return bool(self._waiting)

    def cancel(self, key: int) -> None:
        self._waiting.pop(key, None)


def _chance(model: Model, *parts: str) -> float:
    """A number in [0, 1) that depends on the model and the parts alone."""
    text = "\x1f".join((model.card.digest, *parts))
    return int.from_bytes(hashlib.sha256(text.encode("utf-8", "replace")).digest()[:7], "big") / 2**56
