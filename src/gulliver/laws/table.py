"""A table of runs: CSV or Parquet whose columns are named by role, or mapped to roles, and checked before a fit."""

import ast
import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gulliver.laws.base import Array, Form, LawError

_OPERATORS: dict[type[ast.AST], Callable[[Any, Any], Any]] = {
    ast.Add: lambda a, b: a + b,
    ast.Sub: lambda a, b: a - b,
    ast.Mult: lambda a, b: a * b,
    ast.Div: lambda a, b: a / b,
    ast.Pow: lambda a, b: a**b,
}
_FUNCTIONS: dict[str, Callable[[Any], Any]] = {
    "log": np.log,
    "log2": np.log2,
    "log10": np.log10,
    "exp": np.exp,
    "sqrt": np.sqrt,
}


@dataclass(frozen=True)
class Table:
    """Runs, one a row.

    Attributes:
        columns: numbers by role, each (R,), float64.
        labels: text by role, each of length R.
        source: where it came from, for messages.
    """

    columns: Mapping[str, Array]
    labels: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    source: str = "the table"

    @property
    def rows(self) -> int:
        """How many."""
        sizes = [*map(len, self.columns.values()), *map(len, self.labels.values())]
        return sizes[0] if sizes else 0

    def keep(self, rows: NDArray[Any]) -> "Table":
        """Only these rows, by index or by a mask, in their order."""
        index = np.asarray(rows)
        index = np.flatnonzero(index) if index.dtype == bool else index.astype(np.int64)
        labels = {role: tuple(values[i] for i in index) for role, values in self.labels.items()}
        return Table({role: values[index] for role, values in self.columns.items()}, labels, self.source)

    def derive(self, formula: str) -> "Table":
        """With a column more: `tokens=flops/(6*parameters)`; + - * / ** ( ) log log2 log10 exp sqrt and numbers.

        Raises:
            LawError: it cannot be read, or names a column that is not there.
        """
        role, _, text = formula.partition("=")
        role = role.strip()
        if not role.isidentifier() or not text.strip():
            raise LawError(f"A derived column is written like tokens=flops/(6*parameters), not {formula!r}.")
        try:
            tree = ast.parse(text.strip(), mode="eval")
        except (SyntaxError, ValueError, RecursionError, MemoryError):
            raise LawError(f"{text.strip()!r} is not a formula of columns and numbers.") from None
        with np.errstate(all="ignore"):
            value = np.broadcast_to(np.asarray(self._value(tree.body), dtype=np.float64), (self.rows,)).copy()
        return Table({**self.columns, role: value}, self.labels, self.source)

    def drop_highest(self, role: str, count: int) -> "Table":
        """Without the `count` rows that are highest in a column.

        Raises:
            LawError: there is no such column, or nothing would be left.
        """
        if role not in self.columns:
            raise LawError(f"{self.source} has no column {role!r} to drop the highest of; it has: {self._have()}.")
        if not 0 <= count < self.rows:
            raise LawError(f"{count} rows cannot be dropped from {self.rows}.")
        kept = np.sort(np.argsort(self.columns[role], kind="stable")[: self.rows - count])
        return self.keep(kept)

    def check(self, form: Form) -> "Table":
        """Only what the form needs, with every number fit for it.

        Raises:
            LawError: a role is missing, a number is missing, infinite or not positive (with its row), or too few rows.
        """
        roles = [r for r in (*form.inputs, form.output) if r not in form.labels]
        for role in roles:
            if role not in self.columns:
                hint = " as text" if role in self.labels else ""
                raise LawError(
                    f"{form.name} needs a column {role!r} of numbers, which {self.source} {'has' if hint else 'lacks'}{hint}; "
                    f"it has: {self._have()}; map one with --map {role}=COLUMN or make one with --derive."
                )
            values = self.columns[role]
            bad = np.flatnonzero(~np.isfinite(values))
            if len(bad):
                raise LawError(f"Row {bad[0] + 1} of {self.source} has no finite number in {role!r}; mend or drop it.")
            bad = np.flatnonzero(values <= 0)
            if role not in form.signed and len(bad):
                raise LawError(
                    f"Row {bad[0] + 1} of {self.source} has {values[bad[0]]:g} in {role!r}, which must be positive for {form.name}."
                )
        for role in form.labels:
            if role not in self.labels and role not in self.columns:
                raise LawError(
                    f"{form.name} needs a column {role!r}, which {self.source} lacks; it has: {self._have()}."
                )
        need = len(form.constants) + 1
        if self.rows < need:
            raise LawError(
                f"{form.name} has {len(form.constants)} constants and needs at least {need} rows, and {self.source} has {self.rows}."
            )
        return self

    def _have(self) -> str:
        return ", ".join([*self.columns, *self.labels]) or "no columns"

    def _value(self, node: ast.AST) -> Any:
        if isinstance(node, ast.Constant) and isinstance(node.value, int | float) and math.isfinite(node.value):
            return float(node.value)
        if isinstance(node, ast.Name):
            if node.id in self.columns:
                return self.columns[node.id]
            raise LawError(f"The formula names {node.id!r}, and {self.source} has: {self._have()}.")
        if isinstance(node, ast.BinOp) and type(node.op) in _OPERATORS:
            return _OPERATORS[type(node.op)](np.asarray(self._value(node.left)), np.asarray(self._value(node.right)))
        if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.USub):
            return -np.asarray(self._value(node.operand))
        called = node.func.id if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) else ""
        if isinstance(node, ast.Call) and called in _FUNCTIONS and len(node.args) == 1 and not node.keywords:
            return _FUNCTIONS[called](np.asarray(self._value(node.args[0])))
        raise LawError(
            f"{ast.unparse(node)!r} is not a formula of columns, numbers, + - * / ** and {', '.join(_FUNCTIONS)}."
        )


