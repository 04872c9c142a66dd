"""`gulliver models`: which models there are, bringing one here, and what one states about itself."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated, Any

import typer

if TYPE_CHECKING:
    from gulliver.models.base import Card
    from gulliver.models.files import Progress

app = typer.Typer(no_args_is_help=True, pretty_exceptions_enable=False)
JsonFlag = Annotated[bool, typer.Option("--json", help="Print JSON.")]
_LONG = ("chat_template",)


@app.command("list")
def list_models(json_: JsonFlag = False) -> None:
    """List the rungs of the built-in ladder."""
    from gulliver.models.ladder import rungs
    from gulliver.models.pull import pulled

    rows: list[dict[str, Any]] = [
        {
            "name": rung.name,
            "family": rung.family,
            "kind": rung.kind,
            "parameters": rung.parameters,
            "size": rung.size,
            "format": rung.format,
            "license": rung.license,
            "pulled": pulled(rung) is not None,
        }
        for rung in rungs()
    ]
    if json_:
        typer.echo(json.dumps(rows))
        return
    from rich.console import Console
    from rich.table import Column, Table

    names = [Column(title, no_wrap=True) for title in ("rung", "family", "parameters", "download")]
    table = Table(*names, "format", "licence", "here", box=None)
    for row in rows:
        table.add_row(
            row["name"],
            row["family"],
            short(row["parameters"]),
            f"{row['size'] / 1e6:.0f} MB",
            row["format"],
            row["license"],
            "yes" if row["pulled"] else "no",
        )
    Console().print(table)
    typer.echo("Any other model: hf:owner/name, gguf:path, dir:path, torch: before any of these, or openai:name@url.")


@app.command()
def pull(name: Annotated[str, typer.Argument(help="A rung, or hf:owner/name.")]) -> None:
    """Bring a model here: downloaded, checked and made readable; what is here already is not fetched again."""
    from gulliver.models import load_model
    from gulliver.models.ladder import find_rung
    from gulliver.models.pull import pull as pull_rung

    with progress_bar() as progress:
        location = load_model(name, progress).location if ":" in name else pull_rung(find_rung(name), progress)
    typer.echo(str(location) if location else f"{name} has no files to fetch.")


@app.command()
def show(name: Annotated[str, typer.Argument(help="Any model.")], json_: JsonFlag = False) -> None:
    """Show what a model states about itself (its card); a model that is not here is fetched."""
    from gulliver.models import load_model
    from gulliver.models.ladder import rungs

    encoder = next((rung for rung in rungs() if rung.name == name and rung.kind == "encoder"), None)
    if encoder is not None:  # it has no card of a language model: what the ladder says is all there is to show
        values = {**asdict(encoder), "parts": [part.package for part in encoder.parts]}
    else:
        with progress_bar() as progress:
            model = load_model(name, progress)
        values = {
            **asdict(model.card),
            "engine": model.engine,
            "engine_version": model.engine_version,
            "location": str(model.location) if model.location else None,
        }
    if json_:
        typer.echo(json.dumps(values))
        return
    for key, value in values.items():
        if value in ("", None, 0) or key in _LONG:
            continue
        typer.echo(
            f"{key.replace('_', ' '):22} {value:,}" if type(value) is int else f"{key.replace('_', ' '):22} {value}"
        )
    if encoder is None:
        typer.echo(f"{'chat template':22} {_template(model.card)}")


@contextmanager
def progress_bar() -> Iterator["Progress"]:
    """A bar on stderr for each thing being done; a pipe gets none."""
    from rich.console import Console
    from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn

    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        TextColumn("{task.percentage:.0f}%"),
        TimeRemainingColumn(),
    )
    console = Console(stderr=True)
    with Progress(*columns, console=console, disable=not console.is_terminal) as bars:
        tasks: dict[str, Any] = {}

        def tell(what: str, done: int, total: int) -> None:
            if what not in tasks:
                tasks[what] = bars.add_task(what, total=total or None)
            bars.update(tasks[what], completed=done, total=total or None)

        yield tell


def short(count: int) -> str:
    """A count of parameters as people say it: 134515008 is "135M"."""
    if not count:
        return "unknown"
    return f"{count / 1e9:.2f}B" if count >= 999_500_000 else f"{count / 1e6:.0f}M"


def _template(card: "Card") -> str:
    return f"{len(card.chat_template)} characters" if card.chat_template else "none: a base model or a server"
