"""A population of texts written under an inference program, by sequential Monte Carlo, importance or rejection sampling."""

import asyncio
import math
import random
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Protocol

from gulliver.inference import BoundModel, Draft
from gulliver.models.base import Message, Sampling
from gulliver.strategies.particles import Particle, belief, closed, cut, effective, log_mean, put_behind, resampled
from gulliver.strategies.programs import Program, Said
from gulliver.tasks.base import Answer, Item
from gulliver.tasks.constraints import words_of

_TOKENS_A_WORD = 3
_LONG = 16
"""Characters a word, on average, from which on a text is given up."""
_MOST = 32
"""Texts at once, whatever a program says."""


class Options(Protocol):
    """What of a strategy's options counts here."""

    @property
    def n(self) -> int: ...
    @property
    def method(self) -> str: ...
    @property
    def keep(self) -> float: ...
    @property
    def temperature(self) -> float: ...
    @property
    def top_p(self) -> float: ...


@dataclass(frozen=True)
class _Text:
    """A particle and what the program says of it."""

    particle: Particle
    said: Said


class Following:
    """One item's population. A text weighs as the model believes in what was put into it, times the program's score while it is
    under way and its check in the end; words that the model draws weigh nothing, for they come from what is to be steered."""

    def __init__(self, options: Options, program: Program, item: Item, lm: BoundModel) -> None:
        self.options = options
        self.program = program
        self.item = item
        self.lm = lm
        self.n = options.n or min(program.particles, _MOST)
        self.method = options.method or program.method
        self.most = max(1, round(item.max_tokens / 1.5))
        self.rng = random.Random(f"discipl {item.id} {item.question}")
        self.asked: Counter[tuple[str, str]] = Counter()
        self.resamplings = 0
        self.failed: Draft | None = None
        self.lost: list[Particle] = []
        self.told = ""
        """The first thing that went wrong with a text."""

    async def answer(self) -> Answer:
        """The heaviest text that passes the check (by rejection, the first); the heaviest that does not when none does.

        Raises:
            ProgramError: the program does not come to an end, or breaks the sandbox's limits.
        """
        particles = await self._grown()
        if self.failed is not None:
            return Answer(status="failed", detail=self.failed.error)
        good = [p for p in particles if p.alive]
        ranked = good if self.method == "rejection" else sorted(good, key=lambda p: -p.weight)
        best = ranked[0] if ranked else max(self.lost or particles, key=lambda p: (p.done, p.weight))
        answer = self.item.read(Draft(best.text, "length" if best.cut else "stop"))
        said = (
            f"{len(good)} of {self.n} texts pass the program's check; {self.method}, resampled {self.resamplings} times"
        )
        said += f"; log evidence {log_mean([p.weight for p in particles]):.2f}"
        return replace(answer, program=self.program.code, detail=f"{said}; {self.told}" if self.told else said)

    async def _grown(self) -> list[Particle]:
        """All texts at their ends: those that pass the check with their weights, the others dead."""
        texts = await self._seen([Particle()] * self.n)
        for _ in range(2 * self.most):
            if self.failed is not None or not any(_open(text) for text in texts):
                break
            texts = await self._seen(await self._step(texts))
            weights = [text.particle.weight for text in texts]
            few = self.method == "smc" and 0.0 < effective(weights) < self.options.keep * len(texts)
            if few and any(_open(text) for text in texts):
                texts = self._drawn_anew(texts)
        return [_final(text.particle) for text in texts]

    def _drawn_anew(self, texts: Sequence[_Text]) -> list[_Text]:
        self.resamplings += 1
        said = {(text.particle.text, text.particle.done): text.said for text in texts}
        return [_Text(p, said[p.text, p.done]) for p in resampled([text.particle for text in texts], self.rng)]

    async def _seen(self, particles: Sequence[Particle]) -> list[_Text]:
        """The particles with what the program says of them now, and its word in their weights."""
        keys = list(dict.fromkeys((p.text, p.done) for p in particles if p.alive))
        texts, ended = [text for text, _ in keys], [done for _, done in keys]
        looked = await asyncio.to_thread(self.program.look, texts, ended) if keys else []
        said = dict(zip(keys, looked, strict=True))
        return [self._weighed(p, said[p.text, p.done]) if p.alive else _Text(p, Said()) for p in particles]

    def _weighed(self, particle: Particle, said: Said) -> _Text:
        """A finished text keeps the score of what it is until all have finished, or those under way would push it out."""
        if said.step is None and not said.error and not particle.done:
            particle = replace(particle, text=closed(particle.text), done=True)
        long = len(words_of(particle.text)) > self.most or len(particle.text) > _LONG * self.most
        if not particle.done and long:  # it would not end
            particle = replace(particle, done=True, cut=True)
        self.told = self.told or said.error or (said.unchecked if particle.done else "")
        potential = said.score
        if said.error or (particle.done and (particle.cut or not said.good)):
            potential = -math.inf
        elif particle.done and potential == -math.inf:
            potential = 0.0
        if potential == -math.inf:
            self.lost.append(particle.settled())
        weight = particle.weight + potential - particle.potential
        return _Text(replace(particle, weight=weight, potential=potential), said)

    async def _step(self, texts: Sequence[_Text]) -> list[Particle]:
        """Every text under way grows: by the words that are put, or by a draft."""
        made = [text.particle for text in texts]
        puts = [i for i, text in enumerate(texts) if _open(text) and isinstance(text.said.step, str)]
        groups: dict[tuple[str, str, int], list[int]] = {}
        for i, text in enumerate(texts):
            if _open(text) and isinstance(text.said.step, int):
                groups.setdefault((text.particle.text, text.said.prompt or "", text.said.step), []).append(i)
        given, drawn = await asyncio.gather(
            asyncio.gather(*(self._given(texts[i]) for i in puts)),
            asyncio.gather(*(self._drafts(*key, len(places)) for key, places in groups.items())),
        )
        for i, particle in zip(puts, given, strict=True):
            made[i] = particle
        for (_, _, limit), places, drafts in zip(groups, groups.values(), drawn, strict=True):
            for i, draft in zip(places, drafts, strict=True):
                made[i] = self._continued(made[i], draft, limit)
        return made

    async def _drafts(self, text: str, prompt: str, limit: int, count: int) -> list[Draft]:
        """Continuations of one text, none drawn before."""
        most = _TOKENS_A_WORD * limit + 4
        sampling = Sampling(most, self.options.temperature, self.options.top_p, stop=self.item.stop)
        start = self.asked[text, prompt]
        self.asked[text, prompt] += count
        return await self.lm.draws(self._prompt(prompt), count, sampling, start=start, begun=text)

    async def _given(self, text: _Text) -> Particle:
        particle, piece = text.particle, put_behind(text.particle.text, str(text.said.step))
        scored = await belief(self.lm, self._prompt(text.said.prompt or ""), particle.text, piece)
        if scored.logprob is None:
            self.failed = scored
        added = -math.inf if scored.logprob is None else scored.logprob
        return replace(particle, text=particle.text + piece, weight=particle.weight + added)

    def _continued(self, particle: Particle, draft: Draft, limit: int) -> Particle:
        if draft.finish == "failed":
            self.failed = draft
            return replace(particle, weight=-math.inf)
        text, ended = cut(draft.text, limit, draft.finish == "stop")
        whole = particle.text + (text if particle.text else text.lstrip())
        idle = not ended and not text.strip()
        return replace(particle, text=whole, done=ended or idle, cut=idle)

    def _prompt(self, told: str) -> Sequence[Message]:
        """The item's prompt, or the same with other words for the task."""
        if not told:
            return self.item.prompt
        return [*(message for message in self.item.prompt if message.role == "system"), Message("user", told)]


def _open(text: _Text) -> bool:
    return text.particle.alive and not text.particle.done


def _final(particle: Particle) -> Particle:
    """Without its last score; one that came to no end is dead."""
    if not particle.alive or not particle.done:
        return replace(particle, weight=-math.inf)
    return particle.settled()
