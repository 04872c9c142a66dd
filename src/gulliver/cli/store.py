"""`gulliver store`: what the store of answers holds, pruning it, and exporting it."""

import json
import re
import time
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

if TYPE_CHECKING:
    from gulliver.inference.holdings import Choice, Holdings

app = typer.Typer(no_args_is_help=True, rich_markup_mode=None)
_UNITS = {"h": 3600.0, "d": 86400.0, "w": 7 * 86400.0, "y": 365 * 86400.0}
_HERE = Annotated[str | None, typer.Option("--store", help="A file or database URL instead of the shared store.")]
_JSON = Annotated[bool, typer.Option("--json", help="Print one JSON object.")]
_MODEL = Annotated[list[str] | None, typer.Option("--model", help="Only of this model: its name in a finished run, or the start of its digest; repeatable.")]  # fmt: skip
_OLDER = Annotated[str | None, typer.Option("--older-than", help="Only what was kept longer ago: 12h, 30d, 8w, 1y.")]


@app.command()
def stats(store: _HERE = None, json_: _JSON = False) -> None:
    """How many answers are kept, of which models, since when, and what room they take."""
    from gulliver.cli.models import progress_bar
    from gulliver.cli.places import store_url
    from gulliver.inference.holdings import database, look

    with database(store_url(store)) as engine, progress_bar() as tell:
        found = look(engine, tell=tell)
    names = _names()
    if json_:
        data = found.to_json()
        for share in data["shares"]:
            share["name"] = names.get(share["model"])
        typer.echo(json.dumps(data))
        return
    typer.echo(f"{found.where}: {_sentence(found)}")
    _print(found, names)


@app.command()
def prune(
    older_than: _OLDER = None,
    model: _MODEL = None,
    unused: Annotated[bool, typer.Option("--unused", help="Only of models that no finished run here names.")] = False,
    yes: Annotated[bool, typer.Option("--yes", help="Delete; without it, only say what would go.")] = False,
    store: _HERE = None,
    json_: _JSON = False,
) -> None:
    """Delete answers and judgements by age or by model, all conditions together, and give the room back to the disk."""
    from gulliver.cli.models import progress_bar
    from gulliver.cli.places import store_url
    from gulliver.errors import GulliverError
    from gulliver.inference.holdings import database, disk, look
    from gulliver.inference.holdings import prune as delete
    from gulliver.reports.numbers import memory

    if older_than is None and not model and not unused:
        raise GulliverError("Say what may go: --older-than 30d, --model NAME or --unused; all of it is one file to delete (see docs/what-gulliver-keeps.md).")  # fmt: skip
    if unused and store is not None and "://" in store and not store.startswith("sqlite"):
        raise GulliverError("--unused looks at the runs of this machine, and a database server is shared by others; use --older-than or --model.")  # fmt: skip
    names = _names()
    with database(store_url(store)) as engine, progress_bar() as tell:
        choice = _choice(engine, older_than, model, unused, names)
        found = look(engine, choice, tell)
        gone = delete(engine, choice, tell) if yes and found.answers + found.judgements else 0
        after = disk(engine)
    if json_:
        data = {**found.to_json(), "bytes_before": found.bytes, "bytes": after, "deleted": yes, "gone": gone}
        typer.echo(json.dumps(data))
        return
    _print(found, names)
    count = f"{found.answers} answers and {found.judgements} judgements"
    if not found.answers + found.judgements:
        typer.echo("Nothing in the store is meant by that.")
    elif yes:
        typer.echo(f"Deleted {count}; the store was {memory(found.bytes)} and is {memory(after)}.")
    else:
        typer.echo(f"Would delete {count}, which would then be asked, and paid for, again; say --yes to do it.")


