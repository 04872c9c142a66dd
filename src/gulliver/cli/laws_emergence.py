"""`gulliver laws emergence`: has a score left chance, where, and does a continuous metric show it before?"""

import json
from pathlib import Path
from typing import Annotated

import typer


def emergence(
    table: Annotated[Path, typer.Argument(help="Scores: CSV or Parquet, wide or with task, metric, value.", show_default=False)],
    score: Annotated[str, typer.Option("--score", help="A column, or TASK:METRIC.", show_default=False)],
    chance: Annotated[float, typer.Option("--chance", help="The score of guessing: 0.25 for four options.", show_default=False)],
    x: Annotated[str, typer.Option("--x", help="What grows; `parameters` may be read from model names.")] = "parameters",
    control: Annotated[str | None, typer.Option("--control", help="A continuous metric: a column, or TASK:METRIC.")] = None,
    log_control: Annotated[bool, typer.Option("--log-control/--plain-control", help="Take its logarithm (perplexity).")] = True,
    where: Annotated[list[str] | None, typer.Option("--where", help="COLUMN=TEXT[,TEXT] keeps rows; * matches any; repeatable.")] = None,
    level: Annotated[float, typer.Option("--level", min=0.5, max=0.999, help="Of intervals and tests.")] = 0.95,
    seed: Annotated[int, typer.Option("--seed", help="Of the shuffles.")] = 0,
    json_: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:  # fmt: skip
    """Say whether a score has emerged: not yet, from which size on (with an interval), or at every size."""
    import numpy as np

    from gulliver.cli.laws import pairs
    from gulliver.laws import LawError, read_table
    from gulliver.laws.emergence import detect
    from gulliver.laws.long_table import joined
    from gulliver.laws.long_table import where as choose

    runs = read_table(table)
    if where:
        runs = choose(runs, pairs(where, "--where"))
    wanted = {"score": score} | ({"control": control} if control else {})
    runs = joined(runs, x, wanted)
    other = runs.columns.get("control")
    if other is not None and log_control:
        if not bool((other > 0).all()):
            raise LawError(f"{control} is not positive everywhere, so it has no logarithm; use --plain-control.")
        other = np.log(other)
    found = detect(runs.columns[x], runs.columns["score"], chance, control=other, level=level, seed=seed)
    if json_:
        record = found.to_dict() | {"score": score, "x": x, "above_chance_low": _finite(found.above_chance_low)}
        typer.echo(json.dumps(record, allow_nan=False))
        return
    typer.echo(f"{score} by {x}, {found.rows} rows: {found.verdict}")
    for sentence in found.sentences:
        typer.echo(sentence)
    for size, mean in found.sizes.items():
        typer.echo(f"  {float(size):>12.4g}  {mean:.4f}")


def _finite(value: float) -> float | None:
    return value if abs(value) != float("inf") else None
