"""Where labels go on a figure so that none covers another or a point."""

import math
from dataclasses import dataclass, field

_AROUND = (0, 180, 270, 90, 315, 45, 225, 135, 337.5, 22.5, 202.5, 157.5)
_RINGS = (9.0, 16.0, 26.0, 38.0, 54.0, 72.0)


@dataclass(frozen=True)
class Box:
    """A rectangle: left, top, right, bottom (the page's y grows downwards)."""

    left: float
    top: float
    right: float
    bottom: float

    def meets(self, other: "Box") -> bool:
        """Whether the two share any area."""
        apart = self.right <= other.left or other.right <= self.left
        return not (apart or self.bottom <= other.top or other.bottom <= self.top)

    def within(self, other: "Box") -> bool:
        """Whether it lies inside the other."""
        across = self.left >= other.left and self.right <= other.right
        return across and self.top >= other.top and self.bottom <= other.bottom

    def holds(self, x: float, y: float) -> bool:
        """Whether the point lies inside."""
        return self.left <= x <= self.right and self.top <= y <= self.bottom

    def gap(self, x: float, y: float) -> float:
        """How far the point lies from the nearest edge; 0 inside."""
        return math.hypot(max(self.left - x, 0.0, x - self.right), max(self.top - y, 0.0, y - self.bottom))


@dataclass(frozen=True)
class Spot:
    """Where a label was put; `leader` is the line from its point, when it lies too far off to go without."""

    box: Box
    leader: tuple[float, float, float, float] | None = None


@dataclass
class Placer:
    """Finds room for labels one after another: `walls` are never covered, `lines` only when nothing else is left.

    `points` are all places that labels belong to; a label that lies nearer to another's point than to its own is put
    there only when nothing else is left.
    """

    frame: Box
    walls: list[Box] = field(default_factory=list)
    lines: list[Box] = field(default_factory=list)
    points: list[tuple[float, float]] = field(default_factory=list)

    def place(self, x: float, y: float, width: float, height: float, most: float = math.inf) -> Spot | None:
        """A spot near the point; None when nothing fits, or all that fits is worse than `most` (5 is one line covered). Leaders cross no label and no other point."""
        best: tuple[float, Spot] | None = None
        for ring, distance in enumerate(_RINGS):
            for turn, angle in enumerate(_AROUND):
                box = _beside(x, y, width, height, distance, math.radians(angle))
                if not box.within(self.frame) or any(box.meets(wall) for wall in self.walls):
                    continue
                foot = min(max(x, box.left), box.right), min(max(y, box.top), box.bottom)
                spot = Spot(box, (x, y, *foot) if ring >= 2 else None)
                if any(dot.meets(wall) for dot in _dots(spot) for wall in self.walls if not wall.holds(x, y)):
                    continue
                price = 2.0 * ring + 0.1 * turn + 5.0 * sum(box.meets(line) for line in self.lines)
                own = box.gap(x, y)
                price += 14.0 * any(box.gap(u, v) <= own + 3 for u, v in self.points if (u, v) != (x, y))
                if price < most and (best is None or price < best[0]):
                    best = price, spot
        if best is None:
            return None
        self.walls.append(best[1].box)
        self.lines += _dots(best[1])
        return best[1]


def text_width(text: str, size: float) -> float:
    """A safe guess of the width of text in a proportional face of `size` pixels."""
    return sum(0.95 if ord(char) > 0x2E7F else 0.57 for char in text) * size + 2


def _dots(spot: Spot) -> list[Box]:
    """The leader as a row of small boxes."""
    if spot.leader is None:
        return []
    x, y, u, v = spot.leader
    count = max(2, int(math.hypot(u - x, v - y) / 5))
    middles = [(x + (u - x) * i / count, y + (v - y) * i / count) for i in range(count)]
    return [Box(a - 1, b - 1, a + 1, b + 1) for a, b in middles]


def _beside(x: float, y: float, width: float, height: float, distance: float, angle: float) -> Box:
    """The box whose nearest edge or corner lies about `distance` from the point in that direction (90 is down)."""
    across, down = math.cos(angle), math.sin(angle)
    beside, above = abs(across) > 0.05, abs(down) > 0.45
    reach = distance * (1.2 if beside and above else 1.0)
    centre_x = x + across * reach + (math.copysign(width / 2, across) if beside else 0.0)
    centre_y = y + down * reach + (math.copysign(height / 2, down) if above else 0.0)
    return Box(centre_x - width / 2, centre_y - height / 2, centre_x + width / 2, centre_y + height / 2)
