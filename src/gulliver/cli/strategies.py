"""`gulliver strategies`: how a model can be used."""

import json
from typing import Annotated

import typer


def strategies(json_: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False) -> None:
    """List the strategies: name, role, options."""
    from gulliver.strategies.table import strategy_rows

    rows = strategy_rows()
    if json_:
        typer.echo(json.dumps(rows))
        return
    for row in rows:
        options = ", ".join(f"{key}={value}" for key, value in row["options"].items())
        typer.echo(f"{row['name'] + '(' + options + ')':52} {row['role']:9} {row['about']}")
