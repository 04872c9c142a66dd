"""The small recipe first; a larger one where the small is not sure enough."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from gulliver.errors import GulliverError
from gulliver.models.base import Message
from gulliver.serving.answering import Outcome, Wishes, answer
from gulliver.serving.choose import Served
from gulliver.serving.errors import ApiError
from gulliver.serving.session import Engines
from gulliver.strategies.confidence import can_tell


@dataclass(frozen=True)
class Fallback:
    """Answers in place of a recipe whose confidence is below `threshold`."""

    served: Served
    threshold: float

    def __post_init__(self) -> None:
        if not 0 <= self.threshold <= 1:
            raise GulliverError(f"--threshold must lie between 0 and 1, not {self.threshold!r}.")


def check(fallback: Fallback | None, served: Served) -> None:
    """Say at the start that a recipe will never know how sure it is.

    Raises:
        GulliverError: so.
    """
    if fallback is not None and not can_tell(served.recipe.strategy, served.recipe.model.engine):
        raise GulliverError(
            f"{served.name} cannot tell how sure it is, since its server tells no log-probabilities; use majority(n=8) or leave --fallback out."
        )


async def answer_or_fall_back(
    served: Served, fallback: Fallback, messages: Sequence[Message], wishes: Wishes, engines: Engines
) -> Outcome:
    """The recipe's answer when it is sure enough, else the fallback's. Both are paid for then; the confidence told is
    the recipe's.

    Raises:
        ApiError: neither can answer, or the request itself is wrong.
    """
    first: Outcome | None = None
    try:
        first = await answer(served, messages, wishes, engines)
    except ApiError as error:
        if error.status < 500:
            raise
    if first is not None and first.confidence is not None and first.confidence >= fallback.threshold:
        return first
    second = await answer(fallback.served, messages, wishes, engines)
    if first is None:
        return replace(second, by="fallback", confidence=None)
    return replace(second, by="fallback", confidence=first.confidence, cost=first.cost + second.cost)
