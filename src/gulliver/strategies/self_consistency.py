"""Vote, and stop drawing once the leading answer can hardly be overtaken."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from math import comb, isqrt
from typing import ClassVar

from gulliver.strategies.base import strategy
from gulliver.strategies.majority import Majority, ballot
from gulliver.tasks.base import Answer


@strategy("self_consistency")
@dataclass(frozen=True)
class SelfConsistency:
    """A vote over at most `n` drafts that stops once the leader is ahead of the second answer for good with probability
    `sure` (Adaptive-Consistency, Aggarwal et al. 2023, arXiv:2305.11860, its Beta rule), or cannot be overtaken at all.

    Its drafts are the first ones of `majority(n)`; with `sure=1` it gives the same answer, for fewer drafts.
    """

    n: int = 16
    sure: float = 0.95
    role: ClassVar[str] = "choosing"

    def __post_init__(self) -> None:
        if self.n < 1 or not 0.5 < self.sure <= 1:
            raise ValueError("n must be at least 1 and sure above 0.5 and at most 1")

    @property
    def draws(self) -> int:
        """For forecasts: between the fewest that can settle it and all, in the middle of their ratio."""
        return max(1, isqrt(self.more(()) * self.n))

    def more(self, answers: Sequence[Answer]) -> int:
        """As many as would settle it if all agreed with the leader: drawn one by one, it could not stop sooner."""
        counts = Counter(ballot(answer) for answer in answers if answer.status == "read").most_common(2)
        first, second = ([count for _, count in counts] + [0, 0])[:2]
        left = self.n - len(answers)
        return next((k for k in range(left) if self._settled(first + k, second, left - k)), left)

    def choose(self, answers: Sequence[Answer]) -> Answer:
        return Majority(self.n).choose(answers)

    def _settled(self, first: int, second: int, left: int) -> bool:
        return first - second > left or (self.sure < 1 and lead(first, second) >= self.sure)


def lead(first: int, second: int) -> float:
    """Probability that an answer with `first` votes is the likelier of two, the other having `second`; no answer is
    favoured beforehand. That is a Beta(first + 1, second + 1) variable lying above one half.

    >>> lead(4, 0)
    0.96875
    """
    n = first + second + 1
    return sum(comb(n, k) for k in range(first + 1)) / (1 << n)
