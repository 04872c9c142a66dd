"""How long a batch takes, learnt from the few batches of a pilot.

An engine that is given more at once works faster: speed = e^a (requests at once)^b, with b between 0 (one after the other)
and 1 (all in the time of one). a and b are fitted to the pilot's batches by Bayesian regression on logarithms, so that few
batches give wide answers; a model starts (is loaded) once each time the race comes to it.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from gulliver.studies.pilot import Batch

Floats = NDArray[np.float64]

NOISE = 0.2  # standard deviation of the logarithm of one batch's speed
GAIN = (0.6, 0.25)  # b before anything was measured: engines here gain 5 to 8 times from 32 at once
UNSEEN = 0.5  # standard deviation of log a, where speed is taken from answers asked under other conditions
LOAD_NOISE = 0.25


@dataclass(frozen=True)
class Speed:
    """Draws of (a, b) for the clock and for the engine's busy time, and of the seconds that opening the engine takes.

    Shape (simulations,) each; `busy` is None when the engine tells no busy time.
    """

    clock: tuple[Floats, Floats]
    busy: tuple[Floats, Floats] | None
    load: Floats

    def seconds(self, draw: int, requests: float, work: float) -> tuple[float, float]:
        """By the clock and of busy time, of a batch with that many requests and that much work."""
        clock = work / math.exp(self.clock[0][draw] + self.clock[1][draw] * math.log(max(requests, 1.0)))
        if self.busy is None:
            return clock, 0.0
        return clock, work / math.exp(self.busy[0][draw] + self.busy[1][draw] * math.log(max(requests, 1.0)))


def measure_speed(batches: Sequence[Batch], simulations: int, rng: np.random.Generator) -> Speed | None:
    """From the pilot's batches of one recipe; None when they tell nothing.

    The first batch may hold the engine's start: its time beyond what the fit expects is the load.
    """
    running = [b for b in batches if not b.opened and b.work > 0 and b.seconds > 0]
    opening = [b for b in batches if b.opened and b.work > 0]
    if not running:
        running, opening = [b for b in opening if b.seconds > 0], []
    if not running:
        return None
    clock = _fit(running, [b.seconds for b in running], simulations, rng)
    told = [b for b in batches if b.busy > 0 and b.work > 0]
    busy = _fit(told, [b.busy for b in told], simulations, rng) if told else None
    load = np.zeros(simulations)
    for batch in opening:
        expected = batch.work / np.exp(clock[0] + clock[1] * math.log(batch.requests))
        load = np.maximum(load, (batch.seconds - expected).clip(0.0))
    load *= np.exp(LOAD_NOISE * rng.standard_normal(simulations))
    return Speed(clock, busy, load)


def guess_speed(work: float, busy: float, at_once: int, simulations: int, rng: np.random.Generator) -> Speed:
    """From answers that were asked earlier: their busy seconds, as if `at_once` had been in flight; wide."""
    b = np.clip(rng.normal(*GAIN, simulations), 0.0, 1.05)
    rate = math.log(work / busy) if busy > 0 else math.log(max(work, 1.0) / 1e-3)
    a = rate - b * math.log(max(at_once, 1)) + UNSEEN * rng.standard_normal(simulations)
    return Speed((a, b), (a, b) if busy > 0 else None, np.zeros(simulations))


def _fit(
    batches: Sequence[Batch], seconds: Sequence[float], simulations: int, rng: np.random.Generator
) -> tuple[Floats, Floats]:
    x = np.log([max(batch.requests, 1) for batch in batches])
    y = np.log([batch.work / max(s, 1e-6) for batch, s in zip(batches, seconds, strict=True)])
    design = np.column_stack([np.ones_like(x), x])
    prior = np.diag([1e-4, 1.0 / GAIN[1] ** 2])
    precision = prior + design.T @ design / NOISE**2
    mean = np.linalg.solve(precision, prior @ np.array([y.mean(), GAIN[0]]) + design.T @ y / NOISE**2)
    drawn = rng.multivariate_normal(mean, np.linalg.inv(precision), simulations)
    a, b = drawn[:, 0], drawn[:, 1]
    bounded = np.clip(b, 0.0, 1.05)
    # Where b is cut off, the line still goes through the middle of what was measured.
    return a + (b - bounded) * float(x.mean()), bounded
