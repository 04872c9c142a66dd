"""What an experiment found as one picture: a row a measurement, its interval beside the others of its kind."""

from collections.abc import Sequence
from typing import Protocol

from markupsafe import Markup

from gulliver.reports.chart import COLOURS, page, svg
from gulliver.reports.numbers import significant
from gulliver.reports.safe import line, tag
from gulliver.reports.scales import Scale, log_ends, log_ticks

_ROW, _BAND, _PLOT, _TOLD, _MARGIN = 20.0, 46.0, 300.0, 190.0, 16.0
_LETTER, _LONGEST, _END = 6.4, 96, 24
_TICKS = 5
_MANY = 1e6
"""FLOPs stand on another axis than seconds."""


class Measured(Protocol):
    """A number with its interval, as `papers` measures them."""

    @property
    def name(self) -> str: ...
    @property
    def value(self) -> float: ...
    @property
    def low(self) -> float: ...
    @property
    def high(self) -> float: ...


def finding_svg(title: str, measurements: Sequence[Measured]) -> Markup:
    """Shares on 0 to 1, differences about 0, and what is positive and wider spread on logarithmic scales; the rest lies on a
    scale of its own. `title` stands above."""
    bands = [(name, rows) for name in ("shares", "differences", "amounts", "counts", "other") if (rows := [m for m in measurements if _band(m) == name])]  # fmt: skip
    names = min(_LONGEST, max((len(line(m.name)) for m in measurements), default=0)) * _LETTER
    left = _MARGIN + max(names, 200.0)
    width = left + _PLOT + _TOLD
    parts = [tag("text", line(title), x=_MARGIN, y=22, style="font-weight:600")]
    top = 40.0
    for place, (name, rows) in enumerate(bands):
        scale = _scale(name, rows, left)
        bottom = top + _ROW * len(rows)
        parts += _grid(scale, top, bottom, name)
        for number, m in enumerate(rows):
            parts += _row(m, scale, top + _ROW * (number + 0.5), left, COLOURS[place % len(COLOURS)])
        top = bottom + _BAND
    ground = tag("rect", width="100%", height="100%", fill="#fff")
    return svg([ground, *parts], width, top, line(title))


def finding_page(title: str, svg: Markup, said: Sequence[str]) -> str:
    """One HTML file: the picture, and what is said of it."""
    return page(title, f"{svg}{''.join(tag('p', text) for text in said)}")


def _band(m: Measured) -> str:
    if m.low >= -1.0 and m.high <= 1.0:
        return "differences" if m.low < 0.0 or " less " in m.name else "shares"
    if m.low <= 0.0:
        return "other"
    return "counts" if m.value >= _MANY else "amounts"


def _scale(band: str, rows: Sequence[Measured], left: float) -> Scale:
    low, high = min(m.low for m in rows), max(m.high for m in rows)
    if band == "shares":
        low, high = 0.0, 1.0
    elif band == "differences":
        high = max(-low, high, 0.05)
        low = -high
    elif band in ("amounts", "counts"):
        low, high = log_ends([m.value for m in rows], [e for m in rows for e in (m.low, m.high)])
    elif low == high:
        low, high = low - 1.0, high + 1.0
    return Scale(low, high, left + 8.0, left + _PLOT - 8.0, log=band in ("amounts", "counts"))


def _grid(scale: Scale, top: float, bottom: float, band: str) -> list[Markup]:
    steps = [scale.low + (scale.high - scale.low) * i / (_TICKS - 1) for i in range(_TICKS)]
    parts = []
    for value in log_ticks(scale.low, scale.high, _TICKS) if scale.log else steps:
        x = scale(value)
        zero = band == "differences" and abs(value) < 1e-12
        parts.append(
            tag("line", x1=x, x2=x, y1=top, y2=bottom, class_="grid", style="stroke:#57606a" if zero else None)
        )
        parts.append(tag("text", _short(value), x=x, y=bottom + 16, class_="tick middle"))
    return parts


def _row(m: Measured, scale: Scale, y: float, left: float, colour: str) -> list[Markup]:
    name = line(m.name)
    if len(name) > _LONGEST:
        name = f"{name[: _LONGEST - _END - 3]} … {name[-_END:]}"
    told = _short(m.value) if m.low == m.high else f"{_short(m.value)} ({_short(m.low)} to {_short(m.high)})"
    return [
        tag("text", name, x=left - 4, y=y + 4, class_="end"),
        tag("line", x1=scale(m.low), x2=scale(m.high), y1=y, y2=y, stroke=colour, stroke_width="2"),
        tag("circle", cx=scale(m.value), cy=y, r=4.0, fill=colour),
        tag("text", told, x=left + _PLOT + 6, y=y + 4, class_="tick"),
    ]  # fmt: skip


def _short(value: float) -> str:
    return f"{value:.1e}" if abs(value) >= 1e6 or 0 < abs(value) < 1e-4 else significant(value)
