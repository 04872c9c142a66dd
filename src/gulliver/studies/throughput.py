"""How long a batch takes, learnt from the few batches of a pilot.

An engine that is given more at once works faster: speed = e^a (requests at once)^b, with b between 0 (one after the other)
and 1 (all in the time of one). a and b are fitted to the pilot's batches by Bayesian regression on logarithms, so that few
batches give wide answers. Beyond the largest batch that was seen, the gain may go on or end: nobody knows how many
requests a server takes at once. A model starts (is loaded) once each time the race comes to it.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from gulliver.studies.pilot import Batch

Floats = NDArray[np.float64]

NOISE = 0.2  # standard deviation of the logarithm of one batch's speed
GAIN = (
    0.6,
    0.25,
    0.0,
)  # b before anything was measured, its deviation and its least: engines here gain 5 to 8 times from 32 at once
APART = (0.0, 0.1, -0.3)  # of busy time where each request has its own, as behind a server: more at once changes little
UNSEEN = 0.5  # standard deviation of log a, where speed is taken from answers asked under other conditions
LOAD_NOISE = 0.25


@dataclass(frozen=True)
class Speed:
    """Draws of (a, b) for the clock and for the engine's busy time, and of the seconds that opening the engine takes.

    Shape (simulations,) each; `busy` is None when the engine tells no busy time. Beyond `seen` requests at once only a
    share `further` of the gain is left.
    """

    clock: tuple[Floats, Floats]
    busy: tuple[Floats, Floats] | None
    load: Floats
    further: Floats
    seen: float

    def seconds(self, draw: int, requests: float, work: float) -> tuple[float, float]:
        """By the clock and of busy time, of a batch with that many requests and that much work."""
        at, seen = math.log(max(requests, 1.0)), math.log(self.seen)
        gained = min(at, seen) + float(self.further[draw]) * max(0.0, at - seen)
        clock, busy = (
            work / math.exp(fit[0][draw] + fit[1][draw] * gained) if fit is not None else 0.0
            for fit in (self.clock, self.busy)
        )
        return clock, busy


def measure_speed(
    batches: Sequence[Batch], simulations: int, rng: np.random.Generator, apart: bool = False
) -> Speed | None:
    """From the pilot's batches of one recipe; None when they tell nothing.

    `apart` says that busy seconds are each request's own, not shares of a batch's. The first batch may hold the engine's start: its time beyond what the fit expects is the load.
    """
    running = [b for b in batches if not b.opened and b.work > 0 and b.seconds > 0]
    opening = [b for b in batches if b.opened and b.work > 0]
    if not running:
        running, opening = [b for b in opening if b.seconds > 0], []
    if not running:
        return None
    clock = _fit(running, [b.seconds for b in running], GAIN, simulations, rng)
    told = [b for b in batches if b.busy > 0 and b.work > 0]
    busy = _fit(told, [b.busy for b in told], APART if apart else GAIN, simulations, rng) if told else None
    load = np.zeros(simulations)
    for batch in opening:
        expected = batch.work / np.exp(clock[0] + clock[1] * math.log(batch.requests))
        load = np.maximum(load, (batch.seconds - expected).clip(0.0))
    load *= np.exp(LOAD_NOISE * rng.standard_normal(simulations))
    return Speed(
        clock, busy, load, np.minimum(1.0, 1.25 * rng.random(simulations)), float(max(b.requests for b in running))
    )


def guess_speed(
    work: float, busy: float, at_once: int, simulations: int, rng: np.random.Generator, apart: bool = False
) -> Speed:
    """From answers that were asked earlier: their busy seconds, as if `at_once` had been in flight; wide."""
    none, off = np.zeros(simulations), UNSEEN * rng.standard_normal(simulations)
    rate = math.log(work / busy) if busy > 0 else math.log(max(work, 1.0) / 1e-3)
    at_once = max(at_once, 1)
    if apart:
        own = (rate + off, none)
        return Speed((rate + off, none + 1.0), own if busy > 0 else None, none, none, float(at_once))
    b = np.clip(rng.normal(*GAIN[:2], simulations), 0.0, 1.05)
    fit = (rate - b * math.log(at_once) + off, b)
    return Speed(fit, fit if busy > 0 else None, none, none, float(at_once))


def _fit(
    batches: Sequence[Batch],
    seconds: Sequence[float],
    gain: tuple[float, float, float],
    simulations: int,
    rng: np.random.Generator,
) -> tuple[Floats, Floats]:
    x = np.log([max(batch.requests, 1) for batch in batches])
    y = np.log([batch.work / max(s, 1e-6) for batch, s in zip(batches, seconds, strict=True)])
    design = np.column_stack([np.ones_like(x), x])
    prior = np.diag([1e-4, 1.0 / gain[1] ** 2])
    precision = prior + design.T @ design / NOISE**2
    mean = np.linalg.solve(precision, prior @ np.array([y.mean(), gain[0]]) + design.T @ y / NOISE**2)
    drawn = rng.multivariate_normal(mean, np.linalg.inv(precision), simulations)
    a, b = drawn[:, 0], drawn[:, 1]
    bounded = np.clip(b, gain[2], 1.05)
    # Where b is cut off, the line still goes through the middle of what was measured.
    return a + (b - bounded) * float(x.mean()), bounded
