"""Laws as a table: for `gulliver laws list` and the docs."""

from typing import Any

from gulliver.laws.registry import all_forms


def law_rows() -> list[dict[str, Any]]:
    """A row a law: name, title, source, inputs, output, objective, constants with their meaning."""
    return [
        {
            "name": form.name,
            "title": form.title,
            "source": form.source,
            "inputs": list(form.inputs),
            "output": form.output,
            "objective": form.objective,
            "constants": {constant.name: constant.meaning for constant in form.constants},
        }
        for form in all_forms().values()
    ]


def markdown() -> str:
    """The table for docs/laws.md."""
    lines = ["| law | formula | columns | source |", "|---|---|---|---|"]
    for row in law_rows():
        columns = ", ".join(f"`{role}`" for role in [*row["inputs"], row["output"]])
        title = str(row["title"]).replace("|", "\\|")
        lines.append(f"| `{row['name']}` | {title} | {columns} | {row['source']} |")
    return "\n".join(lines)
