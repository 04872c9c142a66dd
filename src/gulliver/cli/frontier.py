"""`gulliver frontier TASK`: error against FLOPs and seconds, every strategy at every budget, from one pool of draws."""

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

if TYPE_CHECKING:
    from gulliver.studies.budget_answers import Beaten, Best, Currency, Difference
    from gulliver.studies.budgets import Point


def frontier(
    task: Annotated[str, typer.Argument(help="A task, such as gsm8k or gym:gsm_symbolic.")],
    models: Annotated[list[str] | None, typer.Option("--model", "-m", help="A model, smaller ones first; several times. The last one's single answer is to be beaten.")] = None,
    items: Annotated[int, typer.Option("--items", min=2, help="Test items.")] = 40,
    draws: Annotated[list[int] | None, typer.Option("--draws", "-n", min=1, max=64, help="Draws of each item, for all models or once for each.")] = None,
    ask: Annotated[str, typer.Option("--ask", help="How the models are asked: cot, pal, few_shot(k=3), …")] = "cot",
    by: Annotated[list[str] | None, typer.Option("--by", help="A scorer: logprob, tool, self, verifier, verifier:NAME, reward:dir:FOLDER; several times.")] = None,
    searches: Annotated[list[str] | None, typer.Option("--search", help="A search at one budget, such as 'rebase(n=4)'; several times.")] = None,
    large_searches: Annotated[bool, typer.Option("--search-largest/--no-search-largest", help="Search with the largest model too.")] = False,
    output: Annotated[Path | None, typer.Option("--output", "-o", help="Write pictures: NAME.html with all values, or NAME.svg (FLOPs) with NAME-seconds.svg beside it.")] = None,
    confidence: Annotated[float, typer.Option("--confidence", min=0.5, max=0.999, help="Of the intervals.")] = 0.95,
    store: Annotated[str | None, typer.Option("--store", help="A file or database URL instead of the shared store.")] = None,
    json_: Annotated[bool, typer.Option("--json", help="Print one JSON object, with every point.")] = False,
) -> None:  # fmt: skip
    """What each budget buys best, and whether a small model used well beats the larger model's single answer for less.

    Each model draws once; votes, weighted votes, best-of and checks by a calculator at every number of draws are read from
    that pool exactly. Searches are asked at the budgets named. All is kept: stop, and go on later.
    """
    from functools import partial

    from gulliver.cli.models import progress_bar
    from gulliver.cli.places import check_picture, store_url
    from gulliver.models import load_model
    from gulliver.studies.budget_answers import added, beats_single, best_at
    from gulliver.studies.budget_pools import Wanted, draw_pools
    from gulliver.studies.budgets import budget_points
    from gulliver.tasks import load_task

    if output is not None:
        check_picture(output, "picture")
    named = models or ["qwen2.5-coder-0.5b", "qwen2.5-coder-1.5b"]
    counts = _counts(draws or [8], len(named))
    wanted = [
        Wanted(
            model,
            count,
            tuple(by or ("logprob", "tool")),
            tuple(searches or ()) if model != named[-1] or large_searches else (),
        )
        for model, count in zip(named, counts, strict=True)
    ]
    with progress_bar() as progress:
        pools = draw_pools(
            wanted,
            load_task(task),
            items=items,
            ask=ask,
            store=store_url(store),
            tell=progress,
            load=partial(load_model, progress=progress),
        )
    points = budget_points(pools, confidence)
    currencies: tuple[Currency, ...] = ("flops", "seconds")
    best = {currency: best_at(points, currency) for currency in currencies}
    beaten = {currency: beats_single(points, named[-1], currency, confidence) for currency in currencies}
    gains = added(points, confidence)
    said = [sentence_of(pools[0].items, task, ask, confidence), *(one.sentence for one in beaten.values())]
    if output is not None:
        _write(output, points, best, gains, f"{task}: what each budget buys", said)
    if json_:
        typer.echo(json.dumps(_data(task, len(pools[0].items), points, best, beaten, gains), allow_nan=False))
        return
    _print(points, best, gains, said)
    if output is not None:
        typer.echo(f"Written to {output}.")


