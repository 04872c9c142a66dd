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
    typer.echo(
        "Any other model: hf:owner/name, gguf:path, dir:path, torch: or llamacpp: before any of these, or openai:name@url."
    )


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


@app.command()
def bench(
    name: Annotated[str, typer.Argument(help="A rung, hf:owner/name, gguf:path or dir:path.")],
    json_: JsonFlag = False,
    prompt: Annotated[int, typer.Option(help="Tokens of the prompt that is read, about.")] = 512,
    written: Annotated[int, typer.Option(help="Tokens that each request writes.")] = 64,
    streams: Annotated[int, typer.Option(help="Requests at once in the last measurement.")] = 16,
    rounds: Annotated[int, typer.Option(help="Measurements; medians are told.")] = 3,
) -> None:
    """Measure how fast each engine here runs a model, what share of the machine's peaks that is, and which to choose."""
    from gulliver.inference.speeds import Load, at_hand, fastest, measure

    for given in (prompt, written, streams, rounds):
        if given < 1:
            raise typer.BadParameter("prompt, written, streams and rounds are at least 1.")
    with progress_bar() as progress:
        models, why = at_hand(name)
        speeds = []
        for number, model in enumerate(models):
            progress(f"measuring {name}", number, len(models))
            speeds.append(measure(model, Load(prompt, written, streams, rounds)))
        progress(f"measuring {name}", len(models), len(models))
    many, one = fastest(speeds)
    if json_:
        chosen = {"many": many.name, "one": one.name}
        typer.echo(json.dumps({"engines": [asdict(speed) for speed in speeds], "not_here": why, "fastest": chosen}))
        return
    from rich.console import Console
    from rich.table import Table

    table = Table("engine", "prompt", "one stream", f"{streams} together", "matmul", "memory", "format", box=None)
    for speed in speeds:
        rates = (f"{rate:,.0f}" for rate in (speed.prompt, speed.stream, speed.together))
        shares = (f"{share:.0%}" for share in (speed.matmul_share, speed.memory_share))
        table.add_row(speed.engine, *rates, *shares, f"{speed.format}, {speed.kernel} products")
    Console().print(table)
    typer.echo(
        "Tokens a second; shares of what this machine does at most: products for the prompt, memory for one stream."
    )
    for engine, reason in why.items():
        typer.echo(f"{engine}: {reason}")
    typer.echo(f"Fastest for a study (many requests at once): {many.name}. For one request at a time: {one.name}.")
    typer.echo(
        "A bare name is always openvino's, so that answers kept stay comparable; write the name above to choose."
    )


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
