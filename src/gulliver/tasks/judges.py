"""Judges of short answers: exact, number, choice, regex, contains, JSON against a schema."""

import functools
import json
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar

from gulliver.errors import TaskError
from gulliver.inference.types import Draft
from gulliver.tasks import extract
from gulliver.tasks.base import Answer, Item, Kind

_REASON = "Think step by step, then write the final answer on a line of its own as 'Answer: <{}>'."
_UNREADABLE = Answer(status="unreadable")


def found(value: Any) -> Answer:
    """An answer that was read, or an unreadable one when `value` is None."""
    return _UNREADABLE if value is None else Answer(value=value)


@dataclass(frozen=True)
class Number:
    """The final number, equal to the target within `tolerance` (relative; absolute near zero)."""

    tolerance: float = 1e-6
    kind: ClassVar[Kind] = "number"
    answer_only: ClassVar[str] = "Reply with the final number alone."
    after_reasoning: ClassVar[str] = _REASON.format("number")

    def read(self, draft: Draft, item: Item) -> Answer:
        return found(extract.number(draft.text, announced=draft.finish == "length"))

    def right(self, value: Any, item: Item) -> bool:
        target = str(item.target) if type(item.target) is int else extract.number(str(item.target))
        if target is None:
            raise TaskError(f"The target {item.target!r} of item {item.id} is not a number.")
        if value == target:
            return True
        said, wanted = float(value), float(target)
        return abs(said - wanted) <= self.tolerance * max(1.0, abs(wanted))


@dataclass(frozen=True)
class Choice:
    """One of `labels` (the item's choices when none are given); their case is of no account."""

    labels: tuple[str, ...] = ()
    kind: ClassVar[Kind] = "choice"
    after_reasoning: ClassVar[str] = _REASON.format("choice")

    def __post_init__(self) -> None:
        if isinstance(self.labels, str):
            raise TaskError(f'choice takes a list of labels, such as labels=["yes", "no"], not {self.labels!r}.')
        object.__setattr__(self, "labels", tuple(str(label) for label in self.labels))

    @property
    def answer_only(self) -> str:
        return f"Reply with one of: {', '.join(self.labels)}." if self.labels else "Reply with the choice alone."

    def read(self, draft: Draft, item: Item) -> Answer:
        labels = self.labels or item.choices
        return found(extract.choice(draft.text, labels, item.choices if self.labels else ()))

    def right(self, value: Any, item: Item) -> bool:
        return str(value).casefold() == str(item.target).strip().casefold()


@dataclass(frozen=True)
class Exact:
    """The same text as the target, but for spaces, quotes and a full stop around it; case counts unless ignored."""

    ignore_case: bool = False
    kind: ClassVar[Kind] = "text"
    answer_only: ClassVar[str] = "Reply with the answer alone."
    after_reasoning: ClassVar[str] = _REASON.format("answer")

    def read(self, draft: Draft, item: Item) -> Answer:
        said = extract.text(draft.text)
        return found(said.casefold() if said is not None and self.ignore_case else said)

    def right(self, value: Any, item: Item) -> bool:
        target = extract.bare(str(item.target))
        return bool(value == (target.casefold() if self.ignore_case else target))


@dataclass(frozen=True)
class Contains:
    """The target stands somewhere in the reply, as whole words; or each of them, when the target is a list."""

    ignore_case: bool = True
    kind: ClassVar[Kind] = "free"
    answer_only: ClassVar[str] = ""
    after_reasoning: ClassVar[str] = _REASON.format("answer")

    def read(self, draft: Draft, item: Item) -> Answer:
        return found(draft.text.strip() or None)

    def right(self, value: Any, item: Item) -> bool:
        wanted = item.target if isinstance(item.target, list | tuple) else [item.target]
        flags = re.IGNORECASE if self.ignore_case else 0
        return all(re.search(rf"(?<!\w){re.escape(str(one).strip())}(?!\w)", str(value), flags) for one in wanted)


@dataclass(frozen=True)
class Regex:
    """What `pattern` finds (its first group, if it has one) is the target; without a pattern, the target is the pattern."""

    pattern: str = ""
    ignore_case: bool = False
    kind: ClassVar[Kind] = "text"
    answer_only: ClassVar[str] = ""
    after_reasoning: ClassVar[str] = _REASON.format("answer")

    def __post_init__(self) -> None:
        try:
            re.compile(self.pattern)
        except re.error as error:
            raise TaskError(f"The pattern {self.pattern!r} is not a regular expression: {error}.") from None

    def read(self, draft: Draft, item: Item) -> Answer:
        if not self.pattern:
            return found(draft.text.strip() or None)
        match = re.search(self.pattern, draft.text, self._flags)
        said = None if match is None else match[1] if match.re.groups else match[0]
        return found(said.casefold() if said is not None and self.ignore_case else said)

    def right(self, value: Any, item: Item) -> bool:
        if not self.pattern:
            return re.search(str(item.target), str(value), self._flags) is not None
        target = str(item.target).strip()
        return str(value).strip() == (target.casefold() if self.ignore_case else target)

    @property
    def _flags(self) -> int:
        return re.IGNORECASE | re.MULTILINE if self.ignore_case else re.MULTILINE


@dataclass(frozen=True)
class JsonSchema:
    """JSON that the schema in the file `path` accepts (without a path, the target is the schema, as JSON).

    With `match`, it must also equal the target, as JSON.
    """

    path: str = ""
    match: bool = False
    kind: ClassVar[Kind] = "json"
    answer_only: ClassVar[str] = "Reply with JSON alone."
    after_reasoning: ClassVar[str] = "Think step by step, then write the final answer as JSON between ```json and ```."

    def __post_init__(self) -> None:
        if self.match and not self.path:
            raise TaskError("json_schema(match=true) needs the schema in a file: give its path.")
        if self.path:
            _schema(self.path)

    def read(self, draft: Draft, item: Item) -> Answer:
        return found(extract.json_value(draft.text))

    def right(self, value: Any, item: Item) -> bool:
        import jsonschema

        schema = _schema(self.path) if self.path else _parsed(item.target)
        accepts = jsonschema.validators.validator_for(schema)(schema).is_valid(value)
        return bool(accepts) and (not self.match or value == _parsed(item.target))


@functools.cache
def _schema(path: str) -> Any:
    import jsonschema

    try:
        schema = json.loads(Path(path).read_text(encoding="utf-8"))
        jsonschema.validators.validator_for(schema).check_schema(schema)
    except OSError as error:
        raise TaskError(f"The schema {path} cannot be read: {error.strerror}.") from None
    except (ValueError, jsonschema.SchemaError) as error:
        raise TaskError(f"{path} is not a JSON schema: {str(error).splitlines()[0]}.") from None
    return schema


def _parsed(target: Any) -> Any:
    return json.loads(target) if isinstance(target, str) else target
