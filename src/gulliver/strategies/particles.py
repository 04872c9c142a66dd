"""Particles of sequential Monte Carlo: texts under way with weights, and drawing them anew when few weights count."""

import math
import random
from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class Particle:
    """A text under way.

    Attributes:
        weight: log-weight (nats); -inf for one that cannot be completed.
        potential: what the last potential was (nats), so that the next one replaces it.
        done: whether nothing follows; `cut`: because the length limit was reached.
    """

    text: str = ""
    weight: float = 0.0
    potential: float = 0.0
    done: bool = False
    cut: bool = False

    @property
    def alive(self) -> bool:
        return self.weight > -math.inf


def log_mean(weights: Sequence[float]) -> float:
    """Log of the mean of weights given as logs; -inf when all are."""
    top = max(weights)
    if top == -math.inf:
        return top
    return top + math.log(sum(math.exp(weight - top) for weight in weights) / len(weights))


def effective(weights: Sequence[float]) -> float:
    """The effective sample size, (sum w)^2 / sum w^2, of log-weights (Kong et al. 1994); 0 when all are -inf.

    >>> round(effective([0.0, 0.0]), 6)
    2.0
    """
    top = max(weights)
    if top == -math.inf:
        return 0.0
    scaled = [math.exp(weight - top) for weight in weights]
    return sum(scaled) ** 2 / sum(w * w for w in scaled)


def resampled(particles: Sequence[Particle], rng: random.Random) -> list[Particle]:
    """As many particles, each kept in proportion to its weight, all of the mean weight (systematic resampling, Kitagawa
    1996): a particle's number of copies is its expected one, rounded down or up. Unbiased.

    Raises:
        ValueError: no particle is alive.
    """
    weights = [particle.weight for particle in particles]
    mean = log_mean(weights)
    if mean == -math.inf:
        raise ValueError("no particle is alive")
    n = len(particles)
    shares = [math.exp(weight - mean) / n for weight in weights]
    start = rng.random() / n
    kept: list[Particle] = []
    total, place = 0.0, 0
    for particle, share in zip(particles, shares, strict=True):
        total += share
        while place < n and start + place / n < total:
            kept.append(_with(particle, mean))
            place += 1
    while len(kept) < n:  # rounding may leave the last place open
        kept.append(_with(next(p for p in reversed(particles) if p.alive), mean))
    return kept


def _with(particle: Particle, weight: float) -> Particle:
    return Particle(particle.text, weight, particle.potential, particle.done, particle.cut)
