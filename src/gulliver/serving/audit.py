"""A share of live answers is looked at again, by the fallback or by a judge, to notice when they get worse."""

import asyncio
import json
import logging
import random
from collections.abc import Sequence
from dataclasses import dataclass, replace

from gulliver.errors import GulliverError
from gulliver.inference import Cost, Meter
from gulliver.models.base import Message
from gulliver.serving.answering import Outcome, Wishes, answer
from gulliver.serving.choose import Served
from gulliver.serving.drift import Drift
from gulliver.serving.metrics import Metrics
from gulliver.serving.question import asked_item, open_item
from gulliver.serving.session import Engines, OneRequest
from gulliver.serving.shaped import answer_shaped
from gulliver.serving.tools import Shape
from gulliver.tasks.model_judge import ModelJudge

AT_ONCE = 2
"""Audits under way; while there are so many, no more begin, so that they never hold up what was asked."""
RUBRIC = "The answer is right if it answers the question and nothing in it is wrong; otherwise it is not."
log = logging.getLogger("gulliver.serving")


@dataclass(frozen=True)
class AuditPlan:
    """What share of answers is looked at, the quality that they must keep, and by whom: a judge, or else the fallback.

    Raises:
        GulliverError: a share is none.
    """

    share: float
    target: float
    judge: str = ""

    def __post_init__(self) -> None:
        if not 0 < self.share <= 1:
            raise GulliverError(f"--audit must lie above 0 and be at most 1, not {self.share!r}.")
        Drift(self.target)


class Audit:
    """Looks at answers after they have left. An answer of the fallback's agrees with it without being asked.

    Args:
        fallback: whose answers count as right where there is no judge.
        seconds: for one audit.
    """

    def __init__(
        self, plan: AuditPlan, fallback: Served | None, engines: Engines, metrics: Metrics, seconds: float
    ) -> None:
        self.plan = plan
        self.drift = Drift(plan.target)
        self._judge = ModelJudge(plan.judge, RUBRIC) if plan.judge else None
        self._fallback = fallback
        self._engines = engines
        self._metrics = metrics
        self._seconds = seconds
        self._random = random.Random()  # which answers are chosen must not be foreseen
        self._under_way: set[asyncio.Task[None]] = set()
        self.failed = 0

    def consider(self, messages: Sequence[Message], shape: Shape | None, wishes: Wishes, outcome: Outcome) -> None:
        """Look at this answer with the chance that was set."""
        if self._random.random() >= self.plan.share or len(self._under_way) >= AT_ONCE:
            return
        task = asyncio.ensure_future(self._look(messages, shape, wishes, outcome))
        self._under_way.add(task)
        task.add_done_callback(self._under_way.discard)

    def told(self) -> dict[str, object]:
        """What `/health` says of it."""
        drift = self.drift
        return {
            "audited": drift.seen,
            "share_right": drift.mean,
            "target": drift.target,
            "drifted": drift.found,
            "drifted_at": drift.found_at or None,
            "failed": self.failed,
            "by": self.plan.judge or "fallback",
        }

    async def close(self) -> None:
        """End what is under way."""
        for task in self._under_way:
            task.cancel()
        await asyncio.gather(*self._under_way, return_exceptions=True)

    async def _look(self, messages: Sequence[Message], shape: Shape | None, wishes: Wishes, outcome: Outcome) -> None:
        try:
            async with asyncio.timeout(self._seconds):
                right, cost = await self._right(messages, shape, replace(wishes, tokens=False), outcome)
        except (GulliverError, TimeoutError):
            self.failed += 1
            return
        self._metrics.audited(right, cost)
        if self.drift.take(1.0 if right else 0.0):
            log.warning(
                "quality has drifted: %.3f of %d audited answers right, below the target of %g (error %g for all time)",
                self.drift.mean, self.drift.seen, self.drift.target, self.drift.alpha,
            )  # fmt: skip

    async def _right(
        self, messages: Sequence[Message], shape: Shape | None, wishes: Wishes, outcome: Outcome
    ) -> tuple[bool, Cost]:
        if self._judge is not None:
            return await self._judged(messages, outcome)
        if outcome.by == "fallback":
            return True, Cost()
        assert self._fallback is not None
        if shape is not None:
            other = await answer_shaped(self._fallback, None, messages, shape, wishes, self._engines)
        else:
            other = await answer(self._fallback, messages, wishes, self._engines)
        return agree(outcome, other), other.cost

    async def _judged(self, messages: Sequence[Message], outcome: Outcome) -> tuple[bool, Cost]:
        assert self._judge is not None
        meter = Meter()
        lm = OneRequest(self._engines, 0).bind(self._judge.model, meter)
        judgement = await self._judge.judgement(written(outcome), asked_item(open_item(), messages), lm)
        if judgement.outcome == "failed":
            raise GulliverError(judgement.detail)
        return judgement.outcome == "right", meter.cost


def agree(first: Outcome, second: Outcome) -> bool:
    """Whether two answers say the same: the same calls in any order, else the same value that was read, whatever the words."""
    if first.calls or second.calls:
        return sorted(map(_plain, first.calls)) == sorted(map(_plain, second.calls))
    if first.status != second.status:
        return False
    return _words(first.value or first.text) == _words(second.value or second.text)


def written(outcome: Outcome) -> str:
    """An answer as a judge reads it."""
    return outcome.text or "\n".join(map(_plain, outcome.calls))


def _plain(value: object) -> str:
    return json.dumps(value, sort_keys=True)


def _words(text: str) -> str:
    return " ".join(text.casefold().split())
