"""How a study shows itself while it runs: a table that moves in a terminal, plain lines elsewhere; all on standard error."""

import time
from types import TracebackType

from rich.console import Console, Group, RenderableType
from rich.live import Live
from rich.spinner import Spinner
from rich.table import Table
from rich.text import Text

from gulliver.reports import numbers
from gulliver.reports.safe import line
from gulliver.reports.text import VERDICT_STYLE
from gulliver.studies.events import Progress


class LiveView:
    """Consumes `Progress` events: `with LiveView() as view: find(study, watch=view.update)`.

    In a terminal: one line a recipe with its interval drawn against the target, the current one spinning. Elsewhere: a
    line when models are pulled and one for each recipe that is decided.
    """

    def __init__(self, console: Console | None = None) -> None:
        self._console = console or Console(stderr=True)
        self._latest: dict[str, Progress] = {}
        self._told: set[tuple[str, str]] = set()
        self._current = ""
        self._started = time.monotonic()
        self._plain = self._console.options.ascii_only
        self._spinner = Spinner("line" if self._plain else "dots")
        self._live: Live | None = None

    def __enter__(self) -> "LiveView":
        self._started = time.monotonic()
        if self._console.is_terminal and not self._console.is_dumb_terminal:
            self._live = Live(console=self._console, get_renderable=self._render, refresh_per_second=8, transient=True)
            self._live.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._live is None:
            return
        self._live.stop()
        if kind is not None and self._latest:
            self._current = ""
            self._console.print(self._render())

    def update(self, progress: Progress) -> None:
        """Take in one event."""
        self._latest[progress.recipe] = progress
        self._current = "" if progress.stage == "decided" else progress.recipe
        if self._live is not None:
            return
        fresh = (progress.recipe, progress.stage) not in self._told
        if progress.stage == "decided" or (progress.stage == "pulling" and fresh):
            self._told.add((progress.recipe, progress.stage))
            self._console.print(plain_line(progress), markup=False, highlight=False, soft_wrap=True)

    def _render(self) -> RenderableType:
        raced = [p for p in list(self._latest.values()) if p.stage != "floors"]
        room = max(3, self._console.height - 5)
        hidden, shown = raced[:-room], raced[-room:]
        parts: list[RenderableType] = []
        if hidden:
            parts.append(Text(f"{len(hidden)} earlier recipes are not shown", style="dim"))
        width = self._console.width
        bar = max(12, min(40, width - 62))
        table = Table(box=None, pad_edge=False, padding=(0, 1, 0, 0), show_header=False)
        table.add_column(width=1)
        table.add_column(no_wrap=True, overflow="ellipsis", max_width=max(14, width - bar - 36))
        table.add_column(no_wrap=True, width=bar)
        table.add_column(no_wrap=True, justify="right")
        table.add_column(no_wrap=True, justify="right")
        table.add_column(no_wrap=True)
        for p in shown:
            table.add_row(*self._row(p, bar))
        return Group(*parts, table, self._foot())

    def _row(self, p: Progress, bar: int) -> list[RenderableType]:
        current = p.recipe == self._current
        style = VERDICT_STYLE.get(p.verdict, "")
        mark: RenderableType = self._spinner if current else Text(self._sign(p), style=style)
        asked = f"{p.asked}/{p.pool}" if p.pool else str(p.asked)
        quality = f"{p.right / p.asked:.2f}" if p.asked else ""
        name = Text(line(p.recipe), style="bold" if current else "")
        return [
            mark,
            name,
            interval_text(p, bar, self._plain),
            Text(asked),
            Text(quality),
            Text(p.verdict or p.stage, style=style or "dim"),
        ]

    def _sign(self, p: Progress) -> str:
        signs = {"meets": "+", "rejected": "-"} if self._plain else {"meets": "✓", "rejected": "✕"}
        return signs.get(p.verdict, "?" if p.verdict else " ")

    def _foot(self) -> Text:
        elapsed = f"{numbers.duration(round(time.monotonic() - self._started))}"
        if not self._latest:
            return Text(f"preparing, {elapsed}", style="dim")
        last = next(reversed(self._latest.values())) if not self._current else self._latest[self._current]
        said = [f"recipe {last.position} of {last.of}"] if last.of else []
        if last.stage == "floors":
            said.append("measuring the floors")
        if last.target > 0:
            said.append(f"target {numbers.significant(last.target)}")
        said += [f"{numbers.flops(last.spent_flops)} spent", f"{numbers.count(last.replayed)} replayed", elapsed]
        text = ", ".join(said)
        return Text(f"{text}: {line(last.message)}" if last.message else text, style="dim")


def interval_text(progress: Progress, width: int, ascii_only: bool = False) -> Text:
    """The interval on 0..1 in `width` cells, with the value so far and the target's mark."""
    ground, span, dot, goal = "-=o|" if ascii_only else "·━●┃"

    def cell(share: float) -> int:
        return min(width - 1, max(0, int(share * width)))

    cells = [(ground, "dim")] * width
    style = VERDICT_STYLE.get(progress.verdict, "cyan")
    if progress.asked:
        for place in range(cell(progress.low), cell(progress.high) + 1):
            cells[place] = (span, style)
        value = progress.right / progress.asked
        if progress.low <= value <= progress.high:
            cells[cell(value)] = (dot, f"bold {style}")
    if progress.target > 0:
        cells[cell(progress.target)] = (goal, "bold magenta")
    return Text.assemble(*cells)


def plain_line(progress: Progress) -> str:
    """One event in a line of text."""
    place = f"[{progress.position}/{progress.of}] " if progress.of else ""
    name = line(progress.recipe)
    if progress.stage != "decided":
        said = f"{place}{name}: {progress.stage}"
        return f"{said} ({line(progress.message)})" if progress.message else said
    told = [f"{progress.right} of {progress.asked} right"]
    if progress.target > 0:
        told.append(f"{progress.low:.3f} to {progress.high:.3f} against {numbers.significant(progress.target)}")
    told.append(f"{numbers.duration(progress.spent_seconds)} so far")
    if progress.message:
        told.append(line(progress.message))
    return f"{place}{name}: {progress.verdict or 'measured'}, {', '.join(told)}"
