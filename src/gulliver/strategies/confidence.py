"""How sure a recipe is of one answer, from what it drew."""

import math

from gulliver.inference import Meter
from gulliver.strategies.base import Adaptive
from gulliver.strategies.majority import Majority
from gulliver.strategies.pipeline import Strategy
from gulliver.tasks.base import Answer


def votes(strategy: Strategy) -> bool:
    """Whether answers are voted on."""
    return strategy.whole is None and (isinstance(strategy.choosing, Majority | Adaptive)) and strategy.draws > 1


def sureness(answer: Answer, drafts: int = 1) -> float | None:
    """In [0, 1]: what the strategy itself says; else, of a vote over several drafts, the share that agrees with the
    winner (self-consistency, Wang et al. 2022); else the geometric mean of a draft's token probabilities. 0 when no
    answer could be read; None when nothing tells."""
    if answer.status != "read":
        return 0.0
    if answer.confidence is not None:
        return answer.confidence
    if drafts > 1:
        return answer.votes / drafts
    mean = answer.mean_logprob
    return None if mean is None or answer.tokens < 1 else math.exp(min(0.0, mean))


def confidence(answer: Answer, strategy: Strategy, meter: Meter) -> float | None:
    """`sureness` of an answer that `strategy` gave; `meter` holds the requests it took."""
    return sureness(answer, max(1, meter.cost.requests) if votes(strategy) else 1)


def can_tell(strategy: Strategy, engine: str) -> bool:
    """Whether there will be a confidence: of a vote always, of a draft where the engine tells log-probabilities."""
    return votes(strategy) or engine != "endpoint"
