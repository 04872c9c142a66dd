"""`gulliver laws plot`: a fitted law as a picture, alone (SVG) or on a page that works offline (HTML)."""

from pathlib import Path
from typing import Annotated

import typer


def plot(
    fit: Annotated[Path, typer.Argument(help="What gulliver laws fit --out wrote.", show_default=False)],
    output: Annotated[Path, typer.Option("--output", "-o", help="law.html or law.svg.", show_default=False)],
    x: Annotated[str | None, typer.Option("--x", help="The input to draw along; the law's first by default.")] = None,
    at: Annotated[str | None, typer.Option("--at", help="Hold other inputs: tokens=1e12.")] = None,
    table: Annotated[Path | None, typer.Option("--table", help="The runs, to show them as dots.")] = None,
    map_: Annotated[list[str] | None, typer.Option("--map", help="ROLE=COLUMN of that table; repeatable.")] = None,
    derive: Annotated[list[str] | None, typer.Option("--derive", help="A further column of it; repeatable.")] = None,
    json_: Annotated[bool, typer.Option("--json", help="Print the curves as JSON too.")] = False,
) -> None:
    """Draw the curve with its band over the table's range and ten times beyond."""
    import json

    from gulliver.cli.laws import pairs
    from gulliver.cli.laws_predict import inputs
    from gulliver.cli.places import check_picture, write_picture
    from gulliver.laws import Fitted, LawError, read_table
    from gulliver.reports.law_figure import curves, law_page, law_svg

    found = Fitted.read(fit)
    check_picture(output, "plot")
    lines = curves(found, x, at=inputs(found, at) if at else None)
    along = x or next(role for role in found.form.inputs if role not in found.form.labels)
    dots = None
    if table is not None:
        runs = read_table(table, pairs(map_ or [], "--map"))
        for formula in derive or []:
            runs = runs.derive(formula)
        lacking = [role for role in (along, found.form.output) if role not in runs.columns]
        if lacking:
            raise LawError(f"{table.name} has no column {lacking[0]!r}; map it with --map {lacking[0]}=COLUMN.")
        dots = (runs.columns[along], runs.columns[found.form.output])
    figure = law_svg(found, lines, along, dots)
    write_picture(output, "plot", figure, lambda: law_page(found, figure))
    if json_:
        drawn = [{"name": c.name, along: c.x.tolist(), found.form.output: c.value.tolist()} for c in lines]
        typer.echo(json.dumps({"law": found.law, "output": str(output), "curves": drawn}))
    else:
        typer.echo(f"Written to {output}.")
