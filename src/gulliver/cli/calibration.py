"""`gulliver calibration RUN`: how far each recipe's confidence in its answers can be believed."""

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from gulliver.studies.calibration import Calibration
    from gulliver.studies.sureness import Sureness


def calibration(
    run: Annotated[str, typer.Argument(help="A run's id or folder (see `gulliver runs`); `latest` is the newest.")],
    recipe: Annotated[str | None, typer.Argument(help="A recipe: its text, a part of it, or its number in the table of `gulliver show`; all by default.")] = None,
    bins: Annotated[int, typer.Option("--bins", min=2, max=50, help="Of about as many items each.")] = 10,
    output: Annotated[Path | None, typer.Option("--output", "-o", help="Write a picture: calibration.svg, or calibration.html with all values.")] = None,
    confidence: Annotated[float, typer.Option("--confidence", min=0.5, max=0.999, help="Of the intervals.")] = 0.95,
    store: Annotated[str | None, typer.Option("--store", help="A file or database URL instead of the shared store.")] = None,
    json_: Annotated[bool, typer.Option("--json", help="Print one JSON object, with the bins.")] = False,
) -> None:  # fmt: skip
    """How well confidence and outcome agree in a finished run: calibration error, Brier score, reliability curve.

    A recipe's confidence is what its strategy says (p_true, p_ik, likelihood), the share of agreeing votes, or the mean
    probability of a draft's tokens. No model is asked.
    """
    from gulliver.cli.places import check_picture, store_url, write_picture
    from gulliver.errors import StudyError
    from gulliver.reports.calibration_figure import calibration_page, calibration_svg
    from gulliver.studies.calibration import calibration as figures
    from gulliver.studies.comparison import find_recipe
    from gulliver.studies.runs import find_run
    from gulliver.studies.sureness import stored_sureness

    if output is not None:
        check_picture(output, "picture")
    result = find_run(run)
    chosen = [find_recipe(result, recipe)] if recipe else [r for r in result.recipes if r.records and not r.floor]
    if not chosen:
        raise StudyError(f"No recipe of the run {result.run.id} was asked anything; run its study.")
    found: list[tuple[Sureness, Calibration]] = []
    silent: list[str] = []
    for one in chosen:
        try:
            sure = stored_sureness(result, one, store_url(store))
        except StudyError as error:
            if recipe or len(chosen) == 1:
                raise
            silent.append(str(error))
            continue
        found.append((sure, figures(sure.confidences, sure.right, bins, confidence)))
    if not found:
        raise StudyError(silent[0])
    if output is not None:
        pairs = [(sure.recipe, one) for sure, one in found]
        said = [sentence(sure, one) for sure, one in found]
        write_picture(output, "picture", calibration_svg(pairs), lambda: calibration_page(pairs, "Calibration", said))
    if json_:
        rows = [{"recipe": sure.recipe, "lacking": sure.lacking, **one.to_json()} for sure, one in found]
        typer.echo(json.dumps({"run": result.run.id, "recipes": rows, "left_out": silent}, allow_nan=False))
        return
    for text in (*(sentence(sure, one) for sure, one in found), *silent):
        typer.echo(text)
    if output is not None:
        typer.echo(f"Written to {output}.")


def sentence(sure: "Sureness", one: "Calibration") -> str:
    """What is to be known about one recipe's confidence."""
    fits = "as exact confidences could have" if one.calibrated else f"more than the {one.chance:.3f} of exact ones"
    tells = (
        f"it tells right from wrong with AUROC {one.auroc.value:.2f} ({one.auroc.low:.2f}–{one.auroc.high:.2f})"
        if one.auroc
        else "all answers had one outcome"
    )
    lacking = f"; {sure.lacking} items left out, as their answers are not in the store" if sure.lacking else ""
    return (
        f"{sure.recipe}: {one.items} items, {one.right:.0%} right, {one.confidence:.0%} stated; calibration error {one.ece.value:.3f} "
        f"({one.ece.low:.3f}–{one.ece.high:.3f}), {fits}; Brier {one.brier.value:.3f} ({one.brier.low:.3f}–{one.brier.high:.3f}); {tells}{lacking}."
    )
