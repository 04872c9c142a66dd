"""`gulliver laws plan`: the best split of a budget, from a fitted law."""

import json
from pathlib import Path
from typing import Annotated

import typer


def plan(
    fit: Annotated[Path, typer.Argument(help="What gulliver laws fit --out wrote.", show_default=False)],
    flops: Annotated[str, typer.Option("--flops", help="FLOPs to spend, e.g. 1e21.", show_default=False)],
    given: Annotated[
        list[str] | None,
        typer.Option("--given", help="What is fixed beside it: unique_tokens=1e10, parameters=7e9, text_tokens=50."),
    ] = None,
    json_: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Say the best parameters, tokens, vocabulary or visual tokens for a budget, with intervals."""
    from gulliver.cli.laws import pairs
    from gulliver.cli.laws_predict import amount, beyond, interval_text, record
    from gulliver.laws import Fitted
    from gulliver.laws.planning import plan as best_for

    found = Fitted.read(fit)
    budget = {"flops": amount("--flops", flops)}
    budget |= {role: amount(role, value) for role, value in pairs(given or [], "--given").items()}
    best = best_for(found, budget)
    far = beyond(found, {role: i.value for role, i in best.items() if role in found.form.inputs})
    if json_:
        said = {role: record(i, found) for role, i in best.items()}
        typer.echo(
            json.dumps({"law": found.law, "budget": budget, "plan": said, "beyond": far, "warnings": found.warnings})
        )
        return
    for role, i in best.items():
        typer.echo(f"{role:22} {interval_text(i, found.level)}")
    for sentence in [*far, *(f"warning: {w}" for w in found.warnings)]:
        typer.echo(sentence)
