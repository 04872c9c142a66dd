"""`gulliver curves RUN RECIPE`: what fewer draws, and other ways of choosing among them, would have given."""

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from gulliver.studies.curves import Curve
    from gulliver.studies.pools import Pools


def curves(
    run: Annotated[str, typer.Argument(help="A run's id or folder (see `gulliver runs`); `latest` is the newest.")],
    recipe: Annotated[str, typer.Argument(help="A recipe that drew several times: its text, a part of it, or its number in the table of `gulliver show`.")],
    draws: Annotated[int | None, typer.Option("--draws", "-n", min=1, max=1000, help="The first so many draws of each item; as many as the recipe takes by default.")] = None,
    output: Annotated[Path | None, typer.Option("--output", "-o", help="Write a picture: curves.svg, or curves.html with all values.")] = None,
    confidence: Annotated[float, typer.Option("--confidence", min=0.5, max=0.999, help="Of the intervals.")] = 0.95,
    store: Annotated[str | None, typer.Option("--store", help="A file or database URL instead of the shared store.")] = None,
    json_: Annotated[bool, typer.Option("--json", help="Print one JSON object, with every k.")] = False,
) -> None:  # fmt: skip
    """Quality at every number of draws up to n, for every way of choosing, from the draws of a finished run.

    No model is asked: the averages over all subsets of a run's draws are exact.
    """
    from functools import partial

    from gulliver.cli.models import progress_bar
    from gulliver.cli.places import check_picture, store_url, write_picture
    from gulliver.models import load_model
    from gulliver.reports.curves_figure import curves_page, curves_svg
    from gulliver.studies.comparison import find_recipe
    from gulliver.studies.curves import draw_curves
    from gulliver.studies.pools import stored_pools
    from gulliver.studies.runs import find_run

    if output is not None:
        check_picture(output, "picture")
    result = find_run(run)
    with progress_bar() as progress:
        pools = stored_pools(
            result,
            find_recipe(result, recipe),
            draws,
            store_url(store),
            partial(load_model, progress=progress),
            progress,
        )
    made = draw_curves(pools.pools, confidence)
    said = sentences(pools, made, confidence)
    if output is not None:
        svg = curves_svg(made, pools.recipe)
        write_picture(output, "picture", svg, lambda: curves_page(made, pools.recipe, said))
    if json_:
        data = {"run": result.run.id, "recipe": pools.recipe, "items": len(pools.pools), "lacking": pools.lacking}
        data |= {"draws": pools.draws, "confidence": confidence, "curves": [curve.to_json() for curve in made]}
        typer.echo(json.dumps(data, allow_nan=False))
        return
    _print(made, said)
    if output is not None:
        typer.echo(f"Written to {output}.")


def sentences(pools: "Pools", made: "list[Curve]", confidence: float) -> list[str]:
    """What is to be known about the curves, a sentence each."""
    count = len(pools.pools)
    sure = f"{confidence:.0%}".replace("%", " %")
    told = [
        f"{count} item{'s' * (count != 1)}, {pools.draws} draws each, of {pools.recipe}; averages over all subsets of the draws, with {sure} intervals over items."
    ]
    worst = max(max(curve.error) for curve in made)
    if worst > 0:
        told.append(
            f"weighted is exact for few and for nearly all draws; between, over drawn subsets, with a standard error of at most {worst:.4f}."
        )
    if len(made) == 2:
        told.append("The engine told no log-probabilities, so there is no weighted vote and no best draft.")
    if pools.lacking:
        told.append(
            f"Left out, as not all their draws are in the store: {pools.lacking}; run the study again to ask them."
        )
    return told


def _print(made: "list[Curve]", said: list[str]) -> None:
    from rich.console import Console
    from rich.table import Table

    from gulliver.reports.curves_figure import doubled
    from gulliver.reports.safe import line

    console = Console()
    console.print(line(said[0]), markup=False, highlight=False, soft_wrap=True)
    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0), header_style="dim")
    table.add_column("draws", justify="right")
    for curve in made:
        table.add_column(curve.name, no_wrap=True)
    for k in doubled(made[0].k[-1]):
        cells = [f"{c.value[k - 1]:.3f} {c.low[k - 1]:.2f}–{c.high[k - 1]:.2f}" for c in made]
        table.add_row(str(k), *cells)
    console.print(table)
    for text in said[1:]:
        console.print(line(text), markup=False, highlight=False, soft_wrap=True)
