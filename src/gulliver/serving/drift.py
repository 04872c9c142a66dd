"""Notice that a share of right answers has fallen below a target, looking at every answer, with a bounded chance of a false alarm.

Bettors start one after another, each with a part of a stake of 1, and bet that answers are wrong more often than the target
allows (a mixture of constant fractions; Waudby-Smith & Ramdas 2023, as in `studies.confidence`). While the target holds, all of them together are a
nonnegative supermartingale, so that they ever reach 1 / alpha with chance at most alpha (Ville), however long the server runs.
That some begin late is what notices a fall after a long good time: the first have lost their stake by then (the e-detector's
idea, Shin, Ramdas & Rinaldo 2023, with weights in place of a sum, since an error for all time is wanted).
"""

import numpy as np
from numpy.typing import NDArray

from gulliver.errors import GulliverError

Floats = NDArray[np.float64]
_FRACTIONS = np.geomspace(0.01, 0.99, 16)
ALPHA = 0.03
"""The chance of a false alarm, for as long as a server runs, where the quality is exactly the target."""
EVERY = 25
"""Answers between the first starts; later ones lie an eighth of what was seen apart, so that there are few."""


class Drift:
    """Take scores in [0, 1], in the order they come; `found` says whether their mean is below `target`, and stays.

    Attributes:
        seen: scores so far; total: their sum.
        found_at: `seen` when it was found, 0 before.

    Raises:
        GulliverError: the target is not strictly between 0 and 1.
    """

    def __init__(self, target: float, alpha: float = ALPHA) -> None:
        if not 0 < target < 1:
            raise GulliverError(f"The quality to be watched must lie between 0 and 1, not {target!r}.")
        self.target = target
        self.alpha = alpha
        self.seen = 0
        self.total = 0.0
        self.found_at = 0
        self._next = 0
        self._earned = np.zeros(len(_FRACTIONS))  # log of what each fraction made of a stake taken at the very start
        self._begun: list[Floats] = []  # the same when each bettor began

    @property
    def found(self) -> bool:
        return self.found_at > 0

    @property
    def mean(self) -> float | None:
        """Of all scores; None before the first."""
        return self.total / self.seen if self.seen else None

    def take(self, score: float) -> bool:
        """Whether this score is the one with which it is found."""
        if self.seen == self._next:
            self._begun.append(self._earned.copy())
            self._next += max(EVERY, self._next // 8)
        self.seen += 1
        self.total += score
        if self.found:
            return False
        self._earned += np.log1p(_FRACTIONS * ((1.0 - score) / (1.0 - self.target) - 1.0))
        # A score at the target or above it loses what was staked, so that it finds nothing.
        if score >= self.target or self._capital() < 1.0 / self.alpha:
            return False
        self.found_at = self.seen
        return True

    def _capital(self) -> float:
        """What the stake of 1 is now: bettor k has 1 / (k (k + 1)) of it, and what none has taken yet lies by."""
        each = np.exp(np.minimum(self._earned - np.array(self._begun), 700.0)).mean(axis=1)
        k = np.arange(1, len(each) + 1)
        return float(1.0 / (len(each) + 1) + (each / (k * (k + 1))).sum())
