"""The answer as it stands in a terminal at the end of `gulliver find`."""

from pathlib import Path

from rich.console import Group, RenderableType
from rich.padding import Padding
from rich.panel import Panel
from rich.table import Table
from rich.text import Text

from gulliver.reports import numbers
from gulliver.reports.axes import AXES
from gulliver.reports.forecast import check_sentence
from gulliver.reports.safe import line
from gulliver.studies.result import RecipeResult, StudyResult

VERDICT_STYLE = {"meets": "green", "rejected": "red", "undecided": "yellow", "not run": "dim"}
_KIND_STYLE = {"meets": "green", "none": "red", "not settled": "yellow"}


def render_answer(result: StudyResult, report: Path | None = None) -> RenderableType:
    """The sentence, the recipes, the frontier, what was spent, warnings, and where the report lies.

    Nothing that others wrote (names, notes, warnings) is read as markup or reaches the terminal as a control code.
    """
    said = Panel(Text(line(result.answer.sentence), style="bold"), border_style=_KIND_STYLE.get(result.answer.kind, ""))
    parts: list[RenderableType] = [said, _table(result), Padding(_frontier(result), (1, 0, 0, 0)), _spent(result)]
    if result.forecast is not None:
        parts.append(Text.assemble(("Forecast: ", "bold"), check_sentence(result.forecast)))
    parts += [Text(f"Warning: {line(warning)}", style="yellow") for warning in result.warnings]
    if report is not None:
        parts.append(Text.assemble("Report: ", (line(report), "bold")))
    return Group(*parts)


def _table(result: StudyResult) -> Table:
    axis = next((a for a in AXES if a.key == result.run.cheap), AXES[0])
    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0), header_style="dim")
    table.add_column("", width=1, no_wrap=True)
    table.add_column("recipe", overflow="fold", min_width=16)
    table.add_column("verdict", no_wrap=True)
    table.add_column("quality", justify="right", no_wrap=True)
    table.add_column("low–high", no_wrap=True)
    table.add_column("items", justify="right", no_wrap=True)
    table.add_column(axis.tab.lower() if axis.key != "flops" else axis.tab, justify="right", no_wrap=True)
    table.add_column("P(fr.)", justify="right", no_wrap=True)
    for r in result.recipes:
        table.add_row(*_row(r, r.recipe == result.answer.recipe, axis.show(axis.cost(r).value)))
    return table


def _row(r: RecipeResult, chosen: bool, cost: str) -> list[Text]:
    ran = r.quality is not None
    chance = "–" if r.on_frontier is None else f"{r.on_frontier:.2f}"
    return [
        Text("→" if chosen else "", style="green"),
        Text(line(r.recipe), style="bold" if chosen else ""),
        Text(r.verdict, style=VERDICT_STYLE.get(r.verdict, "")),
        Text(f"{r.quality:.2f}" if r.quality is not None else "–"),
        Text(f"{r.low:.2f}–{r.high:.2f}" if ran else "", style="dim"),
        Text(numbers.count(r.items)),
        Text(cost if ran else "–"),
        Text(chance),
    ]


def _frontier(result: StudyResult) -> Text:
    members = [r for name in result.frontier for r in result.recipes if r.recipe == name]
    if not members:
        return Text("Frontier: nothing was measured.")
    axis = next((a for a in AXES if a.key == result.run.cheap), AXES[0])
    told = [f"{line(r.recipe)} ({axis.show(axis.cost(r).value)}, {numbers.share(r.quality)})" for r in members]
    return Text.assemble(("Frontier: ", "bold"), ", then ".join(told) + ".")


def _spent(result: StudyResult) -> Text:
    s = result.spent
    return Text.assemble(
        ("Spent: ", "bold"),
        f"{numbers.count(s.asked)} requests asked, {numbers.count(s.replayed)} from the store, "
        f"{numbers.flops(s.flops)}, engines busy for {numbers.duration(s.seconds)}{_money(result)}.",
    )


def _money(result: StudyResult) -> str:
    """What was paid, with both prices where a batch is cheaper; the first is the one that the study counts."""
    s = result.spent
    if s.money is None:
        return ""
    if s.money_batch is None or s.money_now is None:
        return f", money {numbers.money(s.money)}"
    now, batch = (
        f"{numbers.money(s.money_now)} asked at once",
        f"{numbers.money(s.money_batch)} as a batch within a day",
    )
    return f", money {batch} ({now})" if result.run.batch else f", money {now} ({batch})"
