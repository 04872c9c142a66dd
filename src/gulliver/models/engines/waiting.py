"""What engines share that judge whole texts: requests wait, and a step takes one batch of them."""

import math
import time
from collections import deque
from collections.abc import Callable, Sequence

from gulliver.models.base import Reply, Request, Score
from gulliver.models.engines.energy import EnergyMeter, Shares

BATCH = 16
Judged = Callable[[Sequence[tuple[str, str]]], tuple[list[float], list[int]]]


class Batches:
    """An `Engine` over a function from pairs of texts to the log-odds that each second one is a good answer to the first, and
    how many tokens were read. A reply's `logprob` is that of being good."""

    def __init__(self, judged: Judged) -> None:
        self._judged = judged
        self._queue: deque[tuple[int, Score]] = deque()
        self._refused: list[tuple[int, Reply]] = []
        self._shares = Shares()
        self._energy = EnergyMeter()

    def submit(self, key: int, request: Request) -> None:
        if isinstance(request, Score):
            self._queue.append((key, request))
        else:
            error = "A model that judges answers neither writes nor embeds; it scores an answer to a question."
            self._refused.append((key, Reply(finish="failed", error=error)))

    def step(self) -> list[tuple[int, Reply]]:
        finished, self._refused = self._refused, []
        batch = [self._queue.popleft() for _ in range(min(BATCH, len(self._queue)))]
        if not batch:
            return finished
        self._energy.since()
        began = time.perf_counter()
        odds, tokens = self._judged([(request.prompt, request.continuation) for _, request in batch])
        weights = {key: float(count) for (key, _), count in zip(batch, tokens, strict=True)}
        self._shares.charge(weights, time.perf_counter() - began, self._energy.since())
        for (key, _), odd, count in zip(batch, odds, tokens, strict=True):
            seconds, joules = self._shares.take(key)
            logprob = -math.log1p(math.exp(-odd)) if odd > -30 else odd
            finished.append((key, Reply(prompt_tokens=count, logprob=logprob, seconds=seconds, joules=joules)))
        return finished

    def busy(self) -> bool:
        return bool(self._queue or self._refused)

    def cancel(self, key: int) -> None:
        self._queue = deque(waiting for waiting in self._queue if waiting[0] != key)
