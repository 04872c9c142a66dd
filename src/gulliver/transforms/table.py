"""Transforms as a table: for `gulliver transforms` and the docs."""

import dataclasses
from typing import Any

from gulliver.transforms.registry import find_transform, transform_names


def transform_rows() -> list[dict[str, Any]]:
    """A row a transform: name, whether it learns from examples, options with their defaults, what it is for."""
    rows = []
    for name in transform_names():
        kind = find_transform(name)
        options = {f.name: f.default for f in dataclasses.fields(kind) if f.init}
        summary = " ".join((kind.__doc__ or "").split("\n\n")[0].split())
        rows.append({"name": name, "learns": bool(kind.learns), "options": options, "about": summary})
    return rows


def markdown() -> str:
    """The table for docs/transforms.md."""
    lines = ["| transform | learns | options | what it does |", "|---|---|---|---|"]
    for row in transform_rows():
        options = ", ".join(f"`{key}={value}`" for key, value in row["options"].items()) or "none"
        lines.append(f"| `{row['name']}` | {'yes' if row['learns'] else 'no'} | {options} | {row['about']} |")
    return "\n".join(lines)
