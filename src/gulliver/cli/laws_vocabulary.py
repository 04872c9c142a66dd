"""`gulliver laws vocabulary`: the vocabulary a model size deserves, by three approaches, with the conventions that matter."""

import json
from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer


def vocabulary(
    table: Annotated[Path, typer.Argument(help="Runs: CSV or Parquet.", show_default=False)],
    parameters: Annotated[
        list[str],
        typer.Option("--parameters", help="Non-vocabulary parameters, e.g. 7B; repeatable.", show_default=False),
    ],
    map_: Annotated[list[str] | None, typer.Option("--map", help="ROLE=COLUMN; repeatable.")] = None,
    bootstrap: Annotated[int, typer.Option("--bootstrap", min=0, help="Refits for the intervals.")] = 300,
    seed: Annotated[int, typer.Option("--seed", help="Of the resampling.")] = 0,
    json_: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Say the best vocabulary for a model size by IsoFLOPs, derivative and parametric fit, under each convention."""
    from gulliver.cli.laws import number, pairs
    from gulliver.cli.laws_predict import amount
    from gulliver.laws import read_table
    from gulliver.laws.vocabulary_optimum import flop_identity, optima

    runs = read_table(table, pairs(map_ or [], "--map"))
    made, fits = optima(runs, [amount("--parameters", p) for p in parameters], bootstrap=bootstrap, seed=seed)
    errors = {"V": flop_identity(runs), "V/1000": flop_identity(runs, 1000.0)}
    if json_:
        record = {
            "flop_identity": errors,
            "optima": [asdict(o) for o in made],
            "objectives": {law: f.objective for law, f in fits.items()},
            "warnings": {law: f.warnings for law, f in fits.items()},
        }
        typer.echo(json.dumps(record))
        return
    typer.echo(
        f"The table's FLOPs are 6 (N + V d) D with tokens per character at V to {errors['V']:.1e}, "
        f"at V/1000 to {errors['V/1000']:.1e} (relative)."
    )
    for o in made:
        span = "" if o.low is None or o.high is None else f"  ({number(o.low)} to {number(o.high)})"
        typer.echo(f"{o.parameters:9.3g}  {o.approach:11} {o.convention:32} {o.vocabulary:12,.0f}{span}")
    for law, found in fits.items():
        typer.echo(f"{law}: huber {found.objective:.6f} over {found.rows} runs")
        for warning in found.warnings:
            typer.echo(f"  warning: {warning}")
