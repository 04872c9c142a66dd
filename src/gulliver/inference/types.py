"""What a strategy gets back from a model, and what it cost."""

from dataclasses import dataclass

from gulliver.models.base import Finish


@dataclass(frozen=True)
class Draft:
    """One thing the model wrote: draw number `draw` of a prompt."""

    text: str
    finish: Finish = "stop"
    draw: int = 0
    completion_tokens: int = 0
    logprob: float | None = None
    error: str = ""


@dataclass(frozen=True)
class Cost:
    """A line of the ledger; lines add.

    Attributes:
        flops_naive: forward FLOPs as if every request were computed alone.
        flops_computed: forward FLOPs of the distinct requests, less what prefixes saved; the same on a replay.
        seconds: engine busy time of the distinct requests.
        joules, money: None when nobody says.
    """

    requests: int = 0
    prompt_tokens: int = 0
    completion_tokens: int = 0
    flops_naive: float = 0.0
    flops_computed: float = 0.0
    seconds: float = 0.0
    joules: float | None = None
    money: float | None = None

    def __add__(self, other: "Cost") -> "Cost":
        return Cost(
            self.requests + other.requests,
            self.prompt_tokens + other.prompt_tokens,
            self.completion_tokens + other.completion_tokens,
            self.flops_naive + other.flops_naive,
            self.flops_computed + other.flops_computed,
            self.seconds + other.seconds,
            _sum(self.joules, other.joules),
            _sum(self.money, other.money),
        )


NOTHING = Cost()
"""What a ledger starts with."""


def _sum(a: float | None, b: float | None) -> float | None:
    return b if a is None else a if b is None else a + b
