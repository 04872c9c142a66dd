"""Strategies as a table: for `gulliver strategies` and the docs."""

import dataclasses
from typing import Any

from gulliver.strategies.base import Asking, Choosing, Drawing
from gulliver.strategies.registry import find_strategy, strategy_names


def strategy_rows() -> list[dict[str, Any]]:
    """A row a strategy: name, role, options with their defaults, what it is for."""
    rows = []
    for name in strategy_names():
        kind = find_strategy(name)
        part = kind()
        role = next(
            (r for r, p in (("asking", Asking), ("drawing", Drawing), ("choosing", Choosing)) if isinstance(part, p)),
            "whole",
        )
        options = {f.name: f.default for f in dataclasses.fields(kind) if f.init}
        summary = " ".join((kind.__doc__ or "").split("\n\n")[0].split())
        rows.append({"name": name, "role": role, "options": options, "about": summary})
    return rows


def markdown() -> str:
    """The table for docs/strategies.md."""
    lines = ["| strategy | role | options | what it does |", "|---|---|---|---|"]
    for row in strategy_rows():
        options = ", ".join(f"`{key}={value}`" for key, value in row["options"].items()) or "none"
        lines.append(f"| `{row['name']}` | {row['role']} | {options} | {row['about']} |")
    return "\n".join(lines)
