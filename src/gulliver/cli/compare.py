"""`gulliver compare RUN A B`: two recipes on the same items."""

import json
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from gulliver.studies.comparison import Comparison, Ratio


def compare(
    run: Annotated[str, typer.Argument(help="A run's id or folder (see `gulliver runs`); `latest` is the newest.")],
    first: Annotated[str, typer.Argument(help="A recipe: its text, a part of it, or its number in the table of `gulliver show`; of another run over the same task, RUN/RECIPE.")],
    second: Annotated[str, typer.Argument(help="The recipe to compare it with, given likewise.")],
    limit: Annotated[int, typer.Option("--limit", "-n", min=0, help="At most so many flips with their texts.")] = 5,
    json_: Annotated[bool, typer.Option("--json", help="Print one JSON object, with all flips.")] = False,
) -> None:  # fmt: skip
    """Compare two recipes on the items both were asked: who was right where, whether that is chance, what each costs."""
    from dataclasses import asdict

    from rich.console import Console

    from gulliver.cli.show import print_record
    from gulliver.studies.comparison import compare_recipes, find_side
    from gulliver.studies.runs import find_run

    result = find_run(run)
    done = compare_recipes(find_side(result, first), find_side(result, second))
    if json_:
        data = asdict(done)
        data["flips"] = [{"item": item, "first": asdict(a), "second": asdict(b)} for item, a, b in done.flips]
        typer.echo(json.dumps(data, allow_nan=False))
        return
    console = Console()
    for text in sentences(done):
        console.print(text, markup=False, highlight=False, soft_wrap=True)
    for _, a, b in done.flips[:limit]:
        console.print()
        print_record(console, done.first, a)
        print_record(console, done.second, b, question=False)
    if len(done.flips) > limit:
        rest = len(done.flips) - limit
        console.print(
            f"\n{rest} more items differ; see them with --limit {len(done.flips)}.", markup=False, style="dim"
        )


def sentences(done: "Comparison") -> list[str]:
    """What the comparison says, a line each."""
    from gulliver.reports.safe import line

    sure = f"{done.confidence:.0%}".replace("%", " %")
    kind = "holds however the race stopped" if done.anytime else "for this number of items"
    zero = done.low <= 0.0 <= done.high
    verdict = "the two cannot be told apart" if zero else f"{'A' if done.difference > 0 else 'B'} is better"
    told = [
        f"A: {line(done.first)}",
        f"B: {line(done.second)}",
        f"{done.items} items: {done.both} both right, {done.first_only} only A, {done.second_only} only B, {done.neither} neither.",
        f"A less B: {done.difference:+.3f} ({sure} interval {done.low:+.3f} to {done.high:+.3f}, {kind}): {verdict}.",
        f"McNemar's exact test: p = {done.p_value:.3g}"
        + (" (read it with care: a race chose the number of items)." if done.anytime else "."),
    ]
    for name, ratio in (("FLOPs", done.flops), ("Seconds", done.seconds)):
        if ratio is not None:
            told.append(f"{name}: {_ratio(ratio)}.")
    return told


def _ratio(ratio: "Ratio") -> str:
    from gulliver.reports.numbers import significant

    return f"an item under A costs {significant(ratio.value)} times one under B ({significant(ratio.low)} to {significant(ratio.high)})"
