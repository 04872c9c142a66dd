"""How lm-evaluation-harness reads and compares what a model generates: filters, then exact match."""

import re
import string
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

from gulliver.errors import TaskError
from gulliver.inference.types import Draft
from gulliver.tasks.base import Answer, Item, Kind
from gulliver.tasks.judges import found

_HARNESS_REGEX = r"#### (\-?[0-9\.\,]+)"
_NUMBERS = str.maketrans("", "", string.digits)
_PUNCTUATION = str.maketrans("", "", string.punctuation)
_OPTIONS = ("ignore_case", "ignore_punctuation", "ignore_numbers", "regexes_to_ignore")


@dataclass(frozen=True)
class Filtered:
    """What the `steps` leave of a reply, equal to the target (any of them, when it is a list).

    Steps are ("regex", pattern, group), ("lowercase",), ("uppercase",), ("remove_whitespace",). A pattern that finds
    nothing makes the reply unreadable.
    """

    steps: tuple[tuple[Any, ...], ...] = ()
    ignore_case: bool = False
    ignore_punctuation: bool = False
    ignore_numbers: bool = False
    ignored: tuple[str, ...] = ()
    kind: ClassVar[Kind] = "text"
    answer_only: ClassVar[str] = ""
    after_reasoning: ClassVar[str] = (
        "Think step by step, then end with the final answer in the form that the question asks for."
    )

    def read(self, draft: Draft, item: Item) -> Answer:
        said: str | None = draft.text
        for name, *options in self.steps:
            if said is None:
                break
            said = _step(name, said, *options)
        return found(said.strip() or None if said is not None else None)

    def right(self, value: Any, item: Item) -> bool:
        targets = item.target if isinstance(item.target, list | tuple) else [item.target]
        return self._plain(str(value)) in [self._plain(str(target)) for target in targets]

    def _plain(self, text: str) -> str:
        for pattern in self.ignored:
            text = re.sub(pattern, "", text)
        text = text.lower() if self.ignore_case else text
        text = text.translate(_PUNCTUATION) if self.ignore_punctuation else text
        return (text.translate(_NUMBERS) if self.ignore_numbers else text).strip()


def make_filtered(file: str, steps: Sequence[Mapping[str, Any]], options: Mapping[str, Any]) -> Filtered:
    """The judge of a file's filter steps and the options of its exact_match.

    Raises:
        TaskError: a step or option that is not supported, or a pattern that cannot be compiled.
    """
    unknown = sorted(set(options) - set(_OPTIONS))
    if unknown:
        raise TaskError(
            f"The lm-evaluation-harness task {file} has exact_match with {', '.join(unknown)}, which is not supported."
        )
    made = tuple(step for one in steps if (step := _made(file, one)) is not None)
    listed = options.get("regexes_to_ignore") or ()
    ignored = tuple(listed) if isinstance(listed, list | tuple) else (listed,)
    for pattern in (*ignored, *(step[1] for step in made if step[0] == "regex")):
        try:
            re.compile(pattern)
        except (re.error, TypeError) as error:
            raise TaskError(
                f"The lm-evaluation-harness task {file} has the pattern {pattern!r}, which is no regular expression: {error}."
            ) from None
    flags = {key: bool(options.get(key)) for key in _OPTIONS[:3]}
    return Filtered(made, ignored=ignored, **flags)


def _made(file: str, step: Mapping[str, Any]) -> tuple[Any, ...] | None:
    name = step.get("function")
    if name == "take_first":
        return None
    if name == "regex" and not set(step) - {"function", "regex_pattern", "group_select", "fallback"}:
        group = step.get("group_select", 0)
        if isinstance(group, int):
            return ("regex", step.get("regex_pattern", _HARNESS_REGEX), group)
    if name in ("lowercase", "uppercase", "remove_whitespace"):
        return (name,)
    raise TaskError(
        f"The lm-evaluation-harness task {file} has the filter {name!r} (or an option of it) that is not supported; regex, take_first, lowercase, uppercase and remove_whitespace are."
    )


def _step(name: str, said: str, pattern: str = "", group: int = 0) -> str | None:
    if name == "lowercase":
        return said.lower()
    if name == "uppercase":
        return said.upper()
    if name == "remove_whitespace":
        return said.lstrip()
    places = re.findall(pattern, said)
    if not -len(places) <= group < len(places):
        return None
    chosen = places[group]
    if isinstance(chosen, tuple):  # several groups: the first that found something
        chosen = next((part for part in chosen if part), None)
    return None if chosen is None else str(chosen).strip()
