"""Take the draft that the model itself finds likeliest."""

from collections.abc import Sequence
from dataclasses import dataclass

from gulliver.errors import ModelError
from gulliver.strategies.base import OfSeveral, strategy
from gulliver.tasks.base import Answer


@strategy("best_of")
@dataclass(frozen=True)
class BestOf(OfSeveral):
    """The best of `n` drafts by the model's log-probability, per token (`by="logprob"`) or of the whole draft
    (`by="total"`). Drafts without an answer do not compete; of equals the one drawn first wins.

    When no draft can be read, the first one's status stands.
    """

    by: str = "logprob"

    def __post_init__(self) -> None:
        if self.n < 1 or self.by not in ("logprob", "total"):
            raise ValueError('n must be at least 1 and by either "logprob" or "total"')

    def choose(self, answers: Sequence[Answer]) -> Answer:
        """
        Raises:
            ModelError: the engine does not tell log-probabilities.
        """
        read = [answer for answer in answers if answer.status == "read"]
        return max(read, key=self._worth) if read else answers[0]

    def _worth(self, answer: Answer) -> float:
        worth = answer.mean_logprob if self.by == "logprob" else answer.logprob
        if worth is None:
            raise ModelError(
                "best_of compares log-probabilities, which this model's engine does not tell; use majority instead."
            )
        return worth
