"""How far a text rests on a passage, by words: cheap, in any language, and blind to paraphrase and negation."""

from collections.abc import Collection

from gulliver.retrieval.lexical import words

LETTERS = 4
"""Shorter words carry little; numbers count whatever their length."""


def content(text: str, known: str = "") -> list[str]:
    """The words that say something, each once: numbers and words of at least four letters that `known` does not have."""
    told = set(words(known))
    return [w for w in dict.fromkeys(words(text)) if (len(w) >= LETTERS or w.isdigit()) and w not in told]


def support(text: str, passage: str, known: str = "") -> float:
    """The share of the text's content words that stand in the passage, in [0, 1]; 0 for a text without any.

    Args:
        known: words that prove nothing, such as those of the question.

    >>> support("Vienna has 1,753 fountains", "The population of Vienna is 1,753.", "Vienna?")
    0.6666666666666666
    """
    said = content(text, known)
    there = _words(passage)
    return sum(word in there for word in said) / len(said) if said else 0.0


def overlap(answer: str, target: str) -> float:
    """F1 of the words of two texts, each word as often as both have it (Rajpurkar et al. 2016); 0 when either is empty."""
    first, second = words(answer), words(target)
    rest, both = list(second), 0
    for word in first:
        if word in rest:
            rest.remove(word)
            both += 1
    return 2 * both / (len(first) + len(second)) if both else 0.0


def _words(text: str) -> Collection[str]:
    return set(words(text))
