"""Figures as SVG: the frontier (quality against cost) and the size curve (quality against parameters)."""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import pairwise

from markupsafe import Markup

from gulliver.reports.labels import Box, Placer, text_width
from gulliver.reports.marks import mark
from gulliver.reports.safe import tag
from gulliver.reports.scales import Scale, log_ends, log_ticks, share_ends, share_ticks


@dataclass(frozen=True)
class Interval:
    """A value with its interval."""

    value: float
    low: float
    high: float


@dataclass(frozen=True)
class Point:
    """One recipe on a figure.

    Attributes:
        number: its row in the table, which labels it where its name has no room.
        x, y: cost and quality; x 0 means that there is none, or that nobody told.
        colour: a CSS class; shape: one of `marks.SHAPES`.
        member: whether it is on the frontier; chosen: whether it is the answer.
        tip: what is said when it is pointed at, one line each.
    """

    number: int
    name: str
    x: Interval
    y: Interval
    colour: str
    shape: str
    member: bool = False
    chosen: bool = False
    tip: str = ""


@dataclass(frozen=True)
class Target:
    """The line that recipes have to reach."""

    value: float
    text: str


@dataclass(frozen=True)
class Rung:
    """One measured model of a family; `tip` is said when it is pointed at."""

    parameters: int
    y: Interval
    colour: str
    shape: str
    tip: str


def frontier_figure(
    points: Sequence[Point], title: str, axis: str, show: Callable[[float], str], target: Target | None, wide: bool
) -> Markup:
    """Quality against a cost on a log axis, about 960 pixels wide, or 360 when not `wide`.

    Points without a cost stand left of the axis. Frontier points are filled, named and joined by steps; others are muted.
    """
    width, height, size = (960, 470, 12.5) if wide else (360, 400, 11.5)
    free = any(p.x.value <= 0 for p in points)
    left, right, top, bottom = 52.0, width - 14.0, 16.0, height - 46.0
    begin = left + (64.0 if free else 0.0)
    seen = [v for p in points for v in (p.y.low, p.y.high)] + ([target.value] if target else [])
    y = Scale(*share_ends(seen), bottom - 9, top + 4)
    x = Scale(
        *log_ends([p.x.value for p in points], [v for p in points for v in (p.x.low, p.x.high)]), begin, right, log=True
    )
    at = _places(points, x, (left + begin) / 2)
    room, strip = _without_cost(left, begin, top, bottom, size) if free else (None, [])
    ticks = _log_axis(x, bottom, top, show, axis, 7 if wide else 4, room, size)
    parts = [_share_axis(y, left, right), *ticks, *strip]
    frame = Box(left + 2, top - 8, right, bottom - 2)
    walls = [_around(at[i], y(p.y.value), 12 if p.chosen else 7) for i, p in enumerate(points)]
    whiskers = [_whisker_boxes(p, at[i], x, y) for i, p in enumerate(points)]
    placer = Placer(
        frame,
        walls,
        [box for boxes in whiskers for box in boxes],
        list(zip(at, (y(p.y.value) for p in points), strict=True)),
    )
    if target:
        parts.append(_target_line(target, y, left, right, size, placer))
    steps = _steps(points, at, y)
    placer.lines += _step_boxes(steps)
    if len(steps) > 1:
        parts.append(tag("polyline", points=" ".join(f"{u:.1f},{v:.1f}" for u, v in steps), class_="steps"))
    order = sorted(range(len(points)), key=lambda i: (points[i].chosen, points[i].member))
    parts += [_point(points[i], at[i], x, y) for i in order]
    parts += [label for i in reversed(order) for label in _label(points[i], at[i], y(points[i].y.value), size, placer)]
    return _figure(parts, width, height, title, "wide" if wide else "narrow")


