"""From numbers to places on a figure: linear and logarithmic scales and their ticks."""

import math
from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class Scale:
    """Maps `low..high` to the places `start..end`; on a log scale values at or below `low` lie at `start`."""

    low: float
    high: float
    start: float
    end: float
    log: bool = False

    def __call__(self, value: float) -> float:
        if self.log:
            part = (math.log(max(value, self.low)) - math.log(self.low)) / (math.log(self.high) - math.log(self.low))
        else:
            part = (value - self.low) / (self.high - self.low)
        return self.start + min(1.0, max(0.0, part)) * (self.end - self.start)


def share_ends(values: Sequence[float]) -> tuple[float, float]:
    """Round ends within 0..1 that hold all values with a little room; 0..1 when there are none."""
    known = [v for v in values if math.isfinite(v)]
    if not known:
        return 0.0, 1.0
    low, high = max(0.0, min(known)), min(1.0, max(known))
    step = 0.1 if high - low > 0.25 else 0.05
    low, high = math.floor(low / step + 1e-9) * step, math.ceil(high / step - 1e-9) * step
    if high - low < 2 * step:
        low, high = max(0.0, low - step), min(1.0, high + step)
    return low, min(1.0, high)


def share_ticks(low: float, high: float) -> list[float]:
    """Steps of 0.05, 0.1 or 0.2, at most seven."""
    for step in (0.05, 0.1, 0.2, 0.25):
        first, last = math.ceil(low / step - 1e-9), math.floor(high / step + 1e-9)
        if last - first <= 6:
            return [round(i * step, 4) for i in range(first, last + 1)]
    return [low, high]


def log_ends(values: Sequence[float], intervals: Sequence[float] = ()) -> tuple[float, float]:
    """Ends that hold all positive values with room beside them, and intervals as far as ten times beyond."""
    known = [v for v in values if v > 0 and math.isfinite(v)]
    if not known:
        return 0.1, 10.0
    low, high = min(known), max(known)
    wide = [v for v in intervals if low / 10 <= v <= high * 10]
    low, high = min([low, *wide]), max([high, *wide])
    room = max(1.25, (high / low) ** 0.06)
    return low / room, high * room


def log_ticks(low: float, high: float, most: int = 7) -> list[float]:
    """Decades, with 2 and 5 between them when few decades are seen."""
    found: list[float] = []
    for steps in ((1, 2, 5), (1, 3), (1,)):
        decades = range(math.floor(math.log10(low)), math.ceil(math.log10(high)) + 1)
        found = [m * 10.0**d for d in decades for m in steps if low <= m * 10.0**d <= high]
        if len(found) <= most:
            return found
    return found[:: math.ceil(len(found) / most)]
