"""Take the draft that looks best: to the model itself, to a verifier or reward model, or to a calculator."""

from collections.abc import Sequence
from dataclasses import dataclass

from gulliver.errors import ModelError
from gulliver.inference import BoundModel
from gulliver.strategies.base import OfSeveral, strategy
from gulliver.strategies.scorers import SCORERS, Scorer, make_scorer
from gulliver.strategies.scorers.base import as_draft, scorer_models
from gulliver.tasks.base import Answer, Item


@strategy("best_of")
@dataclass(frozen=True)
class BestOf(OfSeveral):
    """The best of `n` drafts: by the model's log-probability, per token (`by=logprob`) or of the whole draft (`by=total`); by
    the model asked whether it is right (`self`), a calculator (`tool`), a trained `verifier`, or a `reward` model (`model`
    names it). Drafts without an answer do not compete; of equals the one drawn first wins.

    When no draft can be read, the first one's status stands.
    """

    by: str = "logprob"
    model: str = ""

    def __post_init__(self) -> None:
        if self.n < 1 or self.by not in ("total", *SCORERS):
            raise ValueError(f"n must be at least 1 and by one of total, {', '.join(SCORERS)}")
        if self.by != "total":
            make_scorer(self.by, self.model)
        elif self.model:
            raise ValueError("by=total takes no model; verifier and reward do")

    @property
    def others(self) -> tuple[str, ...]:
        """The scorer's own model, where it has one."""
        return scorer_models(self.by, self.model)

    @property
    def scorer(self) -> Scorer | None:
        """What is asked about each draft; None where the drafts themselves tell."""
        return None if self.by in ("logprob", "total") else make_scorer(self.by, self.model)

    def choose(self, answers: Sequence[Answer]) -> Answer:
        """
        Raises:
            ModelError: the engine does not tell log-probabilities.
        """
        read = [answer for answer in answers if answer.status == "read"]
        return max(read, key=self._worth) if read else answers[0]

    async def pick(self, item: Item, answers: Sequence[Answer], lm: BoundModel) -> Answer:
        """As `choose`, by what the scorer says; it is not asked where one draft or none can be read."""
        read = [answer for answer in answers if answer.status == "read"]
        if self.scorer is None or len(read) < 2:
            return self.choose(answers) if self.scorer is None or not read else read[0]
        scores = await self.scorer.score(item, [as_draft(answer, i) for i, answer in enumerate(read)], lm)
        return read[scores.index(max(scores))]

    def _worth(self, answer: Answer) -> float:
        worth = answer.mean_logprob if self.by == "logprob" else answer.logprob
        if worth is None:
            raise ModelError(
                "best_of compares log-probabilities, which this model's engine does not tell; use majority instead."
            )
        return worth
