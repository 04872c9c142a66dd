"""Search by words: BM25 (Robertson and Zaragoza 2009), computed by `bm25s`."""

import re
import unicodedata
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from gulliver.errors import MissingExtra

_WORD = re.compile(r"\w+")
_SAME = str.maketrans({"ي": "ی", "ى": "ی", "ك": "ک", "ة": "ه", "‌": " ", "ـ": None})
"""Letters that Persian and Arabic keyboards write differently; the joiner between parts of a Persian word; the stretch."""


def words(text: str) -> list[str]:
    """The words of a text in any language, alike whatever their case, accents' encoding or keyboard.

    >>> words("The King's crown")
    ['the', 'king', 's', 'crown']
    """
    plain = unicodedata.normalize("NFKC", text).translate(_SAME).casefold()
    return _WORD.findall("".join(char for char in plain if not unicodedata.combining(char)))


class Lexical:
    """BM25 over passages (Lucene's variant)."""

    def __init__(self, model: Any) -> None:
        self._model = model

    @classmethod
    def build(cls, texts: Sequence[str]) -> "Lexical":
        """
        Raises:
            MissingExtra: `bm25s` is not installed.
        """
        model = _bm25s().BM25(method="lucene")
        model.index([words(text) for text in texts], show_progress=False)
        return cls(model)

    @classmethod
    def load(cls, place: Path) -> "Lexical":
        return cls(_bm25s().BM25.load(place, show_progress=False))

    def save(self, place: Path) -> None:
        self._model.save(place, show_progress=False)

    def scores(self, query: str) -> npt.NDArray[np.float32]:
        """One score a passage, at least 0; 0 where no word of the query stands in it."""
        found: npt.NDArray[np.float32] = self._model.get_scores(words(query))
        return found


def _bm25s() -> Any:
    try:
        import bm25s
    except ImportError:
        raise MissingExtra("Searching by words", "retrieval") from None
    return bm25s
