"""JSON Schema as guided decoding can keep it: references put in their place, and every number, text and list given an end.

What has no end runs to the length limit: a model that may go on with a number does. So what a schema leaves open is
bounded here, and the bounds are part of what is asked for.
"""

import json
from collections.abc import Mapping
from typing import Any

from gulliver.errors import GulliverError

Schema = dict[str, Any]

LONGEST_TEXT = 300
"""Characters of a text whose schema states no `maxLength`; `MOST_TEXT`: the most that a schema may state."""
MOST_TEXT = 4000
LONGEST_LIST = 16
MOST_LIST = 100
LARGEST = 10**12
"""A number without limits lies between this and its negative."""
MOST_PROPERTIES = 8
"""Of an object that names none."""
DEEPEST = 12
MOST_PARTS = 500
LONGEST_SCHEMA = 65_536

_IGNORED = {"title", "description", "default", "examples", "format", "$schema", "$comment", "deprecated"}
_IGNORED |= {"readOnly", "writeOnly", "$defs", "definitions", "strict", "optional", "nullable", "example"}
_CHECKED_LATER = {"uniqueItems", "multipleOf", "minProperties", "maxProperties", "exclusiveMinimum", "exclusiveMaximum"}
_KNOWN = {"type", "enum", "const", "anyOf", "oneOf", "allOf", "$ref", "properties", "required", "additionalProperties"}
_KNOWN |= {"items", "minItems", "maxItems", "minLength", "maxLength", "minimum", "maximum"}


_VALUES = {"enum", "const", "default", "examples", "example"}
_NAMED = {"properties", "$defs", "definitions"}
_NEVER = {"pattern", "patternProperties", "propertyNames", "$id", "$anchor", "$dynamicRef", "$dynamicAnchor"}
_BESIDE = {"type", "properties", "required", "additionalProperties", "items", "enum", "const"}


class SchemaError(GulliverError):
    """A schema that cannot be kept; the sentence says where and why."""


def bounded(schema: Any) -> Schema:
    """The schema with references resolved and bounds added, in few keywords: `enum`, `anyOf`, and the plain types.

    What a schema says beyond that (`multipleOf`, `uniqueItems` …) is left out, to be checked of the finished text.

    Raises:
        SchemaError: a keyword is not known here, a reference leads elsewhere or in a circle, or there is too much of it.
    """
    try:
        if len(json.dumps(schema)) > LONGEST_SCHEMA:
            raise SchemaError(f"The schema is longer than {LONGEST_SCHEMA:,} characters; make it smaller.")
        made = _Reader(schema).read(schema, "schema", ())
        _scan(schema)
    except RecursionError:
        raise SchemaError(f"The schema is nested more than {DEEPEST} deep; make it flatter.") from None
    return made


class _Reader:
    def __init__(self, whole: Any) -> None:
        self._whole = whole
        self._parts = 0

    def read(self, schema: Any, at: str, within: tuple[str, ...]) -> Schema:
        self._parts += 1
        if self._parts > MOST_PARTS:
            raise SchemaError(f"The schema has more than {MOST_PARTS} parts; make it smaller.")
        if len(at.split(".")) > 2 * DEEPEST or len(within) > DEEPEST:
            raise SchemaError(f"The schema is nested more than {DEEPEST} deep at {_short(at)}; make it flatter.")
        if schema is True:
            schema = {}
        if not isinstance(schema, Mapping):
            raise SchemaError(f"{_short(at)} is no schema; write an object such as {{'type': 'string'}}.")
        if "$ref" in schema:
            target = self._target(schema["$ref"], at, within)
            return self.read(target, at, (*within, str(schema["$ref"])))
        for word in schema:
            if word not in _IGNORED | _CHECKED_LATER | _KNOWN:
                raise SchemaError(
                    f"{_short(at)} uses {_short(str(word))!r}, which cannot be promised here; leave it out."
                )
        return self._nullable(schema, self._kind(schema, at, within))

    def _kind(self, schema: Mapping[str, Any], at: str, within: tuple[str, ...]) -> Schema:
        if "const" in schema:
            return {"enum": [schema["const"]]}
        if "enum" in schema:
            values = schema["enum"]
            if not isinstance(values, list) or not 1 <= len(values) <= MOST_PARTS:
                raise SchemaError(f"{_short(at)}.enum must be a list of 1 to {MOST_PARTS} values.")
            return {"enum": values}
        for word in ("anyOf", "oneOf", "allOf"):
            if word in schema:
                return self._several(schema, word, at, within)
        kind = schema.get("type")
        if isinstance(kind, list):
            if not kind:
                raise SchemaError(f"{_short(at)}.type is empty; name a type.")
            return {"anyOf": [self.read({**schema, "type": one}, at, within) for one in kind]}
        if kind is None:
            kind = "object" if "properties" in schema else "array" if "items" in schema else None
        made = {
            "object": self._object, "array": self._array, "string": _text, "integer": _number, "number": _number,
            "boolean": _plain, "null": _plain, None: _anything,
        }.get(kind if isinstance(kind, str | None) else "?")  # fmt: skip
        if made is None:
            raise SchemaError(f"{_short(at)} has the type {_short(str(kind))!r}, which JSON Schema does not know.")
        return made(schema, at, within)

    def _several(self, schema: Mapping[str, Any], word: str, at: str, within: tuple[str, ...]) -> Schema:
        parts = schema[word]
        beside = sorted(_BESIDE & set(schema) - {"type"})
        if beside:
            raise SchemaError(f"{_short(at)} has {beside[0]} beside {word}; put it into each of its parts.")
        if not isinstance(parts, list) or not parts:
            raise SchemaError(f"{_short(at)}.{word} must be a list of schemas.")
        if word == "allOf" and len(parts) > 1:
            raise SchemaError(f"{_short(at)}.allOf has {len(parts)} parts; only one can be kept: write them as one.")
        made = [self.read(part, f"{at}.{word}", within) for part in parts]
        return made[0] if len(made) == 1 else {"anyOf": made}

    def _object(self, schema: Mapping[str, Any], at: str, within: tuple[str, ...]) -> Schema:
        properties, required = schema.get("properties", {}), schema.get("required", [])
        if not isinstance(properties, Mapping) or not isinstance(required, list):
            raise SchemaError(f"{_short(at)}: properties must be an object and required a list.")
        unknown = [str(name) for name in required if name not in properties]
        if properties and unknown:
            raise SchemaError(f"{_short(at)} requires {_short(unknown[0])!r} and does not describe it.")
        made: Schema = {"type": "object"}
        if properties or schema.get("additionalProperties") is False:
            made["properties"] = {
                str(name): self.read(part, f"{at}.{name}", within) for name, part in properties.items()
            }
            made["required"] = [name for name in made["properties"] if name in required]
            return made | {"additionalProperties": False}
        more = schema.get("additionalProperties", True)
        inner = scalar() if more is True else self.read(more, f"{at}.additionalProperties", within)
        return made | {"additionalProperties": inner, "maxProperties": MOST_PROPERTIES}

    def _array(self, schema: Mapping[str, Any], at: str, within: tuple[str, ...]) -> Schema:
        items = schema.get("items", True)
        inner = scalar() if items is True or items == {} else self.read(items, f"{at}.items", within)
        least, most = _span(schema, "minItems", "maxItems", LONGEST_LIST, MOST_LIST, at)
        return {"type": "array", "items": inner, "minItems": least, "maxItems": most}

    def _nullable(self, schema: Mapping[str, Any], made: Schema) -> Schema:
        return {"anyOf": [made, {"type": "null"}]} if schema.get("nullable") is True else made

    def _target(self, reference: Any, at: str, within: tuple[str, ...]) -> Any:
        if not isinstance(reference, str) or not reference.startswith("#"):
            raise SchemaError(f"{_short(at)} refers to another document; put what it says into the schema.")
        if reference in within:
            raise SchemaError(
                f"{_short(at)} refers to itself and would have no end; write out as many levels as needed."
            )
        found = self._whole
        for step in reference.lstrip("#/").split("/") if reference.strip("#/") else []:
            step = step.replace("~1", "/").replace("~0", "~")
            if not isinstance(found, Mapping) or step not in found:
                raise SchemaError(f"{_short(at)} refers to {_short(reference)}, which is not in the schema.")
            found = found[step]
        return found


