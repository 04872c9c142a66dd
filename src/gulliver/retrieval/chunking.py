"""Cutting a text into passages of about one length, at the ends of paragraphs and sentences where there are some."""

import re

_PARAGRAPH = re.compile(r"\n\s*\n")
_SENTENCE = re.compile(r"(?<=[.!?؟۔。！？;])[\"'”’»)\]]*\s+|\n")


def sentences(text: str) -> list[str]:
    """The sentences and lines of a text, without the space around them.

    >>> sentences("One. Two?\\nThree")
    ['One.', 'Two?', 'Three']
    """
    return [piece.strip() for piece in _SENTENCE.split(text) if piece and piece.strip()]


def chunks(text: str, size: int = 120, overlap: int = 20) -> list[str]:
    """Passages of at most `size` words; each but the first begins with whole sentences of the one before, together at
    most `overlap` words.

    A sentence longer than `size` is cut between words. Lines stay lines, so that verse and lists are still read as such.

    Raises:
        ValueError: `size` is below 1, or `overlap` is not below it.
    """
    if size < 1 or not 0 <= overlap < size:
        raise ValueError("size must be at least 1, and overlap at least 0 and below size")
    made: list[str] = []
    current: list[str] = []
    for piece in _pieces(text, size):
        if current and _words(current) + _words([piece]) > size:
            made.append(_joined(current))
            current = _tail(current, min(overlap, size - _words([piece])))
        current.append(piece)
    if current:
        made.append(_joined(current))
    return made


def _pieces(text: str, size: int) -> list[str]:
    """Sentences, the last of a line with a line break behind it; long ones in parts."""
    pieces: list[str] = []
    for paragraph in _PARAGRAPH.split(text):
        for line in paragraph.splitlines():
            found = [part for sentence in sentences(line) for part in _cut(sentence, size)]
            if found:
                found[-1] += "\n"
                pieces += found
    return pieces


def _cut(sentence: str, size: int) -> list[str]:
    words = sentence.split()
    return [" ".join(words[begin : begin + size]) for begin in range(0, len(words), size)]


def _tail(pieces: list[str], most: int) -> list[str]:
    kept: list[str] = []
    for piece in reversed(pieces):
        if _words([piece, *kept]) > most:
            break
        kept.insert(0, piece)
    return kept


def _words(pieces: list[str]) -> int:
    return sum(len(piece.split()) for piece in pieces)


def _joined(pieces: list[str]) -> str:
    return "".join(piece if piece.endswith("\n") else f"{piece} " for piece in pieces).strip()
