"""The toy language of `translation.py` in two directions and two domains, with sentences kept for a test.

`a => b` translates into the second language, `b <= a` out of it. Domain `common` draws words as the grammar states; domain `rare` takes
every class in the reverse order, so that its frequent words are the rare ones of `common`; lexicon and rules are the same. It is made up: what a law
shows here is about the grammar.
"""

import random
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Literal

from gulliver.laws.base import LawError
from gulliver.laws.ladder.translation import ADJECTIVES, NOUNS, VERBS, Words, make_sentence

Direction = Literal["into", "out of"]
Domain = Literal["common", "rare"]
DIRECTIONS: tuple[Direction, ...] = ("into", "out of")
DOMAINS: tuple[Domain, ...] = ("common", "rare")


@dataclass(frozen=True)
class Sentence:
    """One sentence in both languages."""

    domain: Domain
    source: str
    target: str

    def task(self, direction: Direction) -> tuple[str, str]:
        """What is given, and what a translator must write after it; joined they are a line of the text."""
        if direction == "into":
            return f"{self.source} =>", f" {self.target}"
        return f"{self.target} <=", f" {self.source}"


@dataclass(frozen=True)
class Parallel:
    """Sentences to train on, each once in one direction, and others for each domain's test."""

    lines: tuple[str, ...]
    test: dict[Domain, tuple[Sentence, ...]]

    @property
    def text(self) -> str:
        """The training part, a line a sentence."""
        return "\n".join(self.lines) + "\n"


def parallel(size: int, tested: int, rare: float = 0.25, seed: int = 0) -> Parallel:
    """About `size` bytes to train on, directions half and half and a share `rare` of that domain; `tested` sentences a domain.

    No test sentence is trained on in any direction.

    Raises:
        LawError: the share is not between 0 and 1, or nothing is asked for.
    """
    if not 0 <= rare <= 1 or size < 1 or tested < 1:
        raise LawError(f"Parallel text needs a share from 0 to 1 and positive sizes, not {rare}, {size}, {tested}.")
    draw = random.Random(seed)
    taken: set[str] = set()
    common = [Words(draw, count, taken) for count in (NOUNS, VERBS, ADJECTIVES)]
    lexicons = {"common": common, "rare": [words.reversed() for words in common]}
    test: dict[Domain, tuple[Sentence, ...]] = {}
    for domain in DOMAINS:
        test[domain] = tuple(_unlike(draw, domain, lexicons[domain], tested))
    kept = {sentence.source for part in test.values() for sentence in part}
    lines: list[str] = []
    made = 0
    while made < size:
        domain = "rare" if draw.random() < rare else "common"
        sentence = Sentence(domain, *make_sentence(draw, *lexicons[domain]))
        if sentence.source in kept:
            continue
        lines.append("".join(sentence.task(draw.choice(DIRECTIONS))))
        made += len(lines[-1]) + 1
    return Parallel(tuple(lines), test)


def tasks(sentences: Iterable[Sentence], direction: Direction) -> list[tuple[str, str]]:
    """Each sentence as a line begins it, after the end of the line before, and what follows."""
    return [(f"\n{given}", wanted) for given, wanted in (s.task(direction) for s in sentences)]


def _unlike(draw: random.Random, domain: Domain, lexicon: Sequence[Words], count: int) -> list[Sentence]:
    found: dict[str, Sentence] = {}
    while len(found) < count:
        sentence = Sentence(domain, *make_sentence(draw, *lexicon))
        found[sentence.source] = sentence
    return list(found.values())
