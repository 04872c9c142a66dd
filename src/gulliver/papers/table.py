"""The bibliography as a table for docs/papers.md."""

from gulliver.papers.registry import rows


def markdown() -> str:
    """A row a publication, those that can be run first."""
    lines = ["| id | title | area | status | claim |", "|---|---|---|---|---|"]
    order = {"works": 0, "partly": 1, "planned": 2}
    for row in sorted(rows(), key=lambda row: order[row.status]):
        cells = (f"`{row.id}`", row.title, row.area, row.status, row.claim)
        lines.append(f"| {' | '.join(cell.replace('|', chr(92) + '|') for cell in cells)} |")
    return "\n".join(lines)
