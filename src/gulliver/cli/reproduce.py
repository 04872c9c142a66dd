"""`gulliver reproduce ID`: run a publication's experiment and give its verdict."""

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from gulliver.papers.base import Finding, Paper


def reproduce(
    id: Annotated[str, typer.Argument(help="The publication's id, as `gulliver papers` lists it.")],
    scale: Annotated[str, typer.Option("--scale", help="smoke (seconds), laptop (minutes) or full.")] = "smoke",
    output: Annotated[
        Path | None,
        typer.Option("--output", "-o", help="Write a picture: finding.svg, or finding.html with the verdict."),
    ] = None,
    json_: Annotated[
        bool, typer.Option("--json", help="Print one JSON object and nothing else on standard output.")
    ] = False,
) -> None:
    """Test a published claim here: does it hold, not hold here, or can this run not tell?

    Answers are kept: run again after an interruption, it goes on where it was.
    """
    from gulliver.cli.places import check_picture, write_picture
    from gulliver.errors import GulliverError
    from gulliver.papers import load_paper
    from gulliver.papers.base import SCALES, report
    from gulliver.papers.findings import keep_finding
    from gulliver.reports.finding_figure import finding_page, finding_svg

    chosen = next((known for known in SCALES if known == scale), None)
    if chosen is None:
        raise GulliverError(f"There is no scale {scale!r}; choose one of: {', '.join(SCALES)}.")
    paper = load_paper(id)
    if chosen not in paper.scales:
        raise GulliverError(f"{id} has no experiment at scale {scale}; choose one of: {', '.join(paper.scales)}.")
    if output is not None:
        check_picture(output, "picture")
    finding = paper.experiment(chosen, lambda sentence: typer.echo(sentence, err=True))
    keep_finding(paper, finding)
    if output is not None:
        title, said = f"{paper.id}, {scale}: {finding.verdict}", [paper.claim, finding.sentence]
        svg = finding_svg(title, finding.measurements)
        write_picture(output, "picture", svg, lambda: finding_page(title, svg, said))
    if json_:
        typer.echo(json.dumps(report(paper, finding), allow_nan=False, ensure_ascii=False))
        return
    _show(paper, finding)
    if output is not None:
        typer.echo(f"Written to {output}.")


def _show(paper: "Paper", finding: "Finding") -> None:
    from rich.console import Console
    from rich.table import Table

    console = Console(markup=False, highlight=False)
    console.print(f"{paper.id}: {paper.claim}")
    for figure in paper.published:
        console.print(f"published: {figure.name}: {figure.value:g} {figure.unit} ({figure.source})")
    table = Table("measured", "value", "low", "high", "items", "note", box=None, pad_edge=False)
    for m in finding.measurements:
        table.add_row(m.name, f"{m.value:.3f}", f"{m.low:.3f}", f"{m.high:.3f}", str(m.n), m.note)
    console.print(table)
    console.print(finding.sentence)
    spent = finding.spent
    console.print(f"{spent.answers} answers, {spent.flops:.2e} FLOPs, {spent.seconds:.1f} s.")
