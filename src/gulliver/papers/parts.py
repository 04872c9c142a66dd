"""A claim of several parts: each yes, no or open (None), by its interval; the verdict follows from all of them."""

import math
from collections.abc import Mapping, Sequence
from typing import Protocol

from gulliver.laws import Interval
from gulliver.papers.base import Measurement, Verdict

Part = bool | None


class Bounded(Protocol):
    """What has an interval."""

    @property
    def low(self) -> float: ...

    @property
    def high(self) -> float: ...


def measured(name: str, i: Interval, n: int, limits: tuple[float, float], note: str = "") -> Measurement:
    """An interval as a measurement, cut to what the quantity can be; one that could not be made reaches to those limits."""
    least, most = limits
    if i.low is None or i.high is None or math.isnan(i.low) or math.isnan(i.high):
        return Measurement(name, i.value, least, most, n, f"no interval; {note}".removesuffix("; "))
    return Measurement(name, i.value, max(i.low, least), min(i.high, most), n, note)


def within(m: Measurement, low: float, high: float) -> Part:
    """Whether the whole interval lies between these, or none of it; open where a part does."""
    if m.low > high or m.high < low:
        return False
    return True if m.low >= low and m.high <= high else None


def above(found: Bounded, border: float = 0.0) -> Part:
    """Whether the whole interval lies above the border, or all of it below; open where it meets the border."""
    return True if found.low > border else False if found.high < border else None


def below(found: Bounded, border: float = 0.0) -> Part:
    """The other way round."""
    return True if found.high < border else False if found.low > border else None


def every(found: Sequence[Part]) -> Part:
    """No when one is, else open when one is: for a part that is said of each."""
    return False if False in found else None if None in found else True


def whichever(found: Sequence[Part]) -> Part:
    """Yes when all are, no when none is, else open: for one part by several ways of counting."""
    return True if all(f is True for f in found) else False if all(f is False for f in found) else None


def verdict(parts: Mapping[str, Part], too_few: str = "") -> tuple[Verdict, str]:
    """*holds* when every part does, *does not hold here* when one is not so, else, or with `too_few`, *cannot tell*."""
    words = {True: "yes", False: "no", None: "open"}
    said = "; ".join(f"{part}: {words[found]}" for part, found in parts.items())
    if too_few:
        return "cannot tell", f"Cannot tell: {too_few} ({said})."
    if False in parts.values():
        return "does not hold here", f"Does not hold here in every part: {said}."
    if None in parts.values():
        return "cannot tell", f"Cannot tell: {said}."
    return "holds", f"Holds: {said}."
