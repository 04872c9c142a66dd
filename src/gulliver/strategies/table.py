"""Strategies as a table: for `gulliver strategies` and the docs."""

from typing import Any

from gulliver.spec import about, options_of, options_text
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
        rows.append({"name": name, "role": role, "options": options_of(kind), "about": about(kind)})
    return rows


def markdown() -> str:
    """The table for docs/strategies.md."""
    lines = ["| strategy | role | options | what it does |", "|---|---|---|---|"]
    for row in strategy_rows():
        options = options_text(row["options"])
        lines.append(f"| `{row['name']}` | {row['role']} | {options} | {row['about']} |")
    return "\n".join(lines)
