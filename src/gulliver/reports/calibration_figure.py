"""Reliability curves as one picture: share right against stated confidence, with intervals and the line of exact
ones."""

from collections.abc import Sequence
from html import escape

from markupsafe import Markup

from gulliver.reports.chart import COLOURS, frame, page, points, svg
from gulliver.reports.safe import clean, tag
from gulliver.reports.scales import Scale
from gulliver.studies.calibration import Calibration

_WIDTH, _HEIGHT, _LEFT, _RIGHT, _TOP, _BOTTOM = 720.0, 520.0, 64.0, 20.0, 20.0, 56.0
_LINE = 18.0


def calibration_svg(found: Sequence[tuple[str, Calibration]]) -> Markup:
    """One line a recipe, a point a bin, a bar its interval; the dashed line is where confidence and share agree."""
    across = Scale(0.0, 1.0, _LEFT, _WIDTH - _RIGHT)
    up = Scale(0.0, 1.0, _HEIGHT - _BOTTOM, _TOP)
    ticks = [(i / 5, f"{i / 5:g}") for i in range(6)]
    parts = frame(across, up, ticks, ticks, "stated confidence", "share right")
    parts.append(tag("line", x1=across(0), y1=up(0), x2=across(1), y2=up(1), stroke="#57606a", stroke_dasharray="4 4"))
    for place, (name, one) in enumerate(found):
        colour = COLOURS[place % len(COLOURS)]
        line = points([(b.confidence, b.share) for b in one.bins], across, up)
        parts.append(tag("polyline", points=line, fill="none", stroke=colour, stroke_width="2"))
        for b in one.bins:
            x = across(b.confidence)
            parts.append(tag("line", x1=x, x2=x, y1=up(b.low), y2=up(b.high), stroke=colour, stroke_opacity="0.45"))
            parts.append(tag("circle", tag("title", f"{b.items} items"), cx=x, cy=up(b.share), r=3, fill=colour))
        told = f"{name}: ECE {one.ece.value:.3f}, Brier {one.brier.value:.3f}"
        at = up(1) + 12 + _LINE * place
        parts.append(tag("text", told, x=across(0) + 10, y=at, style=f"fill:{colour}"))
    return svg(parts, _WIDTH, _HEIGHT, "share right against stated confidence")


def calibration_page(found: Sequence[tuple[str, Calibration]], title: str, said: Sequence[str]) -> str:
    """One HTML file: the picture, what is said of it, and the bins."""
    rows = "".join(
        f"<tr><td>{escape(clean(name))}<td>{b.confidence:.3f}<td>{b.share:.3f} <small>{b.low:.3f} to {b.high:.3f}</small><td>{b.items}"
        for name, one in found
        for b in one.bins
    )
    told = "".join(f"<p>{escape(clean(text))}</p>" for text in said)
    head = "<tr><th>recipe<th>stated<th>right<th>items"
    return page(title, f"{calibration_svg(found)}{told}<table>{head}{rows}</table>")
