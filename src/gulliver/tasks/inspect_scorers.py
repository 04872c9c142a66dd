"""The text scorers of inspect_ai, as its documentation describes them."""

import re
import string
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

from gulliver.errors import TaskError
from gulliver.inference.types import Draft
from gulliver.tasks import extract
from gulliver.tasks.base import Answer, Item, Kind
from gulliver.tasks.judges import found

_ANSWERS: Mapping[str, str] = {
    "answer_letter": r"answer\s*:\s*\(?([A-Za-z])\b",
    "answer_word": r"answer\s*:\s*(\w+)",
    "answer_line": r"answer\s*:\s*([^\n]+)",
}
_ARTICLES = re.compile(r"\b(?:a|an|the)\b")
_EDGES = string.punctuation.replace("-", "").replace("+", "") + string.whitespace


@dataclass(frozen=True)
class Score:
    """`scorer` compares text and target without case, and without punctuation around them; of several targets any will do."""

    scorer: str
    pattern: str = ""
    kind: ClassVar[Kind] = "text"
    answer_only: ClassVar[str] = ""
    after_reasoning: ClassVar[str] = (
        "Think step by step, then write the final answer on a line of its own as 'ANSWER: <answer>'."
    )

    def __post_init__(self) -> None:
        if (self.scorer == "pattern") != bool(self.pattern):
            raise TaskError("The scorer pattern, and no other, needs pattern='…', a regular expression with a group.")
        try:
            re.compile(self.pattern)
        except re.error as error:
            raise TaskError(f"The pattern {self.pattern!r} is no regular expression: {error}.") from None

    def read(self, draft: Draft, item: Item) -> Answer:
        pattern = self.pattern or _ANSWERS.get(self.scorer, "")
        if not pattern:
            return found(draft.text.strip() or None)
        matches = list(re.finditer(pattern, draft.text, re.IGNORECASE))
        if not matches:
            return found(None)
        groups = matches[-1 if self.scorer in _ANSWERS else 0].groups()
        said = next((group for group in groups if group), None) if groups else matches[0][0]
        return found(said.strip() if said else None)

    def right(self, value: Any, item: Item) -> bool:
        targets = item.target if isinstance(item.target, list | tuple) else [item.target]
        return any(SCORERS[self.scorer](str(value), str(target)) for target in targets)


def _plain(text: str) -> str:
    return text.strip().casefold().strip(_EDGES)


def _end(said: str, target: str) -> bool:
    return _plain(said).endswith(_plain(target))


def _begin(said: str, target: str) -> bool:
    return _plain(said).startswith(_plain(target))


def _any(said: str, target: str) -> bool:
    return _plain(target) in said.casefold()


def _numeric(said: str, target: str) -> bool:
    mine, wanted = extract.number(said), extract.number(target)
    return mine is not None and mine == wanted


def _exact(said: str, target: str) -> bool:
    return _words(said) == _words(target)


def _words(text: str) -> list[str]:
    kept = "".join(char for char in text.casefold() if char not in string.punctuation)
    return _ARTICLES.sub(" ", kept).split()


def _same(said: str, target: str) -> bool:
    return _plain(said) == _plain(target)


SCORERS: Mapping[str, Callable[[str, str], bool]] = {
    "match": _end,
    "begin": _begin,
    "any": _any,
    "numeric": _numeric,
    "includes": _any,
    "exact": _exact,
    "pattern": _same,
    "answer_letter": _same,
    "answer_word": _same,
    "answer_line": _same,
}
