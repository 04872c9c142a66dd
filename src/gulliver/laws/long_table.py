"""Tables of scores as evaluation harnesses write them: rows chosen by text, scores named TASK:METRIC, sizes read from names."""

import re
from collections.abc import Mapping
from fnmatch import fnmatchcase

import numpy as np

from gulliver.laws.base import Array, LawError
from gulliver.laws.table import Table

_SIZE = re.compile(r"(?<![a-z0-9.])(\d+(?:\.\d+)?)(k|m|b|t)(\d+)?(?![a-z])", re.IGNORECASE)
_UNITS = {"k": 1e3, "m": 1e6, "b": 1e9, "t": 1e12}


def where(table: Table, conditions: Mapping[str, str]) -> Table:
    """Rows whose text in each column matches: `{"shot": "zero-shot", "model": "pythia-*", "step": "143000,final"}`.

    Commas part alternatives; `*` and `?` match as in file names; numbers match by value.

    Raises:
        LawError: no such column, or no row is left.
    """
    keep = np.ones(table.rows, dtype=bool)
    for role, wanted in conditions.items():
        choices = [w.strip() for w in wanted.split(",")]
        if role in table.labels:
            keep &= np.array([any(fnmatchcase(v, w) for w in choices) for v in table.labels[role]], dtype=bool)
        elif role in table.columns:
            try:
                keep &= np.isin(table.columns[role], [float(w) for w in choices])
            except ValueError:
                raise LawError(f"{role!r} holds numbers in {table.source}, and {wanted!r} is none.") from None
        else:
            have = ", ".join([*table.labels, *table.columns])
            raise LawError(f"{table.source} has no column {role!r} to choose rows by; it has: {have}.")
    if not keep.any():
        said = ", ".join(f"{k}={v}" for k, v in conditions.items())
        raise LawError(f"No row of {table.source} has {said}.")
    return table.keep(keep)


def scored(table: Table, name: str) -> dict[tuple[str, ...], int]:
    """The row of a score by what identifies its run: a column's own rows, or those of TASK:METRIC in a long table.

    Raises:
        LawError: there is no such score, or a run has it twice.
    """
    if name in table.columns:
        return {(str(row),): row for row in range(table.rows)}
    long_ = {"task", "metric"} <= set(table.labels) and "value" in table.columns
    task, _, metric = name.rpartition(":")
    if not long_ or not task:
        hint = "; scores of a table with task, metric and value are named TASK:METRIC" if long_ else ""
        raise LawError(
            f"{table.source} has no column {name!r} of numbers; it has: {', '.join(table.columns) or 'none'}{hint}."
        )
    settings = [v for role, v in table.labels.items() if role not in ("task", "metric")]
    settings += [tuple(map(str, v)) for role, v in table.columns.items() if role != "value" and "std" not in role]
    out: dict[tuple[str, ...], int] = {}
    for row in range(table.rows):
        if table.labels["task"][row] == task and table.labels["metric"][row] == metric:
            key = tuple(v[row] for v in settings)
            if key in out:
                raise LawError(f"{table.source} has {name} twice for {', '.join(key)}; keep one of them.")
            out[key] = row
    if not out:
        known = sorted({f"{t}:{m}" for t, m in zip(table.labels["task"], table.labels["metric"], strict=True)})
        raise LawError(f"{table.source} has no score {name!r}; it has: {', '.join(known)}.")
    return out


def joined(table: Table, x: str, scores: Mapping[str, str]) -> Table:
    """One row a run: `x` and each score, for runs that have them all.

    Args:
        x: a column of numbers, or `parameters` read from the column `model` (160m, 1.4b, 7b1) when there is no such column.
        scores: role to column or TASK:METRIC.

    Raises:
        LawError: a column is missing, a size cannot be read, or no run has all scores.
    """
    found = {role: scored(table, name) for role, name in scores.items()}
    first = next(iter(found.values()))
    keys = [key for key in first if all(key in rows for rows in found.values())]
    if not keys:
        raise LawError(f"No run in {table.source} has all of {', '.join(scores.values())}.")
    columns = {
        role: table.columns[scores[role] if scores[role] in table.columns else "value"][[rows[key] for key in keys]]
        for role, rows in found.items()
    }
    runs = table.keep(np.array([first[key] for key in keys]))
    if x in table.columns:
        columns[x] = runs.columns[x]
    elif x == "parameters" and "model" in table.labels:
        columns[x] = np.array([size_of(model) for model in runs.labels["model"]])
    else:
        raise LawError(f"{table.source} has no column {x!r} of numbers; it has: {', '.join(table.columns)}.")
    kept = np.asarray(np.isfinite(np.stack(list(columns.values()))).all(axis=0))
    labels = {role: v for role, v in runs.labels.items() if role not in ("task", "metric")}
    return Table(columns, labels, table.source).keep(kept)


def size_of(model: str) -> float:
    """Parameters as a model's name says them: 160m, 1.4b, 7b1 (7.1 billion).

    Raises:
        LawError: the name says no size, or several.
    """
    sizes = {float(f"{a}.{c}" if c else a) * _UNITS[b.lower()] for a, b, c in _SIZE.findall(model)}
    if len(sizes) != 1:
        raise LawError(f"The name {model!r} doesn't say one size (as 160m, 1.4b or 7b1); add a column `parameters`.")
    return sizes.pop()


def means(x: Array, y: Array) -> tuple[Array, Array]:
    """Distinct values of x in order, and the mean of y at each."""
    distinct, index = np.unique(x, return_inverse=True)
    return distinct, np.bincount(index, y) / np.bincount(index)
