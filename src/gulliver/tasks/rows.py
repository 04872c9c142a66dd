"""Rows of data out of a JSONL, CSV or Parquet file, with their numbers, so that an error can say where it is."""

import csv
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from gulliver.errors import TaskError


@dataclass(frozen=True)
class Row:
    """One row: the line of the file it stands on (in Parquet, its place), from 1, and its columns."""

    number: int
    values: Mapping[str, Any] = field(hash=False, compare=False)


def where(path: Path, row: Row | int) -> str:
    """Where a row is, for a sentence."""
    number = row if isinstance(row, int) else row.number
    return f"{path.name}, {'row' if path.suffix == '.parquet' else 'line'} {number}"


def read_rows(path: Path) -> list[Row]:
    """All rows; text is UTF-8.

    Raises:
        TaskError: there is no such file, it is of another kind, empty, or a row cannot be read.
    """
    readers = {".jsonl": _jsonl, ".ndjson": _jsonl, ".csv": _csv, ".tsv": _csv, ".parquet": _parquet}
    reader = readers.get(path.suffix.lower())
    if reader is None:
        raise TaskError(f"{path.name} is not a file that can be read; write .jsonl, .csv, .tsv or .parquet.")
    if not path.is_file():
        raise TaskError(f"There is no file {path}; check the path, which is relative to the study's file.")
    try:
        rows = list(reader(path))
    except UnicodeDecodeError as error:
        raise TaskError(f"{path.name} is not UTF-8 text (byte {error.start}); save it as UTF-8.") from None
    except OSError as error:
        raise TaskError(f"{path} cannot be read: {error.strerror}.") from None
    if not rows:
        raise TaskError(f"{path.name} has no rows; add some, or give another file.")
    return rows


def _jsonl(path: Path) -> Iterator[Row]:
    with path.open(encoding="utf-8-sig") as stream:
        for number, line in enumerate(stream, 1):
            if not line.strip():
                continue
            try:
                values = json.loads(line)
            except (ValueError, RecursionError) as error:
                said = getattr(error, "msg", "nested too deeply")
                raise TaskError(f"{where(path, number)} is not JSON: {said}.") from None
            if not isinstance(values, dict):
                raise TaskError(f"{where(path, number)} is not a JSON object; write one {{...}} a line.")
            yield Row(number, values)


def _csv(path: Path) -> Iterator[Row]:
    with path.open(encoding="utf-8-sig", newline="") as stream:
        reader = csv.reader(stream, delimiter="\t" if path.suffix.lower() == ".tsv" else ",", strict=True)
        try:
            header = next(reader, None)
            if header is None:
                return
            if len(set(header)) < len(header):
                raise TaskError(f"{path.name} names a column twice in its first line.")
            for cells in reader:
                if not cells:
                    continue
                if len(cells) != len(header):
                    raise TaskError(
                        f"{where(path, reader.line_num)} has {len(cells)} of the {len(header)} columns; mend that row."
                    )
                yield Row(reader.line_num, dict(zip(header, cells, strict=True)))
        except csv.Error as error:
            raise TaskError(f"{where(path, reader.line_num)} is not CSV: {error}.") from None


def _parquet(path: Path) -> Iterator[Row]:
    import polars

    try:
        frame = polars.read_parquet(path)
    except (polars.exceptions.PolarsError, OSError) as error:
        raise TaskError(f"{path.name} is not a Parquet file that can be read: {str(error).splitlines()[0]}.") from None
    for number, values in enumerate(frame.iter_rows(named=True), 1):
        yield Row(number, values)
