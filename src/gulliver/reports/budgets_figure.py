"""Error against budget as one picture: a line for each model and rule, on a log axis of FLOPs or seconds."""

from collections.abc import Sequence
from html import escape

from markupsafe import Markup

from gulliver.reports import numbers
from gulliver.reports.chart import COLOURS, frame, page, points, svg
from gulliver.reports.safe import clean, tag
from gulliver.reports.scales import Scale, log_ends, log_ticks, share_ends, share_ticks
from gulliver.studies.budget_answers import Best, Currency, Difference
from gulliver.studies.budgets import Point

_WIDTH, _HEIGHT, _LEFT, _RIGHT, _TOP, _BOTTOM = 980.0, 500.0, 64.0, 290.0, 20.0, 56.0
_DASHES = ("", "7 3", "2 3", "9 3 2 3", "1 5", "12 4", "4 4", "6 2 1 2", "3 6", "10 6")
_LINE = 17.0
AXES: dict[Currency, str] = {"flops": "FLOPs per item (computed)", "seconds": "engine seconds per item"}


def budgets_svg(found: Sequence[Point], best: Sequence[Best], currency: Currency, title: str) -> Markup:
    """Colours are models, dashes are rules; single answers and searches are dots; the best at each budget is ringed."""
    right, bottom = _WIDTH - _RIGHT, _HEIGHT - _BOTTOM
    costs = [getattr(p, currency) for p in found if getattr(p, currency) > 0]
    across = Scale(*log_ends(costs), _LEFT, right, log=True)
    up = Scale(*share_ends([p.error for p in found]), bottom, _TOP)
    show = numbers.flops if currency == "flops" else numbers.duration
    x_ticks = [(tick, show(tick)) for tick in log_ticks(across.low, across.high)]
    y_ticks = [(tick, f"{tick:g}") for tick in share_ticks(up.low, up.high)]
    parts = frame(across, up, x_ticks, y_ticks, AXES[currency], "error: share not right")
    models = list(dict.fromkeys(p.model for p in found))
    rules = list(dict.fromkeys(p.rule for p in found if p.k > 1))
    for model in models:
        colour = COLOURS[models.index(model) % len(COLOURS)]
        for rule in rules:
            line = [p for p in found if p.model == model and p.rule in (rule, "sample")]
            pairs = sorted((getattr(p, currency), p.error) for p in line)
            dash = _DASHES[rules.index(rule) % len(_DASHES)]
            told = tag("title", clean(f"{model}, {rule}"))
            parts.append(
                tag("polyline", told, points=points(pairs, across, up), fill="none", stroke=colour, stroke_width="1.6",
                    stroke_dasharray=dash, stroke_opacity="0.45" if rule == "pass" else "1")
            )  # fmt: skip
        for dot in (p for p in found if p.model == model and p.k == 1):
            parts.append(_dot(dot, across(getattr(dot, currency)), up(dot.error), colour))
    for one in best:
        x, y = across(getattr(one.point, currency)), up(one.point.error)
        parts.append(tag("circle", cx=x, cy=y, r=7, fill="none", stroke="#1b1f24", stroke_width="1.2"))
    parts += _legend(models, rules, right + 16)
    return svg(parts, _WIDTH, _HEIGHT, f"{title}: error against {AXES[currency]}")


def budgets_page(
    found: Sequence[Point],
    best: dict[Currency, list[Best]],
    gains: Sequence[Difference],
    title: str,
    said: Sequence[str],
) -> str:
    """One HTML file: both pictures, what is said of them, the best at each budget, what strategies add, and all values."""
    pictures = "".join(str(budgets_svg(found, best[currency], currency, title)) for currency in best)
    answers = "".join(f"<p>{escape(clean(text))}</p>" for text in said)
    tables = "".join(
        f"<h2>Best at each budget of {AXES[currency]}</h2><table><tr><th>budget<th>use<th>error<th>same model in resamples"
        + "".join(
            f"<tr><td>{one.budget:.3g}<td>{escape(clean(one.point.name))}<td>{one.point.error:.3f}<td>{one.sure:.2f}"
            for one in rows
        )
        + "</table>"
        for currency, rows in best.items()
    )
    if gains:
        tables += (
            "<h2>Against the plain vote of the same model for at most the same FLOPs</h2>"
            "<table><tr><th>use<th>FLOPs<th>plain<th>FLOPs<th>more right<th>"
            + "".join(
                f"<tr><td>{escape(clean(d.point.name))}<td>{d.point.flops:.3g}<td>{escape(clean(d.other.name))}<td>{d.other.flops:.3g}"
                f"<td>{d.value:+.3f} <small>{d.low:+.3f} to {d.high:+.3f}</small><td>{d.told}"
                for d in gains
            )
            + "</table>"
        )
    values = "".join(
        f"<tr><td>{escape(clean(p.name))}<td>{p.error:.4f} <small>{p.low:.3f} to {p.high:.3f}</small><td>{p.flops:.3g}<td>{p.seconds:.3g}"
        for p in found
    )
    head = "<h2>All values</h2><table><tr><th>use<th>error<th>FLOPs<th>seconds"
    return page(title, f"{pictures}{answers}{tables}{head}{values}</table>")


def _dot(point: Point, x: float, y: float, colour: str) -> Markup:
    told = tag("title", clean(f"{point.name}: error {point.error:.3f}"))
    if point.rule == "greedy":
        return tag("rect", told, x=x - 5, y=y - 5, width=10, height=10, fill=colour)
    return tag("circle", told, cx=x, cy=y, r=3 if point.rule == "sample" else 5, fill=colour)


def _legend(models: Sequence[str], rules: Sequence[str], x: float) -> list[Markup]:
    parts: list[Markup] = []
    y = _TOP + 8
    for place, model in enumerate(models):
        parts.append(tag("rect", x=x, y=y - 8, width=10, height=10, fill=COLOURS[place % len(COLOURS)]))
        parts.append(tag("text", clean(model), x=x + 18, y=y + 2))
        y += _LINE
    y += 6
    for place, rule in enumerate(rules):
        dash = _DASHES[place % len(_DASHES)]
        parts.append(
            tag(
                "line", x1=x, x2=x + 34, y1=y - 3, y2=y - 3, stroke="#1b1f24", stroke_width="1.6", stroke_dasharray=dash
            )
        )
        parts.append(tag("text", clean(rule), x=x + 42, y=y + 1))
        y += _LINE
    for told in (
        "square: single greedy answer",
        "small dot: one sampled draw",
        "large dot: a search",
        "ring: best at a budget",
    ):
        parts.append(tag("text", told, x=x, y=y + 8, class_="tick"))
        y += _LINE
    return parts
