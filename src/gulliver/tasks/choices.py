"""Read which of some labels a model settled on."""

import re
from collections.abc import Iterator, Sequence

from gulliver.tasks.markers import after_last_marker, bare

_NEGATED = re.compile(r"\b(?:not|isn't|rather than|instead of)\s+(?:an?\s+|the\s+)?\W*$", re.IGNORECASE)


def choice(text: str, labels: Sequence[str], texts: Sequence[str] = ()) -> str | None:
    """The one label the text settles on. `texts` are what the labels stand for, in the same order.

    Looks after the last answer marker, then at the whole text, then at its first and last lines; where several labels
    stand and none is marked, there is no answer. A single letter counts only when it is set apart (`B.`, `(B)`, `**B**`,
    `option B`, or alone), so that the article "A" is none.
    """
    for part in _places(text):
        said = _labels_in(part, labels)
        if not said and len(texts) == len(labels):
            said = [labels[list(texts).index(option)] for option in _whole_words(part, texts)]
        if len(set(said)) == 1:
            return said[0]
        if said and (first := _leading(part, labels)) is not None:
            return first
    return None


def _places(written: str) -> Iterator[str]:
    """Where a choice may stand, the most telling place first."""
    marked = after_last_marker(written)
    if marked is not None:
        yield marked
    yield written
    lines = [line for line in written.splitlines() if line.strip()]
    yield from (lines[0], lines[-1]) if lines else ()


def _labels_in(part: str, labels: Sequence[str]) -> list[str]:
    """Labels that stand in a text, in order of appearance; a part that is a label alone is that label."""
    alone = bare(part).strip("()[]{}.:,!$ ").casefold()
    exact = [label for label in labels if label.casefold() == alone]
    if exact:
        return exact[:1]
    letters = [label for label in labels if len(label) == 1]
    words = [label for label in labels if len(label) > 1]
    return _set_apart(part, letters) + _whole_words(part, words)


def _set_apart(part: str, letters: Sequence[str]) -> list[str]:
    if not letters:
        return []
    one = "[" + "".join(re.escape(letter) for letter in letters) + "]"
    pattern = re.compile(
        rf"\(({one})\)|\*\*\(?({one})\)?(?:[.:)]?\*\*|[.:)])"
        rf"|\b(?:[Oo]ption|[Cc]hoice|[Ll]etter|[Aa]nswer)(?:\s+is)?:?\s+\(?({one})\b"
        rf"|(?:^|(?<=[\s\"'{{]))({one})(?=[.):,}}\"']|\s*$)|^\s*({one})(?=\s*[-–—]\s)"
        rf"|\b({one})(?=\s+(?:or|and)\s+{one}\b)",
        re.MULTILINE,
    )
    return [next(group for group in found.groups() if group) for found in pattern.finditer(part)]


def _whole_words(part: str, words: Sequence[str]) -> list[str]:
    """Those of `words` that stand in a text as whole words and not after "not", in order of appearance."""
    places: list[tuple[int, int, str]] = []
    for word in words:
        if not word.strip():
            continue
        pattern = re.compile(rf"(?<!\w){re.escape(word)}(?!\w)", re.IGNORECASE)
        for found in pattern.finditer(part):
            if not _NEGATED.search(part[max(0, found.start() - 30) : found.start()]):
                places.append((found.start(), -found.end(), word))
    places.sort()
    kept: list[str] = []
    end = -1
    for start, negative_end, word in places:
        if start >= end:
            kept.append(word)
            end = -negative_end
    return kept


def _leading(part: str, labels: Sequence[str]) -> str | None:
    """The label a text opens with (`B. because A is wrong`), if it does."""
    opening = part.lstrip(" \t\r\n*_([\"'`{$")
    for label in sorted(labels, key=len, reverse=True):
        rest = opening[len(label) :]
        if opening[: len(label)].casefold() == label.casefold() and re.match(
            r"[.):,*\"'\]}]|\s*[-–—]\s|\s*$|\s*\n", rest
        ):
            return label
    return None


LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
"""Labels of options that are shown with letters."""


def lettered(question: str, options: Sequence[str]) -> str:
    """The question with its options below it, a letter before each; at most 26."""
    return "\n".join([question, "", *(f"{letter}. {option}" for letter, option in zip(LETTERS, options, strict=False))])
