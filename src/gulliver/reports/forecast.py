"""A dry run as it stands in a terminal, and how a forecast came out against what was spent."""

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from gulliver.reports import numbers
from gulliver.reports.safe import line
from gulliver.studies.forecast import Forecast, RecipeForecast, Span
from gulliver.studies.result import ForecastCheck, Quantity

TITLES = {
    "requests": "requests",
    "prompt_tokens": "tokens read",
    "completion_tokens": "tokens written",
    "flops": "FLOPs",
    "elapsed": "time by the clock",
    "seconds": "engines busy",
    "money_now": "money, at once",
    "money_batch": "money, batch within a day",
    "joules": "energy",
}


def show_quantity(name: str, value: float) -> str:
    """A number of that quantity, with its unit."""
    if name == "flops":
        return numbers.flops(value)
    if name in ("elapsed", "seconds"):
        return numbers.duration(value)
    if name == "joules":
        return numbers.scaled(value, "J")
    return numbers.money(value) if name.startswith("money") else numbers.count(value)


def render_forecast(made: Forecast) -> RenderableType:
    """What is expected: each quantity with its interval, each answer with its chance, each recipe, and what it cost to know."""
    parts: list[RenderableType] = [_quantities(made), Text(), _answers(made), Text(), _recipes(made), Text()]
    paid = made.paid
    told = f"{numbers.count(paid.asked)} requests, {numbers.flops(paid.flops)}, {numbers.duration(paid.elapsed or 0.0)}"
    if paid.money is not None:
        told += f", money {numbers.money(paid.money)}"
    nothing = "nothing: all its answers were in the store"
    parts.append(
        Text.assemble(
            ("Pilot: ", "bold"),
            f"the first {made.pilot} items of each recipe; it cost {told if paid.asked else nothing}. The study will not pay for them again.",
        )
    )
    if len({name for name in made.spans if name.startswith("money")}) == 2:
        chosen = "as a batch" if made.money == "money_batch" else "at once"
        parts.append(Text(f"The study's ledger counts the price {chosen} (batch = true or false under [study])."))
    learns = [row.recipe for row in made.recipes if row.note]
    parts += [
        Text(f"{line(row.recipe)}: {line(row.note)}", style="dim") for row in made.recipes if row.recipe in learns
    ]
    return Group(*parts)


def _quantities(made: Forecast) -> Table:
    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0), header_style="dim")
    table.add_column("still to spend", no_wrap=True)
    table.add_column("likely", justify="right", no_wrap=True)
    table.add_column(f"{numbers.percent(made.confidence)} interval", no_wrap=True)
    table.add_column("free (stored)", justify="right", no_wrap=True)
    for name, title in TITLES.items():
        span = made.spans.get(name)
        if span is None or (name == "seconds" and span.high == 0):
            continue
        free = made.free.get(name)
        stored = show_quantity(name, free.median) if free is not None else ""
        table.add_row(
            Text(title),
            Text(show_quantity(name, span.median), style="bold"),
            Text(_interval(name, span)),
            Text(stored, style="dim"),
        )
    return table


def _interval(name: str, span: Span) -> str:
    return f"{show_quantity(name, span.low)} to {show_quantity(name, span.high)}"


def _answers(made: Forecast) -> Text:
    told = []
    for kind, recipe, chance in made.answers[:5]:
        said = (
            line(recipe) if kind == "meets" and recipe else {"none": "none meets the target"}.get(kind, "not settled")
        )
        told.append(f"{said} ({numbers.percent(chance)})")
    return Text.assemble(("Likely answers: ", "bold"), "; ".join(told) + ".")


def _recipes(made: Forecast) -> Table:
    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0), header_style="dim")
    table.add_column("recipe", overflow="fold", min_width=16)
    for title in ("right so far", "reached", "meets", "rejected", "items", "FLOPs"):
        table.add_column(title, justify="right", no_wrap=True)
    for row in made.recipes:
        table.add_row(*_row(row))
    return table


def _row(row: RecipeForecast) -> list[Text]:
    items = f"{row.items.low:.0f}–{row.items.high:.0f}" if row.items else "–"
    flops = numbers.flops(row.flops.median, 2) if row.flops else "–"
    told = (
        f"{row.right} of {row.known}",
        *(numbers.percent(chance) for chance in (row.reached, row.meets, row.rejected)),
        items,
        flops,
    )
    return [Text(line(row.recipe)), *(Text(text) for text in told)]


def check_sentence(check: ForecastCheck) -> str:
    """How the forecast came out, in a sentence."""
    known = [q for *_, q in check_rows(check) if q.held is not None]
    missed = [TITLES.get(q.name, q.name) for q in known if not q.held]
    if not known:
        return "Nothing was spent since the forecast that it could be held against."
    held = f"{len(known) - len(missed)} of {len(known)} quantities lie in their {numbers.percent(check.confidence)} intervals"
    but = f", not {' and '.join(missed)}" if missed else ""
    return f"{held}{but}; the answer that came out had been given {numbers.percent(check.chance)}."


def check_rows(check: ForecastCheck) -> list[tuple[str, str, str, str, Quantity]]:
    """Title, forecast, interval, spent, and the quantity, in the order they are shown."""
    by_name = {quantity.name: quantity for quantity in check.quantities}
    rows = []
    for name, title in TITLES.items():
        q = by_name.get(name)
        if q is not None and (name != "seconds" or q.high > 0):
            spent = numbers.UNKNOWN if q.spent is None else show_quantity(name, q.spent)
            span = f"{show_quantity(name, q.low)} to {show_quantity(name, q.high)}"
            rows.append((title, show_quantity(name, q.median), span, spent, q))
    return rows
