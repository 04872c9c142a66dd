"""How sure a recipe is of one answer, from what it drew."""

import math

from gulliver.inference import Meter
from gulliver.strategies import Strategy
from gulliver.strategies.base import Adaptive
from gulliver.strategies.majority import Majority
from gulliver.tasks.base import Answer


def votes(strategy: Strategy) -> bool:
    """Whether answers are voted on."""
    return strategy.whole is None and (isinstance(strategy.choosing, Majority | Adaptive)) and strategy.draws > 1


def confidence(answer: Answer, strategy: Strategy, meter: Meter) -> float | None:
    """In [0, 1]: of a vote, the share of drafts that agree with the winner (self-consistency, Wang et al. 2022); of one
    draft, the geometric mean of its tokens' probabilities. 0 when no answer could be read; None when nothing tells."""
    if answer.status != "read":
        return 0.0
    if votes(strategy):
        return answer.votes / max(1, meter.cost.requests)
    mean = answer.mean_logprob
    return None if mean is None or answer.tokens < 1 else math.exp(min(0.0, mean))


def can_tell(strategy: Strategy, engine: str) -> bool:
    """Whether there will be a confidence: of a vote always, of a draft where the engine tells log-probabilities."""
    return votes(strategy) or engine != "endpoint"
