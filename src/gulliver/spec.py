"""The one-line language of recipes: `name(option=value, ...) | name | ...`.

Values are Python literals (numbers, quoted strings, true/false/none, lists) or bare words taken as strings. The same
options stand in TOML, on the command line and in Python.
"""

import ast
import dataclasses
import re
import warnings
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from gulliver.errors import SpecError

_NAME = re.compile(r"[A-Za-z0-9_][\w.\-:/@]*")
_WORDS = {"true": True, "false": False, "none": None, "True": True, "False": False, "None": None}


@dataclass(frozen=True)
class Call:
    """One part of a recipe: a name and its options, in the order written."""

    name: str
    options: tuple[tuple[str, Any], ...] = ()

    def __str__(self) -> str:
        if not self.options:
            return self.name
        return f"{self.name}({', '.join(f'{key}={_show(value)}' for key, value in self.options)})"


def parse(text: str) -> tuple[Call, ...]:
    """Read `a | b(n=8)` into its calls.

    Raises:
        SpecError: a part is empty, a parenthesis is open, or an option is not `name=value`.
    """
    text = text.strip()
    return tuple(_call(part.strip(), text) for part in _split(text, "|", text))


def build(kind: type[Any], call: Call) -> Any:
    """Make the frozen dataclass `kind` from a call's options; unknown options are named in the error."""
    fields = {field.name: field for field in dataclasses.fields(kind) if field.init}
    for key, value in call.options:
        if key not in fields:
            known = ", ".join(fields) or "none"
            raise SpecError(f"{call.name} has no option {key!r}; it has: {known}.")
        default = fields[key].default
        if type(default) in (int, float) and (isinstance(value, bool) or not isinstance(value, int | float)):
            raise SpecError(f"{call.name}({key}=...) takes a number, not {value!r}.")
        if type(default) is int and isinstance(value, float):
            raise SpecError(f"{call.name}({key}=...) takes a whole number, not {value!r}.")
    try:
        return kind(**dict(call.options))
    except (TypeError, ValueError) as error:
        raise SpecError(f"{call}: {error}.") from error


def options_of(kind: type[Any]) -> dict[str, Any]:
    """The options of a part of recipes with their defaults, for tables."""
    return {field.name: field.default for field in dataclasses.fields(kind) if field.init}


def about(kind: type[Any]) -> str:
    """What a part of recipes is for: the first paragraph of its docstring, on one line."""
    return " ".join((kind.__doc__ or "").split("\n\n")[0].split())


def options_text(options: Mapping[str, Any]) -> str:
    """Options in a cell of a table of the docs."""
    return ", ".join(f"`{key}={value}`" for key, value in options.items()) or "none"


def _call(part: str, whole: str) -> Call:
    if not part:
        raise SpecError(f"{whole!r} has an empty part; write parts as `name` or `name(option=value)`, joined by `|`.")
    name, bracket, rest = part.partition("(")
    name = name.strip()
    if not _NAME.fullmatch(name):
        raise SpecError(f"{name!r} in {whole!r} is not a name.")
    if not bracket:
        return Call(name)
    if not rest.endswith(")"):
        raise SpecError(f"{part!r} opens a parenthesis that is not closed at its end.")
    options: list[tuple[str, Any]] = []
    inner = rest[:-1].strip()
    for piece in _split(inner, ",", whole) if inner else ():
        key, equals, value = piece.partition("=")
        key = key.strip()
        if not equals or not key.isidentifier() or not value.strip():
            raise SpecError(f"{piece.strip()!r} in {part!r} is not an option; write `name=value`.")
        if key in dict(options):
            raise SpecError(f"{part!r} gives the option {key!r} twice.")
        options.append((key, _value(value.strip())))
    return Call(name, tuple(options))


def _split(text: str, mark: str, whole: str) -> list[str]:
    """Split at `mark` outside quotes and brackets."""
    parts, current, depth, quote = [], "", 0, ""
    escaped = False
    for char in text:
        if quote:
            if char == quote and not escaped:
                quote = ""
            escaped = char == "\\" and not escaped
        elif char in "'\"":
            quote, escaped = char, False
        elif char in "([{":
            depth += 1
        elif char in ")]}":
            depth -= 1
        if char == mark and depth == 0 and not quote:
            parts.append(current)
            current = ""
        else:
            current += char
    if quote or depth != 0:
        raise SpecError(f"{whole!r} has a quote or bracket that is not closed.")
    return [*parts, current]


def _value(text: str) -> Any:
    if text in _WORDS:
        return _WORDS[text]
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # a pattern such as '\d+' is meant as it stands
            value = ast.literal_eval(text)
    except (ValueError, SyntaxError, RecursionError, MemoryError):
        if re.fullmatch(r"[\w.\-:/@]+", text):
            return text
        raise SpecError(f"{text!r} is not a value; quote text, or write a number or a word.") from None
    return tuple(value) if isinstance(value, list) else value


def _show(value: Any) -> str:
    if isinstance(value, str) and re.fullmatch(r"[A-Za-z_][\w.\-:/@]*", value) and value not in _WORDS:
        return value
    return (
        {True: "true", False: "false", None: "none"}[value]
        if value is None or value is True or value is False
        else repr(value)
    )