def size_figure(
    rungs: Sequence[Rung], ahead: tuple[int, Interval] | None, ends: tuple[float, float], title: str,
    show: Callable[[float], str], target: Target | None = None, width: int = 300,
) -> Markup:  # fmt: skip
    """Quality against parameters on a log axis for one strategy of one family; `ahead` is the predicted next rung."""
    height, left, top = 210, 52.0, 12.0
    right, bottom = width - 14.0, height - 42.0
    sizes = [r.parameters for r in rungs] + ([ahead[0]] if ahead else [])
    low, high = min(sizes), max(sizes)
    room = max(1.3, (high / low) ** 0.15)
    x, y = Scale(low / room, high * room, left, right, log=True), Scale(*ends, bottom - 6, top)
    parts = [
        _share_axis(y, left, right, 5),
        tag("text", "parameters", x=(left + right) / 2, y=height - 6, class_="axis middle"),
    ]
    last = -1e9
    for value in sorted(set(sizes)):
        text = show(value)
        half = text_width(text, 11.5) / 2
        place = min(x(value), right - half + 12)
        if place - half > last:
            parts.append(tag("text", text, x=place, y=bottom + 17, class_="tick middle"))
            last = place + half + 3
    if target:
        parts.append(tag("line", x1=left, x2=right, y1=y(target.value), y2=y(target.value), class_="target"))
    ordered = sorted(rungs, key=lambda r: r.parameters)
    colour = ordered[-1].colour
    if ahead:
        size, said = ahead
        end = ordered[-1]
        a, b = x(end.parameters), x(size)
        corners = ((a, end.y.value), (b, said.high), (b, said.low))
        parts.append(
            tag("polygon", points=" ".join(f"{u:.1f},{y(v):.1f}" for u, v in corners), class_=f"band {colour}")
        )
        parts.append(tag("line", x1=a, x2=b, y1=y(end.y.value), y2=y(said.value), class_=f"ahead {colour}"))
        parts.append(tag("line", x1=b, x2=b, y1=y(said.low), y2=y(said.high), class_=f"whisker {colour}"))
        parts.append(mark("circle", b, y(said.value), 4.5, class_=f"mark hollow {colour}"))
    for a_rung, b_rung in pairwise(ordered):
        ends_at = {
            "x1": x(a_rung.parameters),
            "y1": y(a_rung.y.value),
            "x2": x(b_rung.parameters),
            "y2": y(b_rung.y.value),
        }
        parts.append(tag("line", class_="curve", **ends_at))
    for rung in ordered:
        u = x(rung.parameters)
        whisker = tag("line", x1=u, x2=u, y1=y(rung.y.low), y2=y(rung.y.high), class_="whisker")
        body = mark(rung.shape, u, y(rung.y.value), 5, class_="mark")
        parts.append(_pointed(rung.tip, f"point member {rung.colour}", whisker, body))
    return _figure(parts, width, height, title, "small")


def interval_bar(value: float, low: float, high: float, target: float | None, title: str) -> Markup:
    """A thin bar on 0..1 for a table cell: the interval, the value, and a mark where the target is."""
    x = Scale(0.0, 1.0, 4.0, 76.0)
    parts = [
        tag("line", x1=4, x2=76, y1=7, y2=7, class_="grid"),
        tag("line", x1=x(low), x2=x(high), y1=7, y2=7, class_="span"),
        tag("circle", cx=x(value), cy=7, r=3, class_="dot"),
    ]
    if target is not None:
        parts.append(tag("line", x1=x(target), x2=x(target), y1=1, y2=13, class_="target"))
    return tag("svg", *parts, viewBox="0 0 80 14", class_="bar", role="img", aria_label=title)


def _figure(parts: Sequence[Markup], width: int, height: int, title: str, kind: str) -> Markup:
    body = tag("g", *parts)
    return tag("svg", body, viewBox=f"0 0 {width} {height}", class_=f"figure {kind}", role="group", aria_label=title)


def _pointed(tip: str, class_: str, *parts: Markup) -> Markup:
    said = ", ".join(tip.split("\n"))
    return tag("g", *parts, class_=class_, data_tip=tip, role="img", aria_label=said, tabindex=0)


def _around(x: float, y: float, half: float) -> Box:
    return Box(x - half, y - half, x + half, y + half)


def _places(points: Sequence[Point], x: Scale, gutter: float) -> list[float]:
    return [x(p.x.value) if p.x.value > 0 else gutter for p in points]


