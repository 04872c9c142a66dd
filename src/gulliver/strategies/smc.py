"""Write under constraints with a population of texts, dropping those that go astray and multiplying those that do well."""

import asyncio
import math
import random
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import ClassVar

from gulliver.inference import BoundModel, Draft
from gulliver.models.base import Sampling
from gulliver.strategies.base import strategy
from gulliver.strategies.particles import (
    Particle,
    belief,
    closed,
    cut,
    effective,
    log_mean,
    put_behind,
    resampled,
)
from gulliver.tasks.base import Answer, Item
from gulliver.tasks.constraints import Constraints, words_of

_TOKENS_A_WORD = 3
_LONG = 16
"""Characters a word, on average, from which on a text is given up."""


@strategy("smc")
@dataclass(frozen=True)
class Smc:
    """Sequential Monte Carlo steering (Lew et al. 2023, arXiv:2306.03081): `n` texts grow by `step` words; each weighs as
    the model believes in what was put into it and by how many keywords it has; they are drawn anew when the effective
    number falls below `keep * n`. Constraints come from the row: `keywords`, `avoid`, `words`, `positions` (`docs/strategies.md`).

    A word with a place of its own is put there, and counts by its probability; so does a missing keyword, put at the next
    place with probability `put`. With `temperature=1, top_p=1` the weights are exact; otherwise words that are put weigh as at
    temperature 1. A keyword in a text is worth `pull` nats until the end; then only texts that meet all count.
    """

    n: int = 8
    step: int = 3
    keep: float = 0.5
    put: float = 0.25
    pull: float = 6.0
    temperature: float = 0.7
    top_p: float = 0.95
    tokens: ClassVar[int] = 12
    role: ClassVar[str] = "whole"

    def __post_init__(self) -> None:
        if self.n < 1 or self.step < 1 or not 0 <= self.keep <= 1 or not 0 <= self.put < 1:
            raise ValueError("n and step must be at least 1, keep in [0, 1], put in [0, 1)")
        if self.temperature <= 0 or not 0 < self.top_p <= 1:
            raise ValueError("temperature must be above 0 and top_p in (0, 1]")

    @property
    def draws(self) -> int:
        """For forecasts: a text of some five steps."""
        return 5 * self.n

    def check(self, item: Item) -> None:
        """
        Raises:
            TaskError: the row's constraints cannot be read.
        """
        Constraints.of(item.fields)

    async def answer(self, item: Item, lm: BoundModel) -> Answer:
        run = _Run(self, item, lm)
        particles = await run.grown()
        if run.failed is not None:
            return Answer(status="failed", detail=run.failed.error)
        wanted = run.constraints
        good = [p for p in particles if p.alive and not p.cut]
        best = max(good or particles, key=lambda p: (p.weight, sum(wanted.met(p.text))))
        if not good:
            best = max(run.lost or particles, key=lambda p: sum(wanted.met(p.text)))
        answer = item.read(Draft(best.text, "length" if best.cut else "stop"))
        told = f"{len(good)} of {self.n} texts meet the constraints; resampled {run.resamplings} times; log evidence {run.evidence(particles):.2f}"
        return replace(answer, detail=told)


