"""A picture of lines that stands alone: its frame with ticks, as SVG, and as a page that works offline."""

from collections.abc import Iterable, Sequence
from html import escape

from markupsafe import Markup

from gulliver.reports.safe import clean, tag
from gulliver.reports.scales import Scale

COLOURS = ("#0072b2", "#c04d00", "#00795a", "#a8478c", "#8a6a00")
_STYLE = (
    "text{font:12px system-ui,sans-serif;fill:#1b1f24}.tick{fill:#57606a}.middle{text-anchor:middle}.end{text-anchor:end}"
    ".grid{stroke:#e9edf1}"
)
_PAGE = (
    "body{font:16px/1.5 system-ui,sans-serif;max-width:56rem;margin:2rem auto;padding:0 1rem;color:#1b1f24;background:#fff}"
    "table{border-collapse:collapse}td,th{padding:.2rem .9rem .2rem 0;text-align:left}svg{width:100%;height:auto}"
)

Ticks = Iterable[tuple[float, str]]
"""Values and what stands beside them."""


def svg(parts: Sequence[Markup], width: float, height: float, said: str) -> Markup:
    """The parts as a picture; `said` is for those who do not see it."""
    return tag(
        "svg", tag("style", Markup(_STYLE)), *parts, xmlns="http://www.w3.org/2000/svg",
        viewBox=f"0 0 {width:.0f} {height:.0f}", role="img", aria_label=said,
    )  # fmt: skip


def page(title: str, body: str) -> str:
    """One HTML file; `body` is HTML."""
    head = escape(clean(title))
    return (
        '<!doctype html><html lang="en"><meta charset="utf-8"><meta name="viewport" content="width=device-width">'
        f"<title>{head}</title><style>{_PAGE}</style><h1>{head}</h1>{body}</html>\n"
    )


def frame(across: Scale, up: Scale, x_ticks: Ticks, y_ticks: Ticks, x: str, y: str) -> list[Markup]:
    """Grid lines, their numbers, and the names of both axes."""
    top, bottom, parts = up.end, up.start, []
    for value, told in x_ticks:
        parts.append(tag("line", x1=across(value), x2=across(value), y1=top, y2=bottom, class_="grid"))
        parts.append(tag("text", told, x=across(value), y=bottom + 18, class_="tick middle"))
    for value, told in y_ticks:
        parts.append(tag("line", x1=across.start, x2=across.end, y1=up(value), y2=up(value), class_="grid"))
        parts.append(tag("text", told, x=across.start - 7, y=up(value) + 4, class_="tick end"))
    parts.append(tag("text", x, x=(across.start + across.end) / 2, y=bottom + 42, class_="middle"))
    middle = f"translate(16 {(top + bottom) / 2:.0f}) rotate(-90)"
    parts.append(tag("text", y, x=0, y=0, transform=middle, class_="middle"))
    return parts


def points(pairs: Iterable[tuple[float, float]], across: Scale, up: Scale) -> str:
    """Pairs of values as the points of a line."""
    return " ".join(f"{across(float(a)):.1f},{up(float(b)):.1f}" for a, b in pairs)
