"""`gulliver papers`: the publications and which of their experiments can be run."""

import json
from typing import Annotated

import typer


def papers(
    json_: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
    area: Annotated[
        str | None, typer.Option("--area", help="Only publications of this area, such as strategies.")
    ] = None,
) -> None:
    """List the publications that Gulliver tests, and the status of each."""
    from dataclasses import asdict

    from gulliver.papers import rows

    found = rows(area)
    if json_:
        typer.echo(json.dumps([asdict(row) for row in found], ensure_ascii=False))
        return
    from rich.console import Console
    from rich.table import Table

    table = Table("id", "area", "status", "claim", box=None, pad_edge=False)
    for row in found:
        table.add_row(row.id, row.area, row.status, row.claim)
    console = Console(markup=False)
    console.print(table)
    counts = {status: sum(row.status == status for row in found) for status in ("works", "partly", "planned")}
    console.print(f"{len(found)} publications: {', '.join(f'{n} {status}' for status, n in counts.items())}.")