class _Run:
    """One item's population."""

    def __init__(self, options: Smc, item: Item, lm: BoundModel) -> None:
        self.options = options
        self.item = item
        self.lm = lm
        self.constraints = Constraints.of(item.fields)
        self.most = self.constraints.most or max(1, round(item.max_tokens / 1.5))
        self.rng = random.Random(f"smc {item.id} {item.question}")
        self.asked: Counter[str] = Counter()
        self.resamplings = 0
        self.failed: Draft | None = None
        self.lost: list[Particle] = []
        """Finished texts that miss something: what is shown when none is left."""

    async def grown(self) -> list[Particle]:
        particles = [Particle() for _ in range(self.options.n)]
        while any(p.alive and not p.done for p in particles):
            particles = await self._step(particles)
            if self.failed is not None or not any(p.alive for p in particles):
                break
            weights = [p.weight for p in particles]
            if effective(weights) < self.options.keep * len(particles) and any(not p.done for p in particles):
                particles = resampled(particles, self.rng)
                self.resamplings += 1
        return [p.settled() for p in particles]

    def evidence(self, particles: Sequence[Particle]) -> float:
        """Log of the estimated probability that the model alone keeps to the constraints; unbiased before the log."""
        return log_mean([p.weight for p in particles])

    async def _step(self, particles: list[Particle]) -> list[Particle]:
        """Every text under way grows: those that are to be given a word, then the others by drafts."""
        made = list(particles)
        puts = {i: word for i, p in enumerate(made) if p.alive and not p.done and (word := self._word(p))}
        given = await asyncio.gather(*(self._given(made[i], word, factor) for i, (word, factor) in puts.items()))
        for i, particle in zip(puts, given, strict=True):
            made[i] = particle
        groups: dict[str, list[int]] = {}
        for i, p in enumerate(made):
            if i not in puts and p.alive and not p.done:
                groups.setdefault(p.text, []).append(i)
        drawn = await asyncio.gather(*(self._drafts(text, len(places)) for text, places in groups.items()))
        for (text, places), drafts in zip(groups.items(), drawn, strict=True):
            for i, draft in zip(places, drafts, strict=True):
                made[i] = self._continued(made[i], draft, self._limit(text))
        return [self._weighed(p) if p.alive and p != old else p for p, old in zip(made, particles, strict=True)]

    async def _drafts(self, text: str, count: int) -> list[Draft]:
        """Continuations of one text, none drawn before."""
        sampling = Sampling(
            _TOKENS_A_WORD * self._limit(text) + 4, self.options.temperature, self.options.top_p, stop=self.item.stop
        )
        start = self.asked[text]
        self.asked[text] += count
        return await self.lm.draws(self.item.prompt, count, sampling, start=start, begun=text)

    def _word(self, particle: Particle) -> tuple[str, float] | None:
        """The word to be put next, and the log-factor that makes up for putting it; None when a draft is to follow."""
        place = len(words_of(particle.text)) + 1
        placed = dict(self.constraints.positions).get(place)
        if placed is not None:
            return placed, 0.0
        missing = self._missing(particle.text)
        if not missing or place > self.most or self.rng.random() >= self.options.put:
            return None
        # Half of a keyword's probability is reached by putting it, half by drafts; a word of m is put with put / m.
        return self.rng.choice(missing), math.log(0.5 * len(missing) / self.options.put)

    async def _given(self, particle: Particle, word: str, factor: float) -> Particle:
        text, piece = particle.text, put_behind(particle.text, word)
        scored = await belief(self.lm, self.item.prompt, text, piece)
        if scored.logprob is None:
            self.failed = scored
        added = -math.inf if scored.logprob is None else factor + scored.logprob
        return replace(particle, text=text + piece, weight=particle.weight + added)

    def _continued(self, particle: Particle, draft: Draft, limit: int) -> Particle:
        if draft.finish == "failed":
            self.failed = draft
            return replace(particle, weight=-math.inf)
        text, ended = cut(draft.text, limit, draft.finish == "stop")
        factor = 0.0
        first = words_of(text)[:1]
        if self.options.put and (missing := self._missing(particle.text)) and not self._placed(particle.text):
            own = first and any(first[0].casefold() == word.casefold() for word in missing)
            factor = math.log((0.5 if own else 1.0) / (1.0 - self.options.put))
        whole = particle.text + (text if particle.text else text.lstrip())
        idle = not ended and not text.strip()
        return replace(particle, text=whole, weight=particle.weight + factor, done=ended or idle, cut=idle)

    def _weighed(self, particle: Particle) -> Particle:
        """With the potential of what the text is now."""
        wanted, count = self.constraints, len(words_of(particle.text))
        if not particle.done and len(particle.text) > _LONG * self.most:  # letters without end are no words
            particle = replace(particle, done=True, cut=True)
        if not particle.done and count >= self.most:
            if not wanted.most:
                particle = replace(particle, done=True, cut=True)
            else:
                particle = replace(particle, text=closed(particle.text), done=True)
        if particle.done:
            good = wanted.satisfied(particle.text)
            if not good:
                self.lost.append(particle)
            # It keeps its keywords' worth until all have finished, or those under way would push it out.
            potential = self.options.pull * len(wanted.keywords) if good else -math.inf
        else:
            potential = (
                self.options.pull * len(wanted.found(particle.text)) if wanted.possible(particle.text) else -math.inf
            )
        return replace(particle, weight=particle.weight + potential - particle.potential, potential=potential)

    def _missing(self, text: str) -> list[str]:
        return [word for word in self.constraints.keywords if word not in self.constraints.found(text)]

    def _placed(self, text: str) -> bool:
        return len(words_of(text)) + 1 in dict(self.constraints.positions)

    def _limit(self, text: str) -> int:
        """Words that a draft may add: up to the next word with a place of its own, and to the last."""
        count = len(words_of(text))
        ahead = [place - 1 - count for place, _ in self.constraints.positions if place - 1 > count]
        return max(1, min([self.options.step, self.most - count, *ahead]))
