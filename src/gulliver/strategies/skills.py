"""Which skills a word problem takes: by an exemplar's own tags, else by the words it uses.

AdaptMI has a large model tag questions; here marks in the text do, so that no model is needed and tags are the same
each time.
"""

import re
from collections.abc import Sequence

from gulliver.tasks.base import Exemplar

MARKS = {
    "percentages": r"%|\bper ?cent|\bpercentage",
    "fractions": r"\b(?:half|halves|third|thirds|quarters?|fourths?|fifths?|sixths?|eighths?|tenths?|fractions?)\b|\b\d/\d",
    "rates": r"\b(?:speed|mph|miles|kilomet\w+|km|an hour|per hour|a minute|per minute|rate)\b",
    "wages": r"\b(?:earns?|paid|salary|wages?|overtime|works?)\b",
    "shopping": r"\b(?:costs?|prices?|buys?|bought|spends?|spent|pays?|change|store|shop|each cost)\b",
    "profit": r"\b(?:profits?|sells?|sold|revenue|gains?|makes? from)\b",
    "comparison": r"\b(?:times as|more than|less than|fewer than|twice|as many as|as much as|longer than|shorter than)\b",
    "ages": r"\b(?:years? old|years? ago|ages?|older|younger|birthday)\b",
    "averages": r"\b(?:average|mean)\b",
    "ratio": r"\b(?:ratio|for every|\d+ to \d+|\d+:\d+)\b",
    "units": r"\b(?:minutes|hours|seconds|grams|g|kg|pounds|ounces|inches|feet|gallons|litres|liters|cups)\b",
    "geometry": r"\b(?:area|perimeter|square|rectang\w+|wide|width|length|around)\b",
    "counting": r"\b(?:left|remain\w*|altogether|in total|each|boxes|bags|packs?)\b",
}
"""A skill, and what in a question shows that it takes it."""


def skills_of(question: str) -> tuple[str, ...]:
    """The skills a question takes, the one with most marks first.

    >>> skills_of("A shop sells 20% of 50 lamps.")[0]
    'percentages'
    """
    counts = {skill: len(re.findall(mark, question, re.IGNORECASE)) for skill, mark in MARKS.items()}
    order = list(MARKS)
    return tuple(sorted((s for s, n in counts.items() if n), key=lambda s: (-counts[s], order.index(s))))


def tagged(exemplar: Exemplar) -> tuple[str, ...]:
    """An exemplar's own skills, else those its question shows."""
    own = tuple(part.strip() for part in exemplar.skills.split(",") if part.strip())
    return own or skills_of(exemplar.question)


def by_skill(bank: Sequence[Exemplar], skills: Sequence[str], k: int) -> list[Exemplar]:
    """`k` exemplars: for each skill in turn the first one not yet taken, then again from the first skill; what is
    missing are the bank's first others."""
    left = {skill: [e for e in bank if skill in tagged(e)] for skill in skills}
    chosen: list[Exemplar] = []
    while len(chosen) < k and any(left.values()):
        for skill in skills:
            left[skill] = [e for e in left[skill] if e not in chosen]
            if left[skill] and len(chosen) < k:
                chosen.append(left[skill].pop(0))
    return [*chosen, *(e for e in bank if e not in chosen)][:k]
