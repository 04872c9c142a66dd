"""Take the answer that drafts agree on, where a draft counts as much as its score."""

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

from gulliver.errors import ModelError
from gulliver.inference import BoundModel
from gulliver.strategies.base import OfSeveral, strategy
from gulliver.strategies.majority import ballot
from gulliver.strategies.scorers import Scorer, make_scorer
from gulliver.strategies.scorers.base import as_draft, scorer_models
from gulliver.tasks.base import Answer, Item

SAME = 1e-9
"""Weights that differ by less than this share are equal, whatever the order they were added in."""


@strategy("weighted_majority")
@dataclass(frozen=True)
class WeightedMajority(OfSeveral):
    """Vote over `n` drafts, each weighing its score: the geometric mean of its tokens' probabilities (`by=logprob`, the
    normalised weighted sum of Wang et al. 2022, arXiv:2203.11171), or that of another scorer, as `best_of` names them (a
    reward: Wu et al. 2024, arXiv:2408.00724). Drafts without an answer have no vote; of equal weights the one drawn first wins.

    When no draft can be read, the first one's status stands.
    """

    by: str = "logprob"
    model: str = ""

    def __post_init__(self) -> None:
        super().__post_init__()
        make_scorer(self.by, self.model)

    @property
    def others(self) -> tuple[str, ...]:
        """The scorer's own model, where it has one."""
        return scorer_models(self.by, self.model)

    @property
    def scorer(self) -> Scorer | None:
        """What is asked about each draft; None where the drafts themselves tell."""
        return None if self.by == "logprob" else make_scorer(self.by, self.model)

    def choose(self, answers: Sequence[Answer]) -> Answer:
        """
        Raises:
            ModelError: the engine does not tell log-probabilities.
        """
        read = [answer for answer in answers if answer.status == "read"]
        return heaviest(read, [weight(answer) for answer in read]) if read else answers[0]

    async def pick(self, item: Item, answers: Sequence[Answer], lm: BoundModel) -> Answer:
        """As `choose`, by what the scorer says; it is not asked where all drafts agree."""
        read = [answer for answer in answers if answer.status == "read"]
        if self.scorer is None or len({ballot(answer) for answer in read}) < 2:
            return self.choose(answers) if self.scorer is None or not read else heaviest(read, [1.0] * len(read))
        scores = await self.scorer.score(item, [as_draft(answer, i) for i, answer in enumerate(read)], lm)
        return heaviest(read, scores)


def heaviest(read: Sequence[Answer], weights: Sequence[float]) -> Answer:
    """The first answer of those whose draft weights add up to the most, with how many drafts gave it.

    Args:
        read: at least one, all of the status `read`; weights: at least 0, one each.
    """
    sums: dict[str, float] = {}
    for answer, own in zip(read, weights, strict=True):
        sums[ballot(answer)] = sums.get(ballot(answer), 0.0) + own
    least = max(sums.values()) * (1.0 - SAME)
    winner = next(answer for answer in read if sums[ballot(answer)] >= least)
    return replace(winner, votes=sum(ballot(answer) == ballot(winner) for answer in read))


def weight(answer: Answer) -> float:
    """The geometric mean of the probabilities of a draft's tokens, in (0, 1].

    Raises:
        ModelError: the engine does not tell log-probabilities.
    """
    if answer.mean_logprob is None:
        raise ModelError(
            "weighted_majority needs log-probabilities, which this model's engine does not tell; use majority instead."
        )
    return math.exp(max(answer.mean_logprob, -700.0))
