"""Curves over the number of draws as one picture: lines with their bands, as SVG or as a page that works offline."""

from collections.abc import Sequence
from html import escape

from markupsafe import Markup

from gulliver.reports.safe import clean, tag
from gulliver.reports.scales import Scale, share_ends, share_ticks
from gulliver.studies.curves import Curve

_COLOURS = ("#0072b2", "#c04d00", "#00795a", "#a8478c")
_WIDTH, _HEIGHT, _LEFT, _RIGHT, _TOP, _BOTTOM = 860.0, 460.0, 64.0, 140.0, 20.0, 56.0
_APART = 16.0
_STYLE = (
    "text{font:12px system-ui,sans-serif;fill:#1b1f24}.tick{fill:#57606a}.middle{text-anchor:middle}.end{text-anchor:end}"
    ".grid{stroke:#e9edf1}"
)


def curves_svg(curves: Sequence[Curve], title: str) -> Markup:
    """Share right against draws on a log axis; each line is named at its end."""
    right, bottom = _WIDTH - _RIGHT, _HEIGHT - _BOTTOM
    most = curves[0].k[-1]
    across = Scale(1.0, float(max(2, most)), _LEFT, right, log=True)
    up = Scale(*share_ends([v for c in curves for v in (*c.low, *c.high)]), bottom, _TOP)
    parts = _axes(across, up, most)
    for curve, colour in zip(curves, _COLOURS, strict=False):
        there = [*zip(curve.k, curve.high, strict=True)]
        back = [*zip(curve.k, curve.low, strict=True)][::-1]
        parts.append(tag("polygon", points=_points([*there, *back], across, up), fill=colour, fill_opacity="0.13"))
    for curve, colour in zip(curves, _COLOURS, strict=False):
        told = tag("title", f"{curve.name}: {curve.how}")
        line = _points(list(zip(curve.k, curve.value, strict=True)), across, up)
        parts.append(tag("polyline", told, points=line, fill="none", stroke=colour, stroke_width="2"))
        if most == 1:
            parts.append(tag("circle", cx=across(1.0), cy=up(curve.value[0]), r=3, fill=colour))
    for place, at in _labels([up(curve.value[-1]) for curve in curves]):
        name = f"{curves[place].name} {curves[place].value[-1]:.3f}"
        parts.append(tag("text", name, x=right + 8, y=at + 4, style=f"fill:{_COLOURS[place % len(_COLOURS)]}"))
    return tag(
        "svg", tag("style", Markup(_STYLE)), *parts, xmlns="http://www.w3.org/2000/svg",
        viewBox=f"0 0 {_WIDTH:.0f} {_HEIGHT:.0f}", role="img", aria_label=f"{title}: share right against draws",
    )  # fmt: skip


def curves_page(curves: Sequence[Curve], title: str, said: Sequence[str]) -> str:
    """One HTML file: the picture, what is said of it, and the values."""
    rows = "".join(
        f"<tr><td>{k}"
        + "".join(f"<td>{c.value[k - 1]:.4f} <small>{c.low[k - 1]:.3f} to {c.high[k - 1]:.3f}</small>" for c in curves)
        for k in curves[0].k
    )
    heads = "".join(f"<th>{escape(c.name)}" for c in curves)
    return (
        '<!doctype html><html lang="en"><meta charset="utf-8"><meta name="viewport" content="width=device-width">'
        f"<title>{escape(clean(title))}</title><style>body{{font:16px/1.5 system-ui,sans-serif;max-width:56rem;margin:2rem auto;"
        "padding:0 1rem;color:#1b1f24;background:#fff}table{border-collapse:collapse}td,th{padding:.2rem .9rem .2rem 0;"
        "text-align:left}svg{width:100%;height:auto}</style>".replace("{{", "{")
        + f"<h1>{escape(clean(title))}</h1>{curves_svg(curves, title)}"
        + "".join(f"<p>{escape(clean(text))}</p>" for text in said)
        + f"<table><tr><th>draws{heads}{rows}</table></html>\n"
    )


def _axes(across: Scale, up: Scale, most: int) -> list[Markup]:
    bottom, parts = _HEIGHT - _BOTTOM, []
    for value in sorted({k for k in (2**i for i in range(11)) if k <= most} | {most}):
        parts.append(tag("line", x1=across(value), x2=across(value), y1=_TOP, y2=bottom, class_="grid"))
        parts.append(tag("text", str(value), x=across(value), y=bottom + 18, class_="tick middle"))
    for value in share_ticks(up.low, up.high):
        parts.append(tag("line", x1=across.start, x2=across.end, y1=up(value), y2=up(value), class_="grid"))
        parts.append(tag("text", f"{value:g}", x=_LEFT - 7, y=up(value) + 4, class_="tick end"))
    parts.append(tag("text", "draws", x=(across.start + across.end) / 2, y=bottom + 42, class_="middle"))
    middle = f"translate(16 {(_TOP + bottom) / 2:.0f}) rotate(-90)"
    parts.append(tag("text", "share right", x=0, y=0, transform=middle, class_="middle"))
    return parts


def _labels(wanted: Sequence[float]) -> list[tuple[int, float]]:
    """Places of labels, from the top, pushed down as far as they would overlap."""
    placed: list[tuple[int, float]] = []
    for place in sorted(range(len(wanted)), key=lambda i: wanted[i]):
        least = placed[-1][1] + _APART if placed else 0.0
        placed.append((place, max(wanted[place], least)))
    return placed


def _points(pairs: Sequence[tuple[float, float]], across: Scale, up: Scale) -> str:
    return " ".join(f"{across(float(a)):.1f},{up(b):.1f}" for a, b in pairs)
