"""How fast models write, one stream at a time: measured in turns, so that a noisy machine is noisy for all of them."""

import statistics
from collections.abc import Sequence
from dataclasses import dataclass

from gulliver.models.base import Generate, Model, Sampling
from gulliver.models.engines import open_client
from gulliver.papers.base import Measurement
from gulliver.studies.running import run_async

_PROMPT = "Write a long story about a lighthouse keeper and the ships that pass.\n\n"
_HOT = 100.0
"""So hot that any token follows: a model tuned on short answers would end the text at once, and a rate of three tokens is noise."""


@dataclass(frozen=True)
class Rates:
    """Tokens a second of each model in each round; rounds go through all models, so that they can be paired.

    `peaks`: bytes of each model's process at its highest, loading included.
    """

    rates: tuple[tuple[float, ...], ...]
    peaks: tuple[int, ...] = ()

    def ratio(self, name: str, model: int, other: int) -> Measurement:
        """The median over rounds of one model's rate over another's; the interval is from the sign test's order statistics."""
        ratios = sorted(a / b for a, b in zip(self.rates[model], self.rates[other], strict=True))
        n = len(ratios)
        # With n rounds the k-th smallest and largest hold the median with 1 - 2 P(Bin(n, 1/2) < k); k = 1 below 9 rounds.
        k = 1 if n < 9 else 2
        return Measurement(name, statistics.median(ratios), ratios[k - 1], ratios[-k], n, "tokens a second, one stream")


def decode_rates(models: Sequence[Model], rounds: int, tokens: int = 48) -> Rates:
    """`tokens` sampled tokens from one prompt, `rounds` times for each model in turn. Nothing is taken from a store.

    Only the time for a token counts: the prompt's is taken away by asking for one token first.
    """

    async def work() -> Rates:
        clients = [open_client(model) for model in models]
        try:
            found: list[list[float]] = [[] for _ in models]
            for number in range(-1, rounds):
                for place, client in enumerate(clients):
                    first = await client.ask(Generate(_PROMPT, Sampling(max_tokens=1, temperature=_HOT), number + 2))
                    more = await client.ask(
                        Generate(_PROMPT, Sampling(max_tokens=tokens, temperature=_HOT), number + 2)
                    )
                    written = more.completion_tokens - first.completion_tokens
                    if number >= 0 and written > 0 and more.seconds > first.seconds:  # the first round only warms up
                        found[place].append(written / (more.seconds - first.seconds))
            least = min(len(rates) for rates in found)
            peaks = tuple(client.peak_memory() for client in clients)
            return Rates(tuple(tuple(rates[:least]) for rates in found), peaks)
        finally:
            for client in clients:
                await client.close()

    return run_async(work())