@app.command()
def export(
    output: Annotated[Path, typer.Argument(help="answers.parquet", show_default=False)],
    older_than: _OLDER = None,
    model: _MODEL = None,
    judgements: Annotated[bool, typer.Option("--judgements", help="What was kept of items without texts, instead of answers.")] = False,
    texts: Annotated[bool, typer.Option("--texts/--no-texts", help="With prompts and answers; GULLIVER_KEEP_TEXT=0 leaves them out.")] = True,
    store: _HERE = None,
    json_: _JSON = False,
) -> None:  # fmt: skip
    """Write answers to a Parquet file, a row each; memory stays flat however many there are."""
    from gulliver.cli.models import progress_bar
    from gulliver.cli.places import store_url
    from gulliver.errors import GulliverError
    from gulliver.inference.exporting import export as write
    from gulliver.inference.holdings import database
    from gulliver.inference.store import texts_are_kept

    if output.suffix.lower() != ".parquet":
        raise GulliverError(f"An export is written to a file ending in .parquet, not {output.name}.")
    with_texts = texts and texts_are_kept()
    with database(store_url(store)) as engine, progress_bar() as tell:
        rows = write(engine, output, _choice(engine, older_than, model, False, _names()), with_texts, judgements, tell)
    if json_:
        typer.echo(json.dumps({"output": str(output), "rows": rows, "texts": with_texts and not judgements}))
    else:
        typer.echo(f"{rows} rows written to {output}{'' if with_texts else ', without texts'}.")


def _names() -> dict[str, str]:
    """Names of models by digest, as finished runs tell them."""
    from gulliver.studies.runs import read_json, run_files

    names: dict[str, str] = {}
    for path in run_files():
        try:
            names |= {model["digest"]: model["name"] for model in read_json(path)["run"]["models"]}
        except (OSError, ValueError, KeyError, TypeError):
            continue
    return names


def _choice(
    engine: Any, older_than: str | None, wanted: list[str] | None, unused: bool, names: dict[str, str]
) -> "Choice":
    import sqlalchemy as sql

    from gulliver.errors import GulliverError
    from gulliver.inference.holdings import Choice
    from gulliver.inference.tables import answers, judgements

    before = None if older_than is None else time.time() - _age(older_than)
    if not wanted and not unused:
        return Choice(before)
    with engine.connect() as connection:
        there = {m for t in (answers, judgements) for m in connection.execute(sql.select(t.c.model).distinct()).scalars()}  # fmt: skip
    meant = set(there)
    if wanted:
        meant = set()
        for text in wanted:
            found = {m for m in there if names.get(m) == text or (len(text) >= 6 and m.startswith(text.lower()))}
            if not found:
                known = ", ".join(sorted({names.get(m, m[:12]) for m in there})) or "none"
                raise GulliverError(f"The store holds no answers of {text!r}; it holds those of: {known}.")
            meant |= found
    if unused:
        meant -= set(names)
    return Choice(before, tuple(sorted(meant)))


def _age(text: str) -> float:
    from gulliver.errors import GulliverError

    found = re.fullmatch(r"\s*(\d+(?:\.\d+)?)\s*([hdwy])\s*", text)
    if found is None:
        raise GulliverError(f"--older-than {text!r} is no age; write 12h, 30d, 8w or 1y.")
    return float(found[1]) * _UNITS[found[2]]


def _sentence(found: "Holdings") -> str:
    from gulliver.reports.numbers import memory

    judged = f", {found.judgements} judgements without texts" if found.judgements else ""
    since = f", from {_day(found.oldest)} to {_day(found.newest)}" if found.oldest and found.newest else ""
    return f"{found.answers} answers{since}{judged}, {memory(found.bytes)} on disk."


def _print(found: "Holdings", names: dict[str, str]) -> None:
    if not found.shares:
        return
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    from gulliver.reports.numbers import memory
    from gulliver.reports.safe import line

    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0), header_style="dim")
    for title, right in (("model", False), ("engine", False), ("answers", True), ("text", True), ("oldest", False), ("newest", False)):  # fmt: skip
        table.add_column(title, justify="right" if right else "left", overflow="fold")
    for share in found.shares:
        cells = (names.get(share.model, share.model[:12]), share.engine, str(share.answers), memory(share.bytes), _day(share.oldest), _day(share.newest))  # fmt: skip
        table.add_row(*(Text(line(cell)) for cell in cells))
    Console().print(table)


def _day(seconds: float) -> str:
    return time.strftime("%Y-%m-%d", time.localtime(seconds))
