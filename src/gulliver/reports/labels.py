"""Where labels go on a figure so that none covers another or a point."""

import math
from collections.abc import Sequence
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


@dataclass
class Placer:
    """Finds room for labels one after another: `walls` are never covered, `lines` only when nothing else is left."""

    frame: Box
    walls: list[Box] = field(default_factory=list)
    lines: Sequence[Box] = ()

    def place(self, x: float, y: float, width: float, height: float) -> tuple[Box, bool] | None:
        """A box near the point, and whether it lies so far off that a leader line is due; None when nothing fits."""
        best: tuple[float, Box, bool] | None = None
        for ring, distance in enumerate(_RINGS):
            for turn, angle in enumerate(_AROUND):
                box = _beside(x, y, width, height, distance, math.radians(angle))
                if not box.within(self.frame) or any(box.meets(wall) for wall in self.walls):
                    continue
                price = 2.0 * ring + 0.1 * turn + 1.5 * sum(box.meets(line) for line in self.lines)
                if best is None or price < best[0]:
                    best = price, box, ring >= 2
        if best is None:
            return None
        self.walls.append(best[1])
        return best[1], best[2]


def text_width(text: str, size: float) -> float:
    """A safe guess of the width of text in a proportional face of `size` pixels."""
    return sum(0.95 if ord(char) > 0x2E7F else 0.57 for char in text) * size + 2


def _beside(x: float, y: float, width: float, height: float, distance: float, angle: float) -> Box:
    """The box whose nearest edge lies `distance` from the point in that direction (0 is right, 90 is down)."""
    across, down = math.cos(angle), math.sin(angle)
    centre_x = x + across * distance + (width / 2) * (0 if abs(across) < 0.05 else math.copysign(1, across))
    centre_y = y + down * distance + (height / 2) * (0 if abs(down) < 0.45 else math.copysign(1, down))
    return Box(centre_x - width / 2, centre_y - height / 2, centre_x + width / 2, centre_y + height / 2)