def read_table(source: Any, mapping: Mapping[str, str] | None = None) -> Table:
    """Runs from a CSV or Parquet file, a polars data frame, or a mapping of role to values.

    Args:
        mapping: role to the column's name in the source: `{"loss": "final_loss"}`.

    Raises:
        LawError: the file cannot be read, or a mapped column is not in it.
    """
    if isinstance(source, Table):
        if not mapping:
            return source
        raw: dict[str, Any] = {**source.columns, **source.labels}
        name = source.source
    elif isinstance(source, str | Path):
        raw, name = _file(Path(source)), Path(source).name
    elif isinstance(source, Mapping):
        raw, name = dict(source), "the table"
    elif hasattr(source, "to_dict"):
        raw, name = {k: v.to_list() for k, v in source.to_dict().items()}, "the table"
    else:
        raise LawError(f"A table is a file, a data frame or a mapping of columns, not {type(source).__name__}.")
    for role, column in (mapping or {}).items():
        if column not in raw:
            raise LawError(f"{name} has no column {column!r} to use as {role!r}; it has: {', '.join(raw) or 'none'}.")
    named = {role: raw[column] for role, column in (mapping or {}).items()}
    named = {**{k: v for k, v in raw.items() if k not in named}, **named}
    columns: dict[str, Array] = {}
    labels: dict[str, tuple[str, ...]] = {}
    for role, values in named.items():
        listed = list(values)
        if any(isinstance(v, str) for v in listed):
            labels[role] = tuple("" if v is None else str(v) for v in listed)
        else:
            try:
                columns[role] = np.array([np.nan if v is None else v for v in listed], dtype=np.float64)
            except (TypeError, ValueError):
                labels[role] = tuple(str(v) for v in listed)
    if len({*map(len, columns.values()), *map(len, labels.values())}) > 1:
        raise LawError("The table's columns differ in length.")
    return Table(columns, labels, name)


def _file(path: Path) -> dict[str, Any]:
    import polars as pl

    if not path.is_file():
        raise LawError(f"There is no file {path}.")
    try:
        frame = (
            pl.read_parquet(path) if path.suffix.lower() == ".parquet" else pl.read_csv(path, infer_schema_length=None)
        )
    except Exception as error:  # polars raises many kinds
        reason = (str(error).splitlines() or ["no reason given"])[0].rstrip(".")
        raise LawError(f"{path.name} cannot be read as CSV or Parquet: {reason}.") from None
    return {name: frame[name].to_list() for name in frame.columns}
