"""`gulliver show RUN`: a run's answer, its table, and its items with what was asked, written and judged."""

import json
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from rich.console import Console

    from gulliver.studies.result import ItemRecord, RecipeResult, StudyResult

OUTCOMES = ("right", "wrong", "unreadable", "truncated", "unsupported", "failed")


def show(
    run: Annotated[str, typer.Argument(help="A run's id or folder (see `gulliver runs`); `latest` is the newest.")] = "latest",
    item: Annotated[str | None, typer.Option("--item", help="Only this item.")] = None,
    recipe: Annotated[
        str | None, typer.Option("--recipe", help="Only this recipe: its text, a part of it, or its number in the table.")
    ] = None,
    outcome: Annotated[str | None, typer.Option("--outcome", help=f"Only these: {', '.join(OUTCOMES)}.")] = None,
    limit: Annotated[int, typer.Option("--limit", "-n", min=1, help="At most so many items.")] = 20,
    json_: Annotated[bool, typer.Option("--json", help="Print one JSON object.")] = False,
) -> None:  # fmt: skip
    """Show a finished run; with --item, --recipe or --outcome, its items: what was asked, written and judged."""
    from rich.console import Console

    from gulliver.errors import StudyError
    from gulliver.reports import render_answer
    from gulliver.studies.runs import find_run

    result = find_run(run)
    if outcome is not None and outcome not in OUTCOMES:
        raise StudyError(f"There is no outcome {outcome!r}; there are: {', '.join(OUTCOMES)}.")
    chosen = _chosen(result, item, recipe, outcome)
    items_wanted = (item, recipe, outcome) != (None, None, None)
    if json_:
        data = result.to_json()
        if items_wanted:
            from dataclasses import asdict

            data["items"] = [{"recipe": r.recipe, **asdict(record)} for r, record in chosen[:limit]]
            data["items_in_all"] = len(chosen)
        typer.echo(json.dumps(data, allow_nan=False))
        return
    console = Console()
    if not items_wanted:
        console.print(render_answer(result))
        console.print("Items: gulliver show RUN --recipe 1 --outcome wrong", style="dim", markup=False)
        return
    if not result.run.keep_text:
        console.print("This run kept no texts: only outcomes and costs can be shown.", markup=False)
    for r, record in chosen[:limit]:
        print_record(console, r.recipe, record)
    if len(chosen) > limit:
        console.print(f"{len(chosen) - limit} more; show them with --limit {len(chosen)}.", style="dim", markup=False)


def print_record(console: "Console", recipe: str, record: "ItemRecord", question: bool = True) -> None:
    """One item under one recipe; nothing that a model wrote acts on the terminal."""
    from rich.padding import Padding
    from rich.rule import Rule
    from rich.text import Text

    from gulliver.reports import numbers
    from gulliver.reports.safe import clean, line

    if question:
        console.print(Rule(Text(f"item {line(record.item)}"), align="left", style="dim"))
        _block(console, "question", record.question)
        _block(console, "right answer", record.target)
    style = "green" if record.outcome == "right" else "red"
    head = Text.assemble((line(recipe), "bold"), ": ", (record.outcome, style))
    if record.value:
        head.append(f", read as {line(record.value)[:200]}")
    head.append(f"  ({numbers.flops(record.flops)}, {numbers.duration(record.seconds)})", style="dim")
    console.print(head)
    if record.program:
        _block(console, "program", record.program)
    if record.detail:
        _block(console, "detail", record.detail)
    if record.text:
        console.print(Padding(Text(clean(record.text)), (0, 0, 1, 2)))


def _block(console: "Console", title: str, text: str) -> None:
    from rich.text import Text

    from gulliver.reports.safe import clean

    if text:
        console.print(Text.assemble((f"{title}: ", "dim"), clean(text)))


def _chosen(
    result: "StudyResult", item: str | None, recipe: str | None, outcome: str | None
) -> "list[tuple[RecipeResult, ItemRecord]]":
    """The records that are meant, by item when one item is asked for, else by recipe."""
    import difflib

    from gulliver.errors import StudyError
    from gulliver.studies.comparison import find_recipe

    recipes = [find_recipe(result, recipe)] if recipe is not None else list(result.recipes)
    known = list(dict.fromkeys(record.item for r in recipes for record in r.records))
    if item is not None and item not in known:
        near = difflib.get_close_matches(item, known, 3, 0.4) or known[:3]
        hint = f"near it are {', '.join(near)}" if near else "none was asked"
        raise StudyError(f"The run {result.run.id} asked no item {item!r}; {hint}.")
    return [
        (r, record)
        for r in recipes
        for record in r.records
        if item in (None, record.item) and outcome in (None, record.outcome)
    ]
