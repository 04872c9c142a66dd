"""The ladder's tables: one CSV a grid, a row added whole after each run, read by `gulliver laws fit`."""

import csv
from pathlib import Path
from typing import Any

from gulliver.laws.base import LawError
from gulliver.models.files import only_one, writing

Row = dict[str, Any]
KEY = ("kind", "width", "depth", "vocabulary", "unique_limit", "seed", "tokens")


def add_row(path: Path, row: Row) -> None:
    """The table with a row more, or with that run's row replaced; a reader sees the old table or the new one."""
    with only_one(path):
        rows = [old for old in read_rows(path) if _key(old) != _key(row)]
        rows.append(row)
        with writing(path) as aside, aside.open("w", newline="", encoding="utf-8") as stream:
            writer = csv.DictWriter(stream, list(row))
            writer.writeheader()
            writer.writerows(rows)


def read_rows(path: Path) -> list[Row]:
    """The table's rows, numbers as numbers, what is empty as None; no rows when there is no table.

    Raises:
        LawError: a row is not one of a ladder.
    """
    if not path.is_file():
        return []
    with path.open(newline="", encoding="utf-8") as stream:
        rows = [{key: _value(value) for key, value in row.items() if key} for row in csv.DictReader(stream)]
    if any(key not in row for row in rows for key in KEY):
        raise LawError(f"{path} is not a table of a ladder; move it away, or give another `out`.")
    return rows


def _key(row: Row) -> tuple[str, ...]:
    return tuple(str(row[key]) for key in KEY)


def _value(text: str | None) -> Any:
    if not text:
        return None
    for kind in (int, float):
        try:
            return kind(text)
        except ValueError:
            continue
    return text
