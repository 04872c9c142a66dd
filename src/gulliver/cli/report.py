"""`gulliver report RUN`: write the page of an earlier run again."""

from pathlib import Path
from typing import Annotated

import typer


def report(
    run: Annotated[
        str, typer.Argument(help="A run's id, or the folder or result.json of a run; `latest` is the newest.")
    ] = "latest",
    output: Annotated[Path | None, typer.Option("--output", "-o", help="Where to write the page.")] = None,
    json_: Annotated[bool, typer.Option("--json", help="Print the run's result as JSON instead.")] = False,
) -> None:
    """Write a finished run's report: one HTML file that works offline."""
    import json

    from gulliver.reports import write_report
    from gulliver.studies.runs import find_run

    result = find_run(run)
    if json_:
        typer.echo(json.dumps(result.to_json(), allow_nan=False))
        return
    typer.echo(write_report(result, output or Path(result.run.folder) / "report.html"))
