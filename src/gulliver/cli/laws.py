"""`gulliver laws`: the laws there are, and a law fitted to a table of runs."""

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from gulliver.cli.laws_capacity import capacity
from gulliver.cli.laws_emergence import emergence
from gulliver.cli.laws_next import next_
from gulliver.cli.laws_plan import plan
from gulliver.cli.laws_plot import plot
from gulliver.cli.laws_predict import predict
from gulliver.cli.laws_vocabulary import vocabulary

if TYPE_CHECKING:
    from collections.abc import Mapping

    from gulliver.laws import Fitted

app = typer.Typer(no_args_is_help=True, rich_markup_mode=None)
app.command()(predict)
app.command()(plan)
app.command("next")(next_)
app.command()(plot)
app.command()(emergence)
app.command()(vocabulary)
app.command()(capacity)


@app.command("list")
def list_laws(json_: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False) -> None:
    """List the laws: formula, columns needed, constants, publication."""
    from gulliver.laws.listing import law_rows

    rows = law_rows()
    if json_:
        typer.echo(json.dumps(rows))
        return
    for row in rows:
        typer.echo(f"{row['name']:16} {row['title']}")
        typer.echo(f"{'':16} from {', '.join(row['inputs'])} to {row['output']}; {row['source']}")


@app.command()
def fit(
    table: Annotated[Path, typer.Argument(help="Runs, one a row: CSV or Parquet.", show_default=False)],
    law: Annotated[str, typer.Option("--law", help="Which law; see gulliver laws list.")] = "chinchilla",
    map_: Annotated[
        list[str] | None, typer.Option("--map", help="ROLE=COLUMN, e.g. loss=final_loss; repeatable.")
    ] = None,
    derive: Annotated[
        list[str] | None,
        typer.Option("--derive", help="A further column, e.g. 'tokens=flops/(6*parameters)'; repeatable."),
    ] = None,
    drop_highest: Annotated[
        str | None, typer.Option("--drop-highest", help="COLUMN:N leaves out the N rows highest in it, e.g. loss:5.")
    ] = None,
    objective: Annotated[
        str | None,
        typer.Option("--objective", help="log-huber, log-least-squares, huber, least-squares, binomial, ..."),
    ] = None,
    delta: Annotated[float, typer.Option("--delta", help="Where Huber's loss turns linear.")] = 1e-3,
    bootstrap: Annotated[
        int, typer.Option("--bootstrap", min=0, help="Refits for the intervals; 0 makes none.")
    ] = 1000,
    resample: Annotated[
        str | None, typer.Option("--resample", help="case, residual, or block:COLUMN; else the law's own way.")
    ] = None,
    intervals: Annotated[str, typer.Option("--intervals", help="percentile or profile.")] = "percentile",
    level: Annotated[float, typer.Option("--level", help="Of the intervals.")] = 0.95,
    hold_out: Annotated[
        str | None,
        typer.Option("--hold-out", help="COLUMN:N fits without the N rows largest in it, then predicts them."),
    ] = None,
    starts: Annotated[int, typer.Option("--starts", min=1, help="Starting points of the search.")] = 200,
    seed: Annotated[int, typer.Option("--seed", help="Of the resampling and the starts.")] = 0,
    out: Annotated[Path | None, typer.Option("--out", help="Write the fit here, for predict, plan and next.")] = None,
    json_: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Fit a law to a table of runs; say its constants, their intervals, and what the table doesn't identify."""
    from gulliver.laws import fit as fit_law

    found = fit_law(
        table,
        law,
        mapping=pairs(map_ or [], "--map"),
        derive=derive or [],
        drop_highest=counted(drop_highest, "--drop-highest"),
        objective=objective,
        delta=delta,
        bootstrap=bootstrap,
        resample=resample,
        intervals=intervals,
        level=level,
        hold_out=counted(hold_out, "--hold-out"),
        starts=starts,
        seed=seed,
    )
    if out is not None:
        write(found, out)
    if json_:
        typer.echo(found.to_json(draws=False))
    else:
        show(found)


def pairs(given: list[str], option: str) -> dict[str, str]:
    """`ROLE=COLUMN` words as a mapping.

    Raises:
        LawError: a word without `=`.
    """
    from gulliver.laws import LawError

    made = {}
    for word in given:
        role, sign, column = word.partition("=")
        if not (role and sign and column):
            raise LawError(f"{option} is written ROLE=COLUMN, not {word!r}.")
        made[role] = column
    return made


def counted(given: str | None, option: str) -> tuple[str, int] | None:
    """`COLUMN:N` as a pair.

    Raises:
        LawError: it is not written so.
    """
    from gulliver.laws import LawError

    if given is None:
        return None
    column, _, count = given.rpartition(":")
    if not column or not count.isdigit():
        raise LawError(f"{option} is written COLUMN:N, as in loss:5, not {given!r}.")
    return column, int(count)


def write(found: "Fitted", path: Path) -> None:
    """The fit as JSON.

    Raises:
        LawError: it cannot be written there.
    """
    from gulliver.laws import LawError

    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(found.to_json() + "\n", encoding="utf-8")
    except OSError as error:
        raise LawError(f"The fit cannot be written to {path} ({error.strerror}).") from None


def show(found: "Fitted") -> None:
    """The fit as a table in the terminal."""
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    console = Console()
    table = Table(title=Text(found.form.title), title_justify="left")
    for head in ("constant", "value", f"{found.level:.0%} interval", "se", "what it is"):
        table.add_column(head, justify="left" if head in ("constant", "what it is") else "right")
    for constant in found.form.constants:
        i = found.constants[constant.name]
        span = "" if i.low is None and i.high is None else f"{number(i.low)} to {number(i.high)}"
        table.add_row(constant.name, number(i.value), span, number(i.se) if i.se is not None else "", constant.meaning)
    console.print(table)
    about = f"{found.minimised} {found.objective:.6g} over {found.rows} rows; intervals: {found.method}"
    console.print(about, highlight=False)
    if found.held_out is not None:
        console.print(_of_held_out(found.held_out, found.level), highlight=False)
    for warning in found.warnings:
        console.print(f"warning: {warning}", style="yellow", highlight=False, markup=False)


def _of_held_out(held: "Mapping[str, float]", level: float) -> str:
    rows = f"{held['rows']:.0f}"
    told = (
        f"held out: {rows} larger rows, mean relative error {held['mean_absolute_relative_error']:.2%}, "
        f"largest {held['largest_absolute_relative_error']:.2%}"
    )
    if "inside" in held:
        told += (
            f"; {held['inside']:.0f} of {rows} within the {level:.0%} interval of a run there, "
            f"{held['inside_curve']:.0f} within the curve's"
        )
    return told


def number(value: Any) -> str:
    """Five digits; `?` for a limit that was not found."""
    return "?" if value is None else f"{value:.5g}"
