"""Made-up parallel text: a toy language and its translation, for laws of machine translation.

The grammar, whole: S = NP V NP, or (one in four) S = NP V NP "that" V NP. NP = noun, or (two in five) adjective noun. 400
nouns, 150 verbs and 100 adjectives are invented words of two or three syllables, word k of its class as likely as 1 / (k + 2);
each noun has a number (one in three is plural, with the ending "s") and the verb agrees with its subject by "s" in the singular.
The translation has words of its own, one for one; the verb comes last in its clause; adjectives follow their nouns;
subjects end in "a" and objects in "o"; plural doubles that vowel; "that" is "ke". A line is `source => target`. So the target is a
function of the source: what a model can learn of it is the lexicon, the order and the endings.
"""

import random
from collections.abc import Sequence
from copy import copy
from itertools import accumulate

NOUNS, VERBS, ADJECTIVES = 400, 150, 100
_ONSETS, _VOWELS, _CODAS = "bdfgklmnprstvz", "aeiou", ("", "", "n", "r", "l")

Pair = tuple[str, str]


def translation(size: int, seed: int = 0) -> str:
    """About `size` bytes of pairs, one a line; the same for the same seed."""
    draw = random.Random(seed)
    taken: set[str] = set()
    lexicon = [Words(draw, count, taken) for count in (NOUNS, VERBS, ADJECTIVES)]
    lines, made = [], 0
    while made < size:
        lines.append(" => ".join(make_sentence(draw, *lexicon)))
        made += len(lines[-1]) + 1
    return "\n".join(lines) + "\n"


class Words:
    """Pairs of invented words, drawn by Zipf's law."""

    def __init__(self, draw: random.Random, count: int, taken: set[str]) -> None:
        self.pairs: Sequence[Pair] = [(_invent(draw, taken), _invent(draw, taken)) for _ in range(count)]
        self.weights = list(accumulate(1 / (rank + 2) for rank in range(count)))

    def draw(self, draw: random.Random) -> Pair:
        return draw.choices(self.pairs, cum_weights=self.weights)[0]

    def reversed(self) -> "Words":
        """The same words, the rarest drawn most often."""
        other = copy(self)
        other.pairs = self.pairs[::-1]
        return other


def _invent(draw: random.Random, taken: set[str]) -> str:
    while True:
        word = "".join(
            draw.choice(_ONSETS) + draw.choice(_VOWELS) + draw.choice(_CODAS) for _ in range(draw.choice((2, 2, 3)))
        )
        if word not in taken:
            taken.add(word)
            return word


def make_sentence(draw: random.Random, nouns: Words, verbs: Words, adjectives: Words) -> Pair:
    """A sentence of the first language and its translation."""

    def phrase(vowel: str) -> tuple[str, str, bool]:
        (noun, other), plural = nouns.draw(draw), draw.random() < 1 / 3
        source, target = noun + "s" * plural, other + vowel * (1 + plural)
        if draw.random() < 0.4:
            adjective, quality = adjectives.draw(draw)
            source, target = f"{adjective} {source}", f"{target} {quality}"
        return source, target, plural

    def verb(plural: bool) -> Pair:
        source, target = verbs.draw(draw)
        return source + "s" * (not plural), target

    subject, theme, many = phrase("a")
    action, done = verb(many)
    thing, patient, plural = phrase("o")
    if draw.random() >= 0.25:
        return f"{subject} {action} {thing}", f"{theme} {patient} {done}"
    second, also = verb(plural)
    last, final, _ = phrase("o")
    return (
        f"{subject} {action} {thing} that {second} {last}",
        f"{theme} {patient} {done} ke {final} {also}",
    )
