"""Transforms as a table: for `gulliver transforms` and the docs."""

from typing import Any

from gulliver.spec import about, options_of, options_text
from gulliver.transforms.registry import find_transform, transform_names


def transform_rows() -> list[dict[str, Any]]:
    """A row a transform: name, whether it learns from examples, options with their defaults, what it is for."""
    rows = []
    for name in transform_names():
        kind = find_transform(name)
        rows.append({"name": name, "learns": bool(kind.learns), "options": options_of(kind), "about": about(kind)})
    return rows


def markdown() -> str:
    """The table for docs/transforms.md."""
    lines = ["| transform | learns | options | what it does |", "|---|---|---|---|"]
    for row in transform_rows():
        options = options_text(row["options"])
        lines.append(f"| `{row['name']}` | {'yes' if row['learns'] else 'no'} | {options} | {row['about']} |")
    return "\n".join(lines)
