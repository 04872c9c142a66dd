"""`gulliver runs`: the runs that were finished."""

import json
from pathlib import Path
from typing import Annotated, Any

import typer


def runs(
    json_: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """List finished runs, the newest last: what each found, and what its last start spent."""
    from gulliver.studies.runs import run_files

    rows = [_row(path) for path in run_files()]
    if json_:
        typer.echo(json.dumps(rows))
        return
    if not rows:
        typer.echo("No run was finished yet; start one with: gulliver find STUDY.toml")
        return
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    from gulliver.reports import numbers
    from gulliver.reports.safe import line

    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0), header_style="dim")
    table.add_column("run", no_wrap=True, min_width=24)
    for title in ("started", "answer", "recipes", "items"):
        table.add_column(title, overflow="fold", justify="right" if title in ("recipes", "items") else "left")
    table.add_column("spent", no_wrap=True)
    for row in rows:
        if row["error"]:
            table.add_row(Text(line(row["run"])), "", Text(line(row["error"]), style="yellow"), "", "", "")
            continue
        said = line(row["recipe"] or row["answer"])
        spent = f"{numbers.count(row['asked'])} asked, {numbers.flops(row['flops'])}"
        when = str(row["started"])[:16].replace("T", " ")
        table.add_row(
            Text(line(row["run"])), Text(when), Text(said), str(row["recipes"]), str(row["items"]), Text(spent)
        )
    Console().print(table)


def _row(path: Path) -> dict[str, Any]:
    """One run; a file that cannot be read is a row that says so."""
    from gulliver.studies.runs import read_json

    row: dict[str, Any] = dict.fromkeys(
        ("study", "task", "target", "started", "answer", "recipe", "recipes", "items", "asked", "replayed", "flops", "seconds", "money")
    )  # fmt: skip
    row |= {"run": path.parent.name, "error": ""}
    try:
        data = read_json(path)
        run, spent, answer = data["run"], data["spent"], data["answer"]
        row |= {"study": run["study"], "task": run["task"], "target": run["target_text"], "started": run["started"]}
        row |= {"answer": answer["kind"], "recipe": answer["recipe"], "recipes": len(data["recipes"])}
        row["items"] = sum(recipe["items"] for recipe in data["recipes"])
        row |= {key: spent[key] for key in ("asked", "replayed", "flops", "seconds", "money")}
    except (OSError, ValueError, KeyError, TypeError) as error:
        row["error"] = f"cannot be read ({type(error).__name__}); run its study again"
    return row
