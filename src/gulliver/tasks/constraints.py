"""What a written text must keep to: words it contains or avoids, how many it has, and which stand where."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

from gulliver.errors import TaskError
from gulliver.inference.types import Draft
from gulliver.tasks.base import Answer, Item, Kind

WORD = re.compile(r"[^\W_]+(?:['’-][^\W_]+)*")
_ENDINGS = ("", "s", "es", "d", "ed", "ing", "'s", "’s")
COLUMNS = ("keywords", "avoid", "words", "positions")


@dataclass(frozen=True)
class Constraints:
    """Conditions on a text; each is met or not, whatever the others.

    Attributes:
        keywords, avoid: words that must, or must not, stand in it; in any case, and with a common ending (`run`, `runs`).
        least, most: how many words it may have; `most` 0 is no limit.
        positions: (place, word): that word, as it is, at that place, counted from 1.
    """

    keywords: tuple[str, ...] = ()
    avoid: tuple[str, ...] = ()
    least: int = 0
    most: int = 0
    positions: tuple[tuple[int, str], ...] = ()

    @classmethod
    def of(cls, fields: Mapping[str, Any]) -> "Constraints":
        """Those in a row's columns `keywords`, `avoid` (lists), `words` (a number, or [least, most]) and `positions`
        (an object from place to word).

        Raises:
            TaskError: a column is of another shape.
        """
        try:
            words = fields.get("words") or 0
            least, most = (int(words), int(words)) if isinstance(words, int | str) else (int(words[0]), int(words[1]))
            places = fields.get("positions") or {}
            positions = sorted((int(place), str(word)) for place, word in dict(places).items())
            lists = [fields.get(name) or () for name in ("keywords", "avoid")]
            if any(isinstance(value, str) for value in lists):
                raise ValueError("a list of words is wanted")
            keywords, avoid = (tuple(str(word) for word in value) for value in lists)
        except (TypeError, ValueError, IndexError, AttributeError):
            raise TaskError(
                'Constraints are read from keywords = ["a"], avoid = ["b"], words = 12 or [8, 12], positions = {"3": "glass"}; '
                "this row has them in another shape."
            ) from None
        return cls(keywords, avoid, least, most, tuple(positions))

    def __bool__(self) -> bool:
        return self != Constraints()

    def found(self, text: str) -> list[str]:
        """The keywords that stand in a text."""
        there = {word.casefold() for word in words_of(text)}
        return [word for word in self.keywords if _stands(word, there)]

    def met(self, text: str) -> list[bool]:
        """Which conditions a finished text meets, one by one."""
        words = words_of(text)
        there = {word.casefold() for word in words}
        checks = [_stands(word, there) for word in self.keywords]
        checks += [not _stands(word, there) for word in self.avoid]
        if self.least or self.most:
            checks.append(self.least <= len(words) and (not self.most or len(words) <= self.most))
        checks += [
            len(words) >= place and words[place - 1].casefold() == word.casefold() for place, word in self.positions
        ]
        return checks

    def satisfied(self, text: str) -> bool:
        """Whether a finished text meets them all."""
        return all(self.met(text))

    def possible(self, text: str) -> bool:
        """Whether a text that goes on may still meet them; its last word may still grow."""
        words = words_of(text)
        whole = {word.casefold() for word in words[:-1]}
        if (self.most and len(words) > self.most) or any(_stands(word, whole) for word in self.avoid):
            return False
        return all(
            words[place - 1].casefold() == word.casefold() for place, word in self.positions if place < len(words)
        )


def words_of(text: str) -> list[str]:
    """The words of a text, numbers included.

    >>> words_of("It's 5 well-known rules.")
    ["It's", '5', 'well-known', 'rules']
    """
    return WORD.findall(text)


def asked(constraints: Constraints) -> str:
    """The sentence that tells a model what its text must keep to."""
    parts = []
    if constraints.keywords:
        parts.append(f"It must contain the {_listed(constraints.keywords)}.")
    if constraints.avoid:
        parts.append(f"It must not contain the {_listed(constraints.avoid)}.")
    if constraints.most and constraints.least == constraints.most:
        parts.append(f"It must have exactly {constraints.most} words.")
    elif constraints.most:
        parts.append(f"It must have between {constraints.least} and {constraints.most} words.")
    elif constraints.least:
        parts.append(f"It must have at least {constraints.least} words.")
    parts += [f"Word number {place} must be '{word}'." for place, word in constraints.positions]
    return " ".join(parts)


@dataclass(frozen=True)
class Keeps:
    """The text keeps to what its row asks for (see `Constraints.of`)."""

    kind: ClassVar[Kind] = "free"
    answer_only: ClassVar[str] = ""
    after_reasoning: ClassVar[str] = (
        "Think step by step, then write the final text on a line of its own as 'Answer: <text>'."
    )

    def read(self, draft: Draft, item: Item) -> Answer:
        text = draft.text.strip()
        return Answer(value=text) if text else Answer(status="unreadable")

    def right(self, value: Any, item: Item) -> bool:
        return Constraints.of(item.fields).satisfied(str(value))


def _stands(word: str, there: set[str]) -> bool:
    small = word.casefold()
    return any(small + ending in there for ending in _ENDINGS)


def _listed(words: Sequence[str]) -> str:
    quoted = [f"'{word}'" for word in words]
    return f"word {quoted[0]}" if len(quoted) == 1 else f"words {', '.join(quoted[:-1])} and {quoted[-1]}"
