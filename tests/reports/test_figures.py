"""On figures labels cover neither each other nor points, and scales put values where they belong."""

import random
import re

import pytest

from gulliver.reports.figures import Interval, Point, Target, frontier_figure
from gulliver.reports.labels import Box, Placer, text_width
from gulliver.reports.marks import SHAPES
from gulliver.reports.numbers import flops
from gulliver.reports.scales import Scale, log_ends, log_ticks, share_ends, share_ticks


def points(count: int, seed: int) -> list[Point]:
    rng = random.Random(seed)
    made = []
    for number in range(1, count + 1):
        cost, quality = 10 ** rng.uniform(9, 12), rng.uniform(0.05, 0.9)
        made.append(
            Point(
                number, f"model-{number}b | pal | majority(n=8)", Interval(cost, cost * 0.8, cost * 1.3), Interval(quality, quality - 0.05, quality + 0.1),
                f"c{number % 8}", SHAPES[number % 6], member=number % 3 == 0, chosen=number == 6, tip=f"model-{number}",
            )
        )  # fmt: skip
    return made


def labels(svg: str, size: float) -> list[Box]:
    found = re.findall(r'<text x="([\d.]+)" y="([\d.]+)" class="label[^"]*">([^<]+)</text>', svg)
    boxes = []
    for x, y, text in found:
        half = text_width(text, size) / 2 - 1
        boxes.append(Box(float(x) - half, float(y) - size * 0.8, float(x) + half, float(y) + size * 0.2))
    return boxes


@pytest.mark.parametrize("wide", [True, False])
@pytest.mark.parametrize("seed", range(6))
def test_labels_never_overlap_and_stay_inside(wide: bool, seed: int) -> None:
    made = points(20, seed)
    svg = str(frontier_figure(made, "t", "FLOPs", flops, Target(0.5, "target 0.5"), wide))
    boxes = labels(svg, 12.5 if wide else 11.5)
    assert len(boxes) >= 18
    assert not any(a.meets(b) for i, a in enumerate(boxes) for b in boxes[:i])
    edge = Box(0, 0, 960 if wide else 360, 470)
    assert all(box.within(edge) for box in boxes)


def test_the_recommended_point_is_named_and_ringed() -> None:
    svg = str(frontier_figure(points(12, 1), "t", "FLOPs", flops, None, True))
    assert svg.count('class="ring"') == 1
    assert "6 model-6b | pal | majority(n=8) (recommended)" in svg or "6 recommended" in svg


def test_points_without_a_cost_stand_left_of_the_axis() -> None:
    free = Point(1, "floor", Interval(0.0, 0.0, 0.0), Interval(0.3, 0.2, 0.4), "floor", "cross")
    svg = str(frontier_figure([free, *points(3, 2)], "t", "FLOPs", flops, None, True))
    assert "not told" in svg
    assert "not told" not in str(frontier_figure(points(3, 2), "t", "FLOPs", flops, None, True))


def test_equal_points_can_be_drawn() -> None:
    one = Point(1, "a", Interval(1e9, 1e9, 1e9), Interval(0.5, 0.5, 0.5), "c0", "circle", True)
    svg = str(frontier_figure([one, one], "t", "FLOPs", flops, None, False))
    assert "NaN" not in svg
    assert "nan" not in svg


def test_a_label_has_no_room_where_walls_fill_the_frame() -> None:
    frame = Box(0, 0, 100, 100)
    assert Placer(frame, [frame]).place(50, 50, 20, 10) is None
    spot = Placer(frame).place(50, 50, 20, 10)
    assert spot is not None
    assert spot.box.within(frame)


def test_a_label_avoids_lines_and_the_neighbourhood_of_other_points() -> None:
    frame = Box(0, 0, 400, 200)
    line = Box(50, 99, 400, 101)
    spot = Placer(frame, lines=[line]).place(100, 100, 60, 14)
    assert spot is not None
    assert not spot.box.meets(line)
    near = Placer(frame, points=[(130, 100)]).place(100, 100, 14, 14)
    assert near is not None
    assert near.box.gap(100, 100) < near.box.gap(130, 100)


@pytest.mark.parametrize(
    ("values", "ends"),
    [([0.02, 0.64], (0.0, 0.7)), ([], (0.0, 1.0)), ([0.5, 0.5], (0.45, 0.55)), ([0.97, 1.0], (0.9, 1.0))],
)
def test_ends_of_shares_are_round_and_hold_all(values: list[float], ends: tuple[float, float]) -> None:
    assert share_ends(values) == pytest.approx(ends)


def test_ticks_are_few_and_lie_between_the_ends() -> None:
    for low, high in ((0.0, 1.0), (0.1, 0.35), (0.45, 0.55)):
        ticks = share_ticks(low, high)
        assert 2 <= len(ticks) <= 7
        assert all(low - 1e-6 <= t <= high + 1e-6 for t in ticks)
    assert log_ticks(4e10, 5e12) == pytest.approx([5e10, 1e11, 2e11, 5e11, 1e12, 2e12, 5e12])
    assert log_ticks(1.0, 1e12) == pytest.approx([10.0**d for d in (0, 2, 4, 6, 8, 10, 12)])


def test_log_ends_leave_out_what_is_not_positive_and_intervals_far_off() -> None:
    low, high = log_ends([0.0, 1e9, 1e10], [1e-3, 2e10])
    assert 5e8 < low < 1e9
    assert 2e10 < high < 4e10
    assert log_ends([0.0]) == (0.1, 10.0)


def test_a_log_scale_puts_the_geometric_mean_in_the_middle() -> None:
    scale = Scale(1.0, 100.0, 0.0, 200.0, log=True)
    assert scale(10.0) == pytest.approx(100.0)
    assert scale(0.0) == 0.0
