"""`gulliver laws next`: which further run would narrow a prediction most for its FLOPs."""

import json
from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer


def next_(
    fit: Annotated[Path, typer.Argument(help="What gulliver laws fit --out wrote.", show_default=False)],
    at: Annotated[str, typer.Option("--at", help="The prediction to narrow: parameters=7e9,tokens=1e12.", show_default=False)],
    flops: Annotated[str | None, typer.Option("--flops", help="Most FLOPs of the run; a tenth of the target's by default.")] = None,
    runs: Annotated[Path | None, typer.Option("--runs", help="Candidates, a table with a column a role; a grid by default.")] = None,
    cost: Annotated[str | None, typer.Option("--cost", help="FLOPs of a run, e.g. '6*parameters*tokens'.")] = None,
    at_least: Annotated[float, typer.Option("--at-least", help="Share of the width that the run must take off.")] = 0.05,
    top: Annotated[int, typer.Option("--top", min=1, help="How many candidates to list.")] = 5,
    json_: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:  # fmt: skip
    """Propose the run to make next and say how narrow the prediction would then be."""
    from gulliver.cli.laws import number
    from gulliver.cli.laws_predict import amount, inputs, interval_text
    from gulliver.laws import Fitted, read_table
    from gulliver.laws.next_run import Candidate, propose

    found = Fitted.read(fit)
    given = None if runs is None else {k: v.tolist() for k, v in read_table(runs).columns.items()}
    made = propose(
        found,
        inputs(found, at),
        runs=given,
        most_flops=None if flops is None else amount("--flops", flops),
        cost=cost,
        at_least=at_least,
    )
    if json_:
        record = asdict(made) | {
            "law": found.law,
            "level": found.level,
            "candidates": [asdict(c) for c in made.candidates[:top]],
        }
        typer.echo(json.dumps(record))
        return

    def say(c: Candidate) -> str:
        where = ", ".join(f"{role}={number(v)}" for role, v in c.at.items())
        return f"{where}: {c.flops:.3g} FLOPs, width {number(c.width)} ({c.narrows:.1%} narrower)"

    typer.echo(f"{found.form.output} at {at}: {interval_text(made.prediction, found.level)}, {number(made.width)} wide")
    if made.reached:
        typer.echo(f"run next  {say(made.best)}")
    else:
        typer.echo(f"no run takes off {at_least:.0%}; the most does  {say(made.best)}")
    if made.narrowest != made.best:
        typer.echo(f"at any cost allowed  {say(made.narrowest)}")
    for c in made.candidates[:top]:
        typer.echo(f"  most gain a FLOP  {say(c)}")
    typer.echo(
        f"A run's FLOPs are {made.cost}; the widths are expected ones, for one run with the noise of the table's."
    )
    if made.caution:
        typer.echo(made.caution)
