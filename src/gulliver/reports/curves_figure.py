"""Curves over the number of draws as one picture: lines with their bands, as SVG or as a page that works offline."""

from collections.abc import Sequence
from html import escape

from markupsafe import Markup

from gulliver.reports.chart import COLOURS, frame, page, points, svg
from gulliver.reports.safe import clean, tag
from gulliver.reports.scales import Scale, share_ends, share_ticks
from gulliver.studies.curves import Curve

_WIDTH, _HEIGHT, _LEFT, _RIGHT, _TOP, _BOTTOM = 860.0, 460.0, 64.0, 140.0, 20.0, 56.0
_APART = 16.0


def curves_svg(curves: Sequence[Curve], title: str) -> Markup:
    """Share right against draws on a log axis; each line is named at its end."""
    right, bottom = _WIDTH - _RIGHT, _HEIGHT - _BOTTOM
    most = curves[0].k[-1]
    across = Scale(1.0, float(max(2, most)), _LEFT, right, log=True)
    up = Scale(*share_ends([v for c in curves for v in (*c.low, *c.high)]), bottom, _TOP)
    shares = [(value, f"{value:g}") for value in share_ticks(up.low, up.high)]
    parts = frame(across, up, [(k, str(k)) for k in doubled(most)], shares, "draws", "share right")
    for curve, colour in zip(curves, COLOURS, strict=False):
        there = [*zip(curve.k, curve.high, strict=True)]
        back = [*zip(curve.k, curve.low, strict=True)][::-1]
        parts.append(tag("polygon", points=points([*there, *back], across, up), fill=colour, fill_opacity="0.13"))
    for curve, colour in zip(curves, COLOURS, strict=False):
        told = tag("title", f"{curve.name}: {curve.how}")
        line = points(list(zip(curve.k, curve.value, strict=True)), across, up)
        parts.append(tag("polyline", told, points=line, fill="none", stroke=colour, stroke_width="2"))
        if most == 1:
            parts.append(tag("circle", cx=across(1.0), cy=up(curve.value[0]), r=3, fill=colour))
    for place, at in _labels([up(curve.value[-1]) for curve in curves]):
        name = f"{curves[place].name} {curves[place].value[-1]:.3f}"
        parts.append(tag("text", name, x=right + 8, y=at + 4, style=f"fill:{COLOURS[place % len(COLOURS)]}"))
    return svg(parts, _WIDTH, _HEIGHT, f"{title}: share right against draws")


def curves_page(curves: Sequence[Curve], title: str, said: Sequence[str]) -> str:
    """One HTML file: the picture, what is said of it, and the values."""
    rows = "".join(
        f"<tr><td>{k}"
        + "".join(f"<td>{c.value[k - 1]:.4f} <small>{c.low[k - 1]:.3f} to {c.high[k - 1]:.3f}</small>" for c in curves)
        for k in curves[0].k
    )
    heads = "".join(f"<th>{escape(c.name)}" for c in curves)
    said_ = "".join(f"<p>{escape(clean(text))}</p>" for text in said)
    return page(title, f"{curves_svg(curves, title)}{said_}<table><tr><th>draws{heads}{rows}</table>")


def doubled(most: int) -> list[int]:
    """1, 2, 4 … and `most`: the numbers of draws that are told."""
    return sorted({2**i for i in range(11) if 2**i <= most} | {most})


def _labels(wanted: Sequence[float]) -> list[tuple[int, float]]:
    """Places of labels, from the top, pushed down as far as they would overlap."""
    placed: list[tuple[int, float]] = []
    for place in sorted(range(len(wanted)), key=lambda i: wanted[i]):
        least = placed[-1][1] + _APART if placed else 0.0
        placed.append((place, max(wanted[place], least)))
    return placed
