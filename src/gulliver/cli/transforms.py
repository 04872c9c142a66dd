"""`gulliver transforms`: how a model can be turned into another."""

import json
from typing import Annotated

import typer


def transforms(json_: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False) -> None:
    """List the transforms: name, whether it learns, options."""
    from gulliver.transforms.table import transform_rows

    rows = transform_rows()
    if json_:
        typer.echo(json.dumps(rows))
        return
    for row in rows:
        options = ", ".join(f"{key}={value}" for key, value in row["options"].items())
        learns = "learns" if row["learns"] else ""
        typer.echo(f"{row['name'] + '(' + options + ')':52} {learns:9} {row['about']}")
