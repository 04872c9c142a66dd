"""A fitted law as one picture: the curve with its band, the runs, and predictions, as SVG or as a page that works offline."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from html import escape

import numpy as np
from markupsafe import Markup
from numpy.typing import NDArray

from gulliver.laws import Fitted, LawError
from gulliver.reports.chart import COLOURS, frame, page, points, svg
from gulliver.reports.safe import tag
from gulliver.reports.scales import Scale, log_ends, log_ticks

_WIDTH, _HEIGHT, _LEFT, _RIGHT, _TOP, _BOTTOM = 860.0, 500.0, 70.0, 190.0, 20.0, 56.0


@dataclass(frozen=True)
class Curve:
    """One line: the law along `x` with every other input held; `low` and `high` may be NaN."""

    name: str
    x: NDArray[np.float64]
    value: NDArray[np.float64]
    low: NDArray[np.float64]
    high: NDArray[np.float64]


def curves(
    fitted: Fitted, x: str | None = None, extend: float = 10.0, at: Mapping[str, float] | None = None
) -> list[Curve]:
    """The law along one input, at three values of the input after it, over the table's range and `extend` times beyond.

    Raises:
        LawError: `x` is no numeric input of the law, or the fit does not say its range.
    """
    form = fitted.form
    roles = [role for role in form.inputs if role not in form.labels]
    x = x or roles[0]
    if x not in roles or any(role not in fitted.ranges for role in roles):
        raise LawError(f"{form.name} can be drawn along {', '.join(roles)}, not {x!r}.")
    if form.labels and not all(role in (at or {}) for role in form.labels):
        raise LawError(f"{form.name} is drawn for one {form.labels[0]}; say it with --at {form.labels[0]}=NAME.")
    low, high = fitted.ranges[x]
    along = np.geomspace(max(low, 1e-12), max(high, 1e-12) * extend, 160)
    held = {role: math.sqrt(max(a, 1e-12) * max(b, 1e-12)) for role, (a, b) in fitted.ranges.items() if role != x}
    held = {**held, **{role: v for role, v in (at or {}).items() if role != x}}
    others = [role for role in roles if role != x and role not in (at or {})]
    levels = [{}] if not others else [{others[0]: v} for v in np.geomspace(*fitted.ranges[others[0]], 3)]
    made = []
    for level in levels:
        found = fitted.predict({**held, **level, x: along})
        name = ", ".join(f"{role} {value:.2g}" for role, value in level.items()) or form.name
        cut = [[np.nan if v is None else v for v in (i.value, i.low, i.high)] for i in found]
        made.append(Curve(name, along, *np.array(cut, dtype=np.float64).T))
    return made


def law_svg(
    fitted: Fitted, lines: Sequence[Curve], x: str, runs: tuple[NDArray[np.float64], NDArray[np.float64]] | None = None
) -> Markup:
    """Curves with bands, and runs (inputs, outputs) as dots; a line at the largest fitted input."""
    seen = np.concatenate([*(v for c in lines for v in (c.value, c.low, c.high)), *([] if runs is None else [runs[1]])])
    seen = seen[np.isfinite(seen)]
    far = np.quantile(seen, [0.002, 0.998])
    room = 0.06 * max(float(far[1] - far[0]), 1e-9)
    right = _WIDTH - _RIGHT
    across = Scale(*log_ends([float(v) for c in lines for v in c.x[[0, -1]]]), _LEFT, right, log=True)
    up = Scale(float(far[0]) - room, float(far[1]) + room, _HEIGHT - _BOTTOM, _TOP)
    ticks = [(value, f"{value:.3g}") for value in log_ticks(across.low, across.high)]
    parts = frame(across, up, ticks, _even(up), x.replace("_", " "), fitted.form.output)
    edge = fitted.ranges[x][1]
    parts.append(
        tag(
            "line",
            x1=across(edge),
            x2=across(edge),
            y1=_TOP,
            y2=_HEIGHT - _BOTTOM,
            stroke="#57606a",
            stroke_dasharray="4 4",
        )
    )
    parts.append(tag("text", "largest fitted", x=across(edge) + 4, y=_TOP + 12, class_="tick"))
    for place, curve in enumerate(lines):
        colour = COLOURS[place % len(COLOURS)]
        ok = np.isfinite(curve.low) & np.isfinite(curve.high)
        if ok.any():
            ends = [
                *zip(curve.x[ok], curve.high[ok], strict=True),
                *zip(curve.x[ok][::-1], curve.low[ok][::-1], strict=True),
            ]
            parts.append(tag("polygon", points=points(ends, across, up), fill=colour, fill_opacity="0.16"))
        body = tag("polyline", tag("title", curve.name), points=points(list(zip(curve.x, curve.value, strict=True)), across, up),
                   fill="none", stroke=colour, stroke_width="2")  # fmt: skip
        parts.append(body)
        parts.append(tag("text", curve.name, x=right + 8, y=_TOP + 14 + 18 * place, style=f"fill:{colour}"))
    if runs is not None:
        for a, b in zip(*runs, strict=True):
            said = tag("title", f"{x} {a:.4g}, {fitted.form.output} {b:.4g}")
            parts.append(
                tag("circle", said, cx=across(float(a)), cy=up(float(b)), r=3, fill="#1b1f24", fill_opacity="0.55")
            )
    return svg(parts, _WIDTH, _HEIGHT, f"{fitted.law}: {fitted.form.output} against {x}")


def law_page(fitted: Fitted, figure: Markup) -> str:
    """One HTML file: the picture, the constants with their intervals, and the warnings."""
    rows = "".join(
        f"<tr><td>{escape(name)}<td>{i.value:.5g}<td>{'' if i.low is None else f'{i.low:.4g}'} to {'' if i.high is None else f'{i.high:.4g}'}"
        for name, i in fitted.constants.items()
    )
    warnings = "".join(f"<li>{escape(w)}" for w in fitted.warnings)
    told = f"<h2>Warnings</h2><ul>{warnings}</ul>" if warnings else ""
    return page(
        fitted.law,
        f"<p>{escape(fitted.form.title)}<br>{escape(fitted.form.source)}</p>{figure}"
        f"<p>{fitted.rows} rows, {escape(fitted.minimised)} {fitted.objective:.6g}; intervals at {fitted.level:.0%}: "
        f"{escape(fitted.method)}.</p><table><tr><th>constant<th>value<th>interval{rows}</table>{told}",
    )


def _even(up: Scale) -> list[tuple[float, str]]:
    """Round values on a linear scale, at most nine."""
    step = 10.0 ** math.floor(math.log10(max(up.high - up.low, 1e-12) / 4.0))
    step *= next(m for m in (1, 2, 5, 10, 20) if (up.high - up.low) / (step * m) <= 8)
    places = range(math.ceil(up.low / step), math.floor(up.high / step) + 1)
    return [(k * step, f"{k * step:.4g}") for k in places]
