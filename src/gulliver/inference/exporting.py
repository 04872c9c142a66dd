"""A store's answers as a Parquet file: a row an answer, written as they are read, so that memory stays flat.

Columns of answers: `key` (the answer's content address), `model` (digest of the weights), `engine` (name and version), `kind`
(generate, score, embed), `created` (UTC), `prompt`, `continuation` (score), `max_tokens`, `temperature`, `top_p`, `top_k`, `stop`
(generate), `text`, `finish` (stop, length), `prompt_tokens`, `completion_tokens`, `cached_tokens`, `logprob` (nats), `vector` (embed),
`seconds`, `joules`. Columns of judgements: `key`, `model`, `outcome`, `requests`, `created`. Empty is null.
"""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import polars as pl
import sqlalchemy as sql

from gulliver.errors import GulliverError
from gulliver.inference.holdings import Choice, Tell, count, pages
from gulliver.inference.tables import answers, judgements

TEXTS = ("prompt", "continuation", "stop", "text", "vector")
"""Columns that hold what was asked or written, or what stands for it."""
ANSWERS: dict[str, Any] = {
    "key": pl.String, "model": pl.String, "engine": pl.String, "kind": pl.String, "created": pl.Datetime("us", "UTC"),
    "prompt": pl.String, "continuation": pl.String, "max_tokens": pl.Int64, "temperature": pl.Float64, "top_p": pl.Float64,
    "top_k": pl.Int64, "stop": pl.List(pl.String), "text": pl.String, "finish": pl.String, "prompt_tokens": pl.Int64,
    "completion_tokens": pl.Int64, "cached_tokens": pl.Int64, "logprob": pl.Float64, "vector": pl.List(pl.Float64),
    "seconds": pl.Float64, "joules": pl.Float64,
}  # fmt: skip
JUDGEMENTS: dict[str, Any] = {
    "key": pl.String, "model": pl.String, "outcome": pl.String, "requests": pl.Int64, "created": pl.Datetime("us", "UTC"),
}  # fmt: skip


def export(
    engine: sql.Engine,
    path: Path,
    choice: Choice | None = None,
    texts: bool = True,
    judged: bool = False,
    tell: Tell | None = None,
) -> int:
    """Write the chosen answers (or judgements) to `path`; returns how many.

    Without `texts` the columns `TEXTS` are left out. The file appears when it is whole.

    Raises:
        GulliverError: the file cannot be written.
    """
    from polars.io.plugins import register_io_source

    choice = choice or Choice()
    table, shape = (judgements, JUDGEMENTS) if judged else (answers, ANSWERS)
    shape = {name: kind for name, kind in shape.items() if texts or name not in TEXTS}
    whole = count(engine, table, choice)
    done = 0
    failed: list[Exception] = []

    def batches(columns: Any, _predicate: Any, _rows: Any, _size: Any) -> Iterator[pl.DataFrame]:
        nonlocal done
        try:
            for rows in pages(engine, table, list(table.c), choice):
                made = pl.DataFrame([(_judged if judged else _answer)(row) for row in rows], schema=pl.Schema(shape))
                done += len(rows)
                if tell is not None:
                    tell("exporting", done, whole)
                yield made if columns is None else made.select(columns)
        except Exception as error:
            failed.append(error)  # polars would hand it on as an error of its own
            raise

    aside = path.with_name(f".{path.name}.part")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        register_io_source(batches, schema=pl.Schema(shape)).sink_parquet(
            aside, row_group_size=20_000, engine="streaming"
        )
        aside.replace(path)
    except (OSError, pl.exceptions.PolarsError) as error:
        if failed:
            raise failed[0] from None
        raise GulliverError(f"{path} cannot be written ({str(error).splitlines()[0]}); give another place.") from None
    finally:
        if aside.exists():
            aside.unlink()
    return done


def _answer(row: sql.Row[Any]) -> dict[str, Any]:
    request, reply = json.loads(row.request), json.loads(row.reply)
    sampling = request.get("sampling", {})
    kind = "generate" if sampling else "score" if "continuation" in request else "embed"
    return {
        "key": row.key, "model": row.model, "engine": row.engine, "kind": kind, "created": _micros(row.created),
        "prompt": _fit(request.get("prompt", request.get("text"))), "continuation": _fit(request.get("continuation")),
        **{name: sampling.get(name) for name in ("max_tokens", "temperature", "top_p", "top_k")},
        "stop": [_fit(text) for text in sampling["stop"]] if sampling else None,
        **{name: _fit(reply.get(name)) for name in ANSWERS if name in reply},
    }  # fmt: skip


def _judged(row: sql.Row[Any]) -> dict[str, Any]:
    found = json.loads(row.judged)
    return {
        "key": row.key, "model": row.model, "outcome": found.get("outcome"), "requests": len(found.get("uses", [])),
        "created": _micros(row.created),
    }  # fmt: skip


def _micros(seconds: float) -> int:
    return round(seconds * 1e6)


def _fit(value: Any) -> Any:
    """Text as Parquet can hold it: half a surrogate pair becomes U+FFFD."""
    return value.encode("utf-8", "replace").decode() if isinstance(value, str) and not value.isascii() else value