def scalar() -> Schema:
    """Any single value."""
    plain: list[Schema] = [_text({}, "", ()), _number({"type": "number"}, "", ())]
    return {"anyOf": [*plain, {"type": "boolean"}, {"type": "null"}]}


def _scan(node: Any, named: bool = False) -> None:
    """Look also where the guide does not, since a finished text is checked against all of the schema: a regular expression of
    a client's could take for ever."""
    if isinstance(node, list):
        for part in node:
            _scan(part)
    if not isinstance(node, Mapping):
        return
    for key, value in node.items():
        if not named and key in _NEVER:
            raise SchemaError(f"The schema uses {key!r}, which cannot be promised here; leave it out.")
        if not named and key == "$ref" and not str(value).startswith("#"):
            raise SchemaError("The schema refers to another document; put what that says into it.")
        if named or key not in _VALUES:
            _scan(value, not named and key in _NAMED)


def _anything(schema: Mapping[str, Any], at: str, within: tuple[str, ...]) -> Schema:
    one = scalar()
    many: Schema = {"type": "array", "items": one, "minItems": 0, "maxItems": LONGEST_LIST}
    named: Schema = {"type": "object", "additionalProperties": one, "maxProperties": MOST_PROPERTIES}
    return {"anyOf": [*one["anyOf"], many, named]}


def _text(schema: Mapping[str, Any], at: str, within: tuple[str, ...]) -> Schema:
    least, most = _span(schema, "minLength", "maxLength", LONGEST_TEXT, MOST_TEXT, at)
    return {"type": "string", "minLength": least, "maxLength": most}


def _number(schema: Mapping[str, Any], at: str, within: tuple[str, ...]) -> Schema:
    least, most = (schema.get(word, edge) for word, edge in (("minimum", -LARGEST), ("maximum", LARGEST)))
    if not all(isinstance(one, int | float) and abs(one) < 1e300 for one in (least, most)) or least > most:
        raise SchemaError(f"{_short(at)}: minimum and maximum must be numbers, the first not above the second.")
    return {"type": schema["type"], "minimum": max(least, -LARGEST), "maximum": min(most, LARGEST)}


def _plain(schema: Mapping[str, Any], at: str, within: tuple[str, ...]) -> Schema:
    return {"type": schema["type"]}


def _span(schema: Mapping[str, Any], low: str, high: str, usual: int, limit: int, at: str) -> tuple[int, int]:
    least = schema.get(low, 0)
    most = schema.get(high, max(usual, least) if isinstance(least, int) else usual)
    whole = all(isinstance(one, int) and not isinstance(one, bool) for one in (least, most))
    if not whole or not 0 <= least <= most or least > limit:
        raise SchemaError(f"{_short(at)}: {low} and {high} must be whole numbers, the first at most {limit}.")
    return least, min(most, limit)


def _short(text: str) -> str:
    return text if len(text) <= 80 else f"{text[:80]} …"
