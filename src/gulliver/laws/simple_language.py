"""A language made simple: the sentences of a text whose words are all among its most frequent ones, and cloze items from it.

Muckatira et al. 2024 (arXiv:2404.02204) simplify a pretraining corpus by vocabulary, and test in simplified language. An item is
a sentence without its last word: the true one stands among words as frequent, and a model chooses the most likely.
"""

import random
import re
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

import numpy as np

from gulliver.laws.base import LawError

_STAGE = re.compile(r"\*\*.*?\*\*|_[^_]*_|\[[^\]]*\]|#+ .*")
_END = re.compile(r"(?<=[.!?])[\"'”’)]*\s+")
_WORD = re.compile(r"[a-z]+(?:['’-][a-z]+)*")
_SHORTEST = 4  # words of a sentence that is kept


@dataclass(frozen=True)
class Cloze:
    """A sentence less its last word, and that word among others, the true one first.

    Attributes:
        before: the text up to the word, without the space before it; after: the stop.
    """

    before: str
    options: tuple[str, ...]
    after: str


def sentences(text: str) -> list[str]:
    """Sentences of speech, without the names of speakers, stage directions and headings of the plays' markdown."""
    out = []
    for block in re.split(r"\n\s*\n", _STAGE.sub("", text)):
        flat = " ".join(block.split())
        out += [part for part in _END.split(flat) if len(words(part)) >= _SHORTEST]
    return out


def words(sentence: str) -> list[str]:
    """Its words in small letters."""
    return _WORD.findall(sentence.lower())


def frequent(found: Iterable[str], size: int) -> list[str]:
    """The most frequent words of these sentences, the most frequent first; equals in the order of the alphabet.

    Raises:
        LawError: there are fewer different words.
    """
    counts = Counter(word for sentence in found for word in words(sentence))
    if len(counts) < size:
        raise LawError(f"The text has {len(counts)} different words, fewer than the {size} asked for.")
    return sorted(counts, key=lambda word: (-counts[word], word))[:size]


def simple(found: Iterable[str], vocabulary: Sequence[str]) -> list[str]:
    """Those sentences that use no word outside the vocabulary."""
    known = frozenset(vocabulary)
    return [sentence for sentence in found if known.issuperset(words(sentence))]


def cloze_items(
    found: Sequence[str], vocabulary: Sequence[str], count: int, options: int = 4, seed: int = 0, near: int = 15
) -> list[Cloze]:
    """At most `count` items from sentences whose last word is in the vocabulary, distractors within `near` ranks of it.

    Raises:
        LawError: no sentence makes an item.
    """
    draw = random.Random(seed)
    rank = {word: at for at, word in enumerate(vocabulary)}
    made, seen = [], set()
    for sentence in draw.sample(list(found), len(found)):
        if sentence in seen or (item := _item(sentence, vocabulary, rank, options, near, draw)) is None:
            continue
        seen.add(sentence)
        made.append(item)
        if len(made) == count:
            break
    if not made:
        raise LawError("No held-out sentence makes a cloze item; hold out more text, or take a larger vocabulary.")
    return made


def choose(items: Sequence[Cloze], likelihood: Callable[[Sequence[str]], Sequence[float]]) -> list[bool]:
    """Whether each item's true ending is the likeliest; `likelihood` gives nats of whole texts. A tie is wrong."""
    texts = [f"{item.before} {word}{item.after}" for item in items for word in item.options]
    found, at, out = likelihood(texts), 0, []
    for item in items:
        scores = np.asarray(found[at : at + len(item.options)])
        at += len(item.options)
        out.append(bool(scores[0] > scores[1:].max()))
    return out


def _item(
    sentence: str, vocabulary: Sequence[str], rank: dict[str, int], options: int, near: int, draw: random.Random
) -> Cloze | None:
    match = re.fullmatch(r"(.*\S)\s+([a-z]+)([.!?]+)", sentence)
    if match is None or match[2] not in rank or len(words(sentence)) < _SHORTEST:
        return None
    at = rank[match[2]]
    first = max(0, min(at - near, len(vocabulary) - 2 * near - 1))
    others = [w for w in vocabulary[first : first + 2 * near + 1] if w != match[2] and w.isalpha()]
    if len(others) < options - 1:
        return None
    return Cloze(match[1], (match[2], *draw.sample(others, options - 1)), match[3])
