"""What a scripted model writes under a guide: the numbers and words of the question, in the shape that is asked for."""

import json
import re
from collections.abc import Callable
from typing import Any

from gulliver.models.guide import Guide
from gulliver.models.schemas import Schema

Chance = Callable[[str], float]
"""A number in [0, 1) that depends on the text given alone."""
_NUMBER = re.compile(r"\d+")
_WORDS = ("red", "green", "blue")


def guided(guide: Guide, prompt: str, chance: Chance) -> str:
    """A text that keeps the guide. Where words are allowed too, it calls when the last line with a question mark holds a
    number, and once for each number where more than one call is allowed."""
    asked = _question(prompt)
    numbers = [int(one) for one in _NUMBER.findall(asked)]
    if guide.free and not numbers:
        return _WORDS[int(3 * chance("word"))]
    groups = (
        [numbers[place:] for place in range(max(1, min(guide.most, len(numbers))))] if guide.most > 1 else [numbers]
    )
    parts = [json.dumps(_instance(guide.schema, iter(group), chance, ""), ensure_ascii=False) for group in groups]
    return "\n".join(f"{guide.begin}{part}{guide.end}" for part in parts)


def _question(prompt: str) -> str:
    lines = [line for line in prompt.splitlines() if "?" in line]
    return lines[-1] if lines else ""


def _instance(schema: Schema, numbers: Any, chance: Chance, at: str) -> Any:
    if "enum" in schema:
        return schema["enum"][int(chance(f"{at} enum") * len(schema["enum"]))]
    if "anyOf" in schema:
        return _instance(schema["anyOf"][int(chance(f"{at} any") * len(schema["anyOf"]))], numbers, chance, at)
    kind = schema["type"]
    if kind == "object":
        if schema["additionalProperties"] is not False:
            return {}
        return {
            name: _instance(part, numbers, chance, f"{at}.{name}")
            for name, part in schema["properties"].items()
            if name in schema["required"] or chance(f"{at}.{name} optional") < 0.5
        }
    if kind == "array":
        count = max(schema["minItems"], min(2, schema["maxItems"]))
        return [_instance(schema["items"], numbers, chance, f"{at}.{place}") for place in range(count)]
    if kind == "string":
        word = _WORDS[int(3 * chance(f"{at} word"))]
        return (word * (1 + schema["minLength"] // len(word)))[: max(schema["minLength"], min(5, schema["maxLength"]))]
    if kind == "boolean":
        return chance(f"{at} bool") < 0.5
    if kind == "null":
        return None
    number = min(max(next(numbers, 0), schema["minimum"]), schema["maximum"])
    return int(number) if kind == "integer" else float(number)
