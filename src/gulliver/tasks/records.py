"""Records out of a file that another tool wrote: what `rows` reads, and `.json` with a list of objects or one a line."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from gulliver.errors import TaskError
from gulliver.tasks.rows import Row, read_rows


def read_records(path: Path) -> list[Row]:
    """All records, numbered from 1 (in `.json` by their place in the list).

    Raises:
        TaskError: there is no such file, or it or one of its records cannot be read.
    """
    if path.suffix.lower() != ".json":
        return read_rows(path)
    if not path.is_file():
        raise TaskError(f"There is no file {path}; check the path.")
    try:
        text = path.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError as error:
        raise TaskError(f"{path.name} is not UTF-8 text (byte {error.start}); save it as UTF-8.") from None
    except OSError as error:
        raise TaskError(f"{path} cannot be read: {error.strerror}.") from None
    records = _parsed(path, text)
    if not records:
        raise TaskError(f"{path.name} has no records.")
    for number, values in enumerate(records, 1):
        if not isinstance(values, Mapping):
            raise TaskError(f"{path.name}, record {number} is not a JSON object; write a list of {{...}}.")
    return [Row(number, values) for number, values in enumerate(records, 1)]


def _parsed(path: Path, text: str) -> list[Any]:
    try:
        whole = json.loads(text)
    except (ValueError, RecursionError) as error:
        lines = [line for line in text.splitlines() if line.strip()]
        try:
            return [json.loads(line) for line in lines] if len(lines) > 1 else []
        except (ValueError, RecursionError):
            said = getattr(error, "msg", "nested too deeply")
            raise TaskError(f"{path.name} is not JSON: {said} (line {getattr(error, 'lineno', 1)}).") from None
    if not isinstance(whole, list):
        raise TaskError(f"{path.name} holds no list of records; write [{{...}}, …].")
    return whole