def _share_axis(y: Scale, left: float, right: float, most: int = 7) -> Markup:
    ticks = share_ticks(y.low, y.high)
    parts: list[Markup] = []
    for value in ticks[:: -(-len(ticks) // most)]:
        place = y(value)
        parts.append(tag("line", x1=left, x2=right, y1=place, y2=place, class_="grid"))
        parts.append(tag("text", f"{value:.2f}", x=left - 7, y=place + 4, class_="tick end"))
    middle = (y.start + y.end) / 2
    parts.append(
        tag("text", "quality", x=0, y=0, transform=f"translate(12 {middle:.0f}) rotate(-90)", class_="axis middle")
    )
    return tag("g", *parts)


def _log_axis(
    x: Scale,
    bottom: float,
    top: float,
    show: Callable[[float], str],
    axis: str,
    most: int,
    free: Box | None,
    size: float,
) -> list[Markup]:
    """Ticks, with labels where there is room for them beside each other and beside the words under `free`."""
    parts: list[Markup] = []
    taken = free.right + 4 if free else -math.inf
    for value in log_ticks(x.low, x.high, most):
        place, half = x(value), text_width(show(value), size) / 2
        parts.append(tag("line", x1=place, x2=place, y1=top, y2=bottom, class_="grid"))
        if place - half > taken and place + half < x.end + 14:
            parts.append(tag("text", show(value), x=place, y=bottom + 17, class_="tick middle"))
            taken = place + half + 4
    parts.append(tag("text", axis, x=(x.start + x.end) / 2, y=bottom + 40, class_="axis middle"))
    return parts


def _without_cost(left: float, begin: float, top: float, bottom: float, size: float) -> tuple[Box, list[Markup]]:
    """The strip left of the axis for points that have no cost, and the room its words take."""
    middle, half = (left + begin) / 2, text_width("not told", size) / 2
    words = [
        tag("text", text, x=middle, y=bottom + down, class_="tick middle")
        for text, down in (("none or", 16), ("not told", 29))
    ]
    edge = tag("line", x1=begin, x2=begin, y1=top, y2=bottom, class_="edge")
    return Box(middle - half, bottom, middle + half, bottom + 32), [edge, *words]


def _target_line(target: Target, y: Scale, left: float, right: float, size: float, placer: Placer) -> Markup:
    """The line with its name at the end and on the side where it covers least."""
    place, wide = y(target.value), text_width(target.text, size)
    best: tuple[int, Box] | None = None
    for begin in (right - wide, left + 4):
        for top in (place - size - 5, place + 2):
            box = Box(begin, top, begin + wide, top + size + 3)
            covered = sum(2 * box.meets(wall) for wall in placer.walls) + sum(box.meets(line) for line in placer.lines)
            if box.within(placer.frame) and (best is None or covered < best[0]):
                best = covered, box
    line = tag("line", x1=left, x2=right, y1=place, y2=place, class_="target")
    if best is None:
        return line
    placer.walls.append(best[1])
    return tag(
        "g",
        line,
        tag("text", target.text, x=best[1].left + wide / 2, y=best[1].bottom - 4, class_="target-text middle"),
    )


def _steps(points: Sequence[Point], at: Sequence[float], y: Scale) -> list[tuple[float, float]]:
    """The corners of the line through the frontier's points, from the cheapest up; it never falls."""
    members = sorted((at[i], p.y.value) for i, p in enumerate(points) if p.member)
    corners: list[tuple[float, float]] = []
    best = 0.0
    for place, value in members:
        corners += [(place, y(best))] if corners else []
        best = max(best, value)
        corners.append((place, y(best)))
    return corners


def _step_boxes(corners: Sequence[tuple[float, float]]) -> list[Box]:
    return [Box(min(a, c) - 1, min(b, d) - 1, max(a, c) + 1, max(b, d) + 1) for (a, b), (c, d) in pairwise(corners)]


def _whisker_boxes(point: Point, at: float, x: Scale, y: Scale) -> list[Box]:
    boxes = [Box(at - 1, y(point.y.high), at + 1, y(point.y.low))]
    if point.x.value > 0 and point.x.high > point.x.low:
        middle = y(point.y.value)
        boxes.append(Box(x(point.x.low), middle - 1, x(point.x.high), middle + 1))
    return boxes


def _point(point: Point, at: float, x: Scale, y: Scale) -> Markup:
    middle = y(point.y.value)
    parts = [tag("line", x1=at, x2=at, y1=y(point.y.low), y2=y(point.y.high), class_="whisker")]
    if point.x.value > 0 and point.x.high > point.x.low:
        parts.append(tag("line", x1=x(point.x.low), x2=x(point.x.high), y1=middle, y2=middle, class_="whisker"))
    if point.chosen:
        parts.append(tag("circle", cx=at, cy=middle, r=11, class_="ring"))
    parts.append(mark(point.shape, at, middle, class_="mark"))
    kind = "member" if point.member or point.chosen else "muted"
    return _pointed(point.tip, f"point {kind} {point.colour}", *parts)


def _label(point: Point, at: float, middle: float, size: float, placer: Placer) -> list[Markup]:
    texts = [(f"{point.number} {point.name}", 5.0)] if point.member or point.chosen else []
    if point.chosen:
        texts = [(f"{texts[0][0]} (recommended)", 10.0), (f"{point.number} recommended", 20.0), *texts]
    kind = "chosen" if point.chosen else "member" if point.member else "muted"
    for text, most in [*texts, (str(point.number), math.inf)]:
        wide = text_width(text, size) * (1.15 if point.chosen else 1.0)
        spot = placer.place(at, middle, wide, size + 3, most)
        if spot is None:
            continue
        box = spot.box
        label = tag("text", text, x=(box.left + box.right) / 2, y=box.bottom - 4, class_=f"label {kind} middle")
        if spot.leader is None:
            return [label]
        x1, y1, x2, y2 = spot.leader
        return [tag("line", x1=x1, y1=y1, x2=x2, y2=y2, class_="leader"), label]
    return []
