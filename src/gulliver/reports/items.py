"""A study's items as columns: what a list of twenty thousand needs, and apart from it the long texts."""

import gzip
import json
from collections.abc import Sequence
from typing import Any

from gulliver.reports.safe import clean, plain
from gulliver.studies.result import ItemRecord, RecipeResult

OUTCOMES = ("right", "wrong", "unreadable", "truncated", "unsupported", "failed")
LETTERS = {"right": "r", "wrong": "w", "unreadable": "u", "truncated": "t", "unsupported": "s", "failed": "f"}
UNASKED = "."
TEXT_MOST = 4_000
SIZE_MOST = 6_500_000
"""Bytes of a report's texts once packed; in base64 they take a third more."""

Text = tuple[str, str, str]
"""What was written, the program, the detail."""


def by_item(recipes: Sequence[RecipeResult]) -> dict[str, dict[int, ItemRecord]]:
    """Of each item, in the study's order, the records by the recipe's place in the table (from 0)."""
    found: dict[str, dict[int, ItemRecord]] = {}
    for place, recipe in enumerate(recipes):
        for record in recipe.records:
            found.setdefault(record.item, {})[place] = record
    return found


def columns(recipes: Sequence[RecipeResult]) -> dict[str, Any]:
    """Ids, questions and right answers by item; by recipe a string with a letter an item, and the values that were read."""
    items = by_item(recipes)
    firsts = [next(iter(said.values())) for said in items.values()]
    letters, values = [], []
    for place in range(len(recipes)):
        said = [asked.get(place) for asked in items.values()]
        letters.append("".join(UNASKED if r is None else LETTERS.get(r.outcome, "f") for r in said))
        values.append([None if r is None else r.value for r in said] if recipes[place].records else [])
    data = {
        "ids": list(items),
        "questions": [record.question for record in firsts],
        "targets": [record.target for record in firsts],
        "outcomes": letters,
        "values": values,
    }
    return dict(plain(data))


def item_texts(recipes: Sequence[RecipeResult], room: int | None = None) -> list[dict[str, Text]]:
    """Of each item, by the recipe's place, what was written, its program and the detail; long ones cut to `room` characters."""
    return [
        {str(place): _texts(record, room) for place, record in said.items() if record.text or record.program or record.detail}
        for said in by_item(recipes).values()
    ]  # fmt: skip


def packed_texts(recipes: Sequence[RecipeResult], most: int = SIZE_MOST) -> bytes:
    """The texts as JSON in gzip, cut shorter until they fit into `most` bytes."""
    lengths = sorted(len(text) for r in recipes for x in r.records for text in (x.text, x.program, x.detail))
    room = TEXT_MOST
    while True:
        made = packed(item_texts(recipes, room))
        if len(made) <= most or room < 50:
            return made
        room = min(_room(lengths, room, 0.97 * most / len(made)), room - 1)


def _room(lengths: Sequence[int], room: int, part: float) -> int:
    """How long texts may be so that all together have this part of what they have with `room`; lengths in order."""
    wanted = part * sum(min(length, room) for length in lengths)
    low, high = 0, room
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (middle, high) if sum(min(length, middle) for length in lengths) <= wanted else (low, middle)
    return low


def packed(data: Any) -> bytes:
    """Plain data as JSON in gzip; the same data gives the same bytes."""
    return gzip.compress(json.dumps(data, allow_nan=False, separators=(",", ":")).encode(), 6, mtime=0)


def _texts(record: ItemRecord, room: int | None) -> Text:
    return _cut(record.text, room), _cut(record.program, room), _cut(record.detail, room)


def _cut(text: str, room: int | None) -> str:
    text = clean(text)
    if room is None or len(text) <= room:
        return text
    return f"{text[:room]} … {len(text) - room:,} more characters in result.json"
