"""Particles of sequential Monte Carlo: texts under way with weights, and drawing them anew when few weights count."""

import math
import random
from collections.abc import Sequence
from dataclasses import dataclass, replace

from gulliver.inference import BoundModel, Draft
from gulliver.models.base import Message
from gulliver.models.chat import render
from gulliver.tasks.constraints import WORD

_ENDS = (".", "!", "?", "…", '."', ".”")
_NO_SPACE = tuple(" \n\t.,;:!?…)’”")


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

    def settled(self) -> "Particle":
        """With the last potential taken back out of its weight, as in the end; one that is dead stays so."""
        return replace(self, weight=self.weight - self.potential, potential=0.0) if self.alive else self


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


async def belief(lm: BoundModel, prompt: Sequence[Message], text: str, piece: str) -> Draft:
    """`piece` with the log-probability (nats) that the model goes on with it behind `text`; of the model as it is, at
    temperature 1."""
    before = render(lm.model.card, prompt).removeprefix(lm.model.card.bos) + text
    (scored,) = await lm.weigh(before, [piece])
    return scored


def put_behind(text: str, word: str) -> str:
    """A word as it goes on from a text: behind a space, with a capital at the beginning.

    >>> put_behind("", "glass"), put_behind("The old", "glass"), put_behind("Old", ",")
    ('Glass', ' glass', ',')
    """
    if not text:
        return word[:1].upper() + word[1:]
    return word if text[-1].isspace() or word.startswith(_NO_SPACE) else f" {word}"


def cut(text: str, limit: int, stopped: bool) -> tuple[str, bool]:
    """The first `limit` whole words of a draft, and whether the text ends there; the last word of a draft that was cut by
    its length may lack letters and is not taken, unless it is all there is.

    What follows the last word taken is not looked at, an end neither: it is drawn anew, or it would have two chances.

    >>> cut(" the old king of", 2, False)
    (' the old', False)
    """
    found = list(WORD.finditer(text))
    if stopped and len(found) < limit:
        return text.rstrip(), True
    if not stopped and len(found) <= limit and len(found) > 1 and found[-1].end() == len(text):
        found = found[:-1]
    if not found:
        return text, stopped
    return text[: found[min(limit, len(found)) - 1].end()], False


def closed(text: str) -> str:
    """With a full stop where it has no end."""
    return text if text.rstrip().endswith(_ENDS) else f"{text.rstrip()}."