def sentence_of(items: Any, task: str, ask: str, confidence: float) -> str:
    """What the numbers rest on."""
    sure = f"{confidence:.0%}".replace("%", " %")
    return f"{len(items)} items of {task}, asked by {ask}; {sure} intervals over items, differences paired and holding together."


def _counts(draws: list[int], models: int) -> list[int]:
    from gulliver.errors import GulliverError

    if len(draws) not in (1, models):
        raise GulliverError(f"There are {models} models and {len(draws)} numbers of draws; give one, or one for each.")
    return draws * models if len(draws) == 1 else draws


def _write(
    output: Path,
    points: "list[Point]",
    best: "dict[Currency, list[Best]]",
    gains: "list[Difference]",
    title: str,
    said: list[str],
) -> None:
    from gulliver.cli.places import write_picture
    from gulliver.reports.budgets_figure import budgets_page, budgets_svg

    svg = budgets_svg(points, best["flops"], "flops", title)
    write_picture(output, "picture", svg, lambda: budgets_page(points, best, gains, title, said))
    if output.suffix.lower() == ".svg":
        beside = output.with_name(f"{output.stem}-seconds.svg")
        write_picture(beside, "picture", budgets_svg(points, best["seconds"], "seconds", title), str)


def _data(
    task: str,
    items: int,
    points: "list[Point]",
    best: "dict[Currency, list[Best]]",
    beaten: "dict[Currency, Beaten]",
    gains: "list[Difference]",
) -> dict[str, Any]:
    return {
        "task": task,
        "items": items,
        "points": [{key: value for key, value in point.to_json().items() if key != "right"} for point in points],
        "best": {
            currency: [
                {"budget": one.budget, "model": one.point.model, "use": one.point.name, "error": one.point.error, "sure": one.sure}
                for one in rows
            ]
            for currency, rows in best.items()
        },
        "beaten": {
            currency: {
                "single": one.single.name,
                "better": [
                    {**_gap(d), "cost": getattr(d.point, currency)}
                    for d in one.better
                ],
                "sentence": one.sentence,
            }
            for currency, one in beaten.items()
        },
        "added": [
            {**_gap(d), "flops": d.point.flops, "plain": d.other.name, "plain_flops": d.other.flops}
            for d in gains
        ],
    }  # fmt: skip


def _gap(found: "Difference") -> dict[str, Any]:
    return {"use": found.point.name, "more_right": found.value, "low": found.low, "high": found.high}


def _print(
    points: "list[Point]", best: "dict[Currency, list[Best]]", gains: "list[Difference]", said: list[str]
) -> None:
    from rich.console import Console
    from rich.table import Table

    from gulliver.reports.curves_figure import doubled
    from gulliver.reports.numbers import duration, flops
    from gulliver.reports.safe import line

    console = Console()
    console.print(line(said[0]), markup=False, highlight=False, soft_wrap=True)
    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0), header_style="dim")
    table.add_column("use", overflow="fold")  # where the window is narrow names are broken, numbers never
    for name in ("error", "FLOPs", "seconds"):
        table.add_column(name, no_wrap=True, justify="right")
    shown = set(doubled(max(point.k for point in points)))
    for point in (p for p in points if p.k in shown):
        cells = (f"{point.error:.3f} {point.low:.2f}–{point.high:.2f}", flops(point.flops), duration(point.seconds))
        table.add_row(line(point.name), *cells)
    console.print(table)
    for currency, rows in best.items():
        show = flops if currency == "flops" else duration
        console.print(
            f"\nBest at each budget ({'FLOPs' if currency == 'flops' else 'seconds'} an item):", highlight=False
        )
        for one in rows:
            told = f"{show(one.budget)}: {one.point.name}, error {one.point.error:.3f} (its model best in {one.sure:.0%} of resamples)"
            console.print(f"  {line(told)}", markup=False, highlight=False, soft_wrap=True)
    if gains:
        console.print("\nMore right than the plain vote of the same model for at most the same FLOPs:", highlight=False)
    for gain in gains:
        told = f"{gain.point.name}: {gain.value:+.3f} ({gain.low:+.3f} to {gain.high:+.3f}) less {gain.other.name}: {gain.told}"
        console.print(f"  {line(told)}", markup=False, highlight=False, soft_wrap=True)
    console.print()
    for text in said[1:]:
        console.print(line(text), markup=False, highlight=False, soft_wrap=True)
