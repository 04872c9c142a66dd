"""Which sequence of an engine's cache holds which tokens, and behind which of them a request starts best."""

from array import array
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

SHORT = 16
"""Shared tokens below this number are not worth waiting for."""


@dataclass
class Slot:
    """One sequence. `tokens` are in the cache; `reading`: those it is about to compute, while it reads its prompt."""

    number: int
    tokens: "array[int]" = field(default_factory=lambda: array("i"))
    reading: "array[int] | None" = None
    busy: bool = False
    used: int = 0


class Slots:
    """A fixed number of sequences; those of finished requests keep their tokens until others need the place."""

    def __init__(self, number: int, keep: bool = True) -> None:
        self._slots = [Slot(place) for place in range(number)]
        self.keeps = keep
        self._clock = 0

    def best(self, ids: Sequence[int], usable: int) -> tuple[Slot | None, int, bool]:
        """The slot that shares most of the first `usable` tokens, how many it has computed of them, and whether another is
        about to compute so many more that waiting pays."""
        wanted = array("i", ids)
        source, most, coming = None, 0, 0
        for slot in self._slots if self.keeps else ():
            there = min(common(wanted, slot.tokens), usable)
            if there > most:
                source, most = slot, there
            if slot.reading is not None:
                coming = max(coming, min(common(wanted, slot.reading), usable))
        return source, most, coming >= most + SHORT

    def take(self, avoid: Slot | None) -> Slot:
        """A free slot for a new request: an empty one, else the one unused for longest; `avoid` only when no other is free.
        Its tokens are still in the cache."""
        free = list(self.free())
        slot = min(
            [slot for slot in free if slot is not avoid] or free, key=lambda each: (len(each.tokens) > 0, each.used)
        )
        slot.busy = True
        return slot

    def free(self) -> Iterator[Slot]:
        """Slots of no request under way."""
        return (slot for slot in self._slots if not slot.busy)

    def oldest(self) -> Slot | None:
        """The free slot with tokens that was used the longest ago."""
        return min((slot for slot in self.free() if slot.tokens), key=lambda slot: slot.used, default=None)

    def held(self) -> int:
        """Tokens that finished requests hold, those that several share counted for each."""
        return sum(len(slot.tokens) for slot in self.free())

    def release(self, slot: Slot) -> None:
        """The request is over; its tokens stay for those that begin alike."""
        self._clock += 1
        slot.busy, slot.reading, slot.used = False, None, self._clock


def common(one: "array[int]", other: "array[int]") -> int:
    """How many tokens both begin with alike.

    >>> common(array("i", [1, 2, 3]), array("i", [1, 2, 4, 5]))
    2
    """
    most = min(len(one), len(other))
    if not most or one[0] != other[0]:
        return 0
    low, high = 1, most + 1  # alike in `low`, not known to be alike in `high`
    while high - low > 1:
        middle = (low + high) // 2
        if one[low:middle] == other[low:middle]:
            low = middle
        else:
            high = middle
    return low
