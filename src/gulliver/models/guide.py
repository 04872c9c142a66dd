"""What a reply must look like, so that an engine can allow no other token: JSON by a schema, or calls of functions.

A guide is a text (JSON) in `Sampling.guide`, and so part of the store's key. Engines that keep it write the reply as
`json.dumps` would: one space after a comma or a colon, none elsewhere, properties in the schema's order.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from functools import lru_cache
from math import isqrt
from typing import Any

from gulliver.models.schemas import LARGEST, Schema, bounded

CALL = ("<tool_call>\n", "\n</tool_call>")
"""How a call is marked in a reply, as Qwen 2.5 and Hermes were taught."""
UNMARKED = (("", ""), ("```json\n", "\n```"))
"""How a small model writes a call all the same. Were it not let, it would answer in words that it should have called."""
SMALL_RANGE = 100
"""An integer range of at most so many values is told value by value."""
_MARKS = "<{[`"
"""Words do not begin with one of these."""
_PLAIN = 32
"""Repetitions that may be left open and are still counted one by one."""


@dataclass(frozen=True)
class Guide:
    """JSON by `schema`, between `begin` and `end`; up to `most` times, each on a line of its own.

    Attributes:
        schema: as `bounded` makes it.
        forms: other marks, between which it may stand once.
        free: whether words may stand instead. They do not begin as JSON or code does, or what is meant as a call would
            be written past the guide.
        words: characters of them at most; 0 is no limit.
    """

    schema: Schema
    begin: str = ""
    end: str = ""
    most: int = 1
    free: bool = False
    words: int = 0
    forms: tuple[tuple[str, str], ...] = ()

    @property
    def text(self) -> str:
        """As it stands in `Sampling.guide`."""
        return json.dumps(asdict(self), ensure_ascii=False)


def read_guide(text: str) -> Guide:
    """A guide from its text."""
    told = json.loads(text)
    return Guide(**{**told, "forms": tuple(map(tuple, told["forms"]))})


def json_guide(schema: Any) -> Guide:
    """The reply is JSON by this schema.

    Raises:
        SchemaError: the schema cannot be kept.
    """
    return Guide(bounded(schema))


def call_guide(functions: Sequence[Mapping[str, Any]], *, free: bool, most: int = 1, words: int = 0) -> Guide:
    """The reply is a call of one of the functions (`name` and `parameters`, a JSON Schema), or up to `most` of them.

    Raises:
        SchemaError: a function's schema cannot be kept.
    """
    shapes = [
        {
            "type": "object",
            "properties": {"name": {"enum": [f["name"]]}, "arguments": bounded(f.get("parameters") or _NOTHING)},
            "required": ["name", "arguments"],
            "additionalProperties": False,
        }
        for f in functions
    ]
    return Guide(shapes[0] if len(shapes) == 1 else {"anyOf": shapes}, *CALL, most, free, words, UNMARKED)


_NOTHING = {"type": "object", "properties": {}, "additionalProperties": False}


@lru_cache(256)
def grammar(text: str) -> str:
    """A guide as a grammar in the EBNF of xgrammar, whose first rule is `root`."""
    guide = read_guide(text)
    rules = _Rules()
    one = rules.of(guide.schema)
    calls = rules.add(f"{_quoted(guide.begin)} {one} {_quoted(guide.end)}")
    more = f' ("\\n" {calls}){{0,{guide.most - 1}}}' if guide.most > 1 else ""
    root = " | ".join([f"{calls}{more}", *(f"{_quoted(begin)} {one} {_quoted(end)}" for begin, end in guide.forms)])
    if guide.free:
        # A rule, and not the class itself: of that, an engine would prepare every place in a block (6 s for 300 characters).
        rest = rules.repeat(rules.add("[^\\x00]"), 0, guide.words - 1) if guide.words else rules.add("[^\\x00]*")
        root += f" | [^{_MARKS}] {rest}"
    return "\n".join([f"root ::= {root}", *rules.lines]) + "\n"


class _Rules:
    """Rules made on the way, equal ones once."""

    def __init__(self) -> None:
        self.lines: list[str] = []
        self._names: dict[str, str] = {}

    def add(self, body: str) -> str:
        if body not in self._names:
            self._names[body] = f"r{len(self._names)}"
            self.lines.append(f"{self._names[body]} ::= {body}")
        return self._names[body]

    def of(self, schema: Schema) -> str:
        if "enum" in schema:
            return self.add(" | ".join(_quoted(json.dumps(value, ensure_ascii=False)) for value in schema["enum"]))
        if "anyOf" in schema:
            return self.add(" | ".join(self.of(part) for part in schema["anyOf"]))
        kind = schema["type"]
        if kind == "object":
            return self.add(self._object(schema))
        if kind == "array":
            return self.add(self._list("[", self.of(schema["items"]), "]", schema["minItems"], schema["maxItems"]))
        if kind == "string":
            return self._text(schema["minLength"], schema["maxLength"])
        if kind == "boolean":
            return self.add('"true" | "false"')
        return self.add('"null"') if kind == "null" else self._number(schema)

    def _object(self, schema: Schema) -> str:
        if schema["additionalProperties"] is not False:
            pair = self.add(f'{self._text(1, 40)} ": " {self.of(schema["additionalProperties"])}')
            return self._list("{", pair, "}", 0, schema["maxProperties"])
        pairs = [
            (self.add(f"{_quoted(_key(name))} {self.of(part)}"), name in schema["required"])
            for name, part in schema["properties"].items()
        ]
        # `rest` is what may follow when nothing stands before it, `after` when something does.
        rest, after = '""', '""'
        for pair, required in reversed(pairs):
            alone, joined = f"{pair} {after}", f'", " {pair} {after}'
            if not required:
                alone, joined = f"{alone} | {rest}", f"{joined} | {after}"
            rest, after = self.add(alone), self.add(joined)
        return f'"{{" {rest} "}}"'

    def _list(self, opening: str, item: str, closing: str, least: int, most: int) -> str:
        if most == 0:
            return f'"{opening}{closing}"'
        several = f'{item} (", " {item}){{{max(0, least - 1)},{most - 1}}}'
        inner = several if least else f'({several} | "")'
        return f'"{opening}" {inner} "{closing}"'

    def _text(self, least: int, most: int) -> str:
        plain = self.add('[^"\\\\\\x00-\\x1f]')
        char = self.add(f'{plain} | "\\\\" (["\\\\/bfnrt] | "u" [0-9a-fA-F] [0-9a-fA-F] [0-9a-fA-F] [0-9a-fA-F])')
        return self.add(f'"\\"" {self.repeat(char, least, most)} "\\""')

    def repeat(self, one: str, least: int, most: int) -> str:
        """From `least` to `most` of a rule. Many are counted in blocks, about as many as each holds: of a plain count, an
        engine would follow every length that the text may still have, at each token (seconds a token for 300)."""
        spare = most - least
        if spare < _PLAIN:
            return self.add(f"{one}{{{least},{most}}}")
        size = isqrt(spare)
        full, left = divmod(spare, size)
        block = self.add(f"{one}{{{size},{size}}}")
        some = f"{block}{{0,{full - 1}}} {self.add(f'{one}{{0,{size - 1}}}')}"
        all_ = f"{block}{{{full},{full}}}" + (f" {self.add(f'{one}{{0,{left}}}')}" if left else "")
        begin = f"{self.add(f'{one}{{{least},{least}}}')} " if least else ""
        return self.add(f"{begin}({some} | {all_})")

    def _number(self, schema: Schema) -> str:
        least, most = schema["minimum"], schema["maximum"]
        if schema["type"] == "integer" and most - least <= SMALL_RANGE:
            return self.add(" | ".join(f'"{value}"' for value in range(-(-int(least) // 1), int(most) + 1)) or '"0"')
        digits = len(str(int(min(LARGEST, max(abs(least), abs(most))))))
        whole = self.add(f'"0" | [1-9] [0-9]{{0,{digits - 1}}}')
        sign = "" if least >= 0 else '("-" | "") '
        if schema["type"] == "integer":
            return self.add(f"{sign}{whole}")
        # Smaller by a power of ten stays within bounds that lie on both sides of nought.
        small = ' ("e-" [0-9]{1,2} | "")' if least <= 0 <= most else ""
        return self.add(f'{sign}{whole} ("." [0-9]{{1,6}} | ""){small}')


def _key(name: str) -> str:
    return f"{json.dumps(name, ensure_ascii=False)}: "


def _quoted(text: str) -> str:
    """A literal of the grammar: backslash, quote and what is not printable are escaped."""
    out = []
    for char in text:
        if char in '"\\':
            out.append(f"\\{char}")
        elif char == "\n":
            out.append("\\n")
        elif ord(char) < 32:
            out.append(f"\\x{ord(char):02x}")
        else:
            out.append(char)
    return f'"{"".join(out)}"'
