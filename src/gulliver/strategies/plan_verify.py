"""Plan step by step, with a verifier that looks at each step; another plan takes over where one got stuck."""

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import ClassVar

from gulliver.errors import TaskError
from gulliver.inference import BoundModel, Draft
from gulliver.models.base import Sampling
from gulliver.strategies.base import strategy
from gulliver.strategies.scorers.base import SCORERS, make_scorer, scorer_models
from gulliver.tasks.base import Answer, Item
from gulliver.tasks.plans import goal_of, problem, reaches, step_of

RULES = "rules"
_LINE = 20
_SURE = 1e-6


@dataclass(frozen=True)
class Path:
    """A plan under way.

    Attributes:
        score: the sum of what was said of each step and of the end; `judged` of them.
        done: whether nothing follows.
        belief: mean log-probability of the words of the last step.
    """

    steps: tuple[str, ...] = ()
    score: float = 0.0
    done: bool = False
    belief: float = 0.0
    judged: int = 0


@strategy("plan_verify")
@dataclass(frozen=True)
class PlanVerify:
    """Step-wise beam search guided by a verifier (Brahman et al. 2023, arXiv:2305.19472): `n` next steps are drawn for each of `keep`
    plans; each weighs `(1 - trust)` times the mean log-probability of its words and `trust` times the log of the verifier's
    score of the plan so far. With `by=rules` the verifier knows what steps need and which tool is missing; else it is a scorer. A
    plan ends when the model writes no further step, repeats one, or after `most` steps.
    """

    n: int = 4
    keep: int = 2
    most: int = 8
    by: str = RULES
    model: str = ""
    trust: float = 0.5
    temperature: float = 0.8
    tokens: ClassVar[int] = 10
    role: ClassVar[str] = "whole"

    def __post_init__(self) -> None:
        if min(self.n, self.keep, self.most) < 1 or not 0 <= self.trust <= 1 or self.temperature <= 0:
            raise ValueError("n, keep and most must be at least 1, trust in [0, 1], temperature above 0")
        if self.by != RULES and self.by not in SCORERS:
            raise ValueError(f"by must be {RULES} or one of {', '.join(SCORERS)}")
        if self.by != RULES:
            make_scorer(self.by, self.model)
        elif self.model:
            raise ValueError("by=rules takes no model")

    @property
    def draws(self) -> int:
        """For forecasts: some five steps."""
        return 5 * self.n * self.keep

    def check(self, item: Item) -> None:
        """
        Raises:
            TaskError: the item is no plan to make.
        """
        goal_of(item.fields)
        if not isinstance(item.fields.get("steps"), list):
            raise TaskError(f"{item.id} lists no steps; use the task plans.")

    @property
    def others(self) -> tuple[str, ...]:
        """The verifier's own model, where it has one."""
        return () if self.by == RULES else scorer_models(self.by, self.model)

    async def answer(self, item: Item, lm: BoundModel) -> Answer:
        """The best plan that ended, else the best that was under way."""
        beam, ended = [Path()], list[Path]()
        for _ in range(self.most):
            drawn = [await self._drafts(path, item, lm) for path in beam]
            failed = next((draft for drafts in drawn for draft in drafts if draft.finish == "failed"), None)
            if failed is not None:
                return Answer(status="failed", detail=failed.error)
            grown = _distinct(
                [_grown(p, draft, item) for p, drafts in zip(beam, drawn, strict=True) for draft in drafts]
            )
            judged = await self._judged(grown, item, lm)
            ended += [path for path in judged if path.done]
            beam = sorted((path for path in judged if not path.done), key=_rank)[: self.keep]
            if not beam:
                break
        best = min(ended or beam, key=_rank)
        answer = item.read(Draft("\n".join(best.steps)))
        return replace(answer, detail=f"{len(ended)} plans ended; mean score {-_rank(best):.2f}")

    async def _drafts(self, path: Path, item: Item, lm: BoundModel) -> list[Draft]:
        sampling = Sampling(_LINE, self.temperature, stop=item.stop)
        return await lm.draws(item.prompt, self.n, sampling, begun=written(path.steps) or "1.")

    async def _judged(self, paths: Sequence[Path], item: Item, lm: BoundModel) -> list[Path]:
        """With the verifier's word on the last step, or on the end, of each."""
        if self.by == RULES:
            scores = [ruled(path, item) for path in paths]
        else:
            drafts = [Draft(written(path.steps)) for path in paths]
            scores = await make_scorer(self.by, self.model).score(item, drafts, lm)
        return [
            replace(p, score=p.score + self.trust * math.log(max(s, _SURE)) + (1.0 - self.trust) * p.belief)
            for p, s in zip(paths, scores, strict=True)
        ]


def written(steps: Sequence[str]) -> str:
    """A plan as the model writes it: numbered lines."""
    return "\n".join(f"{number}. {step}" for number, step in enumerate(steps, 1))


def ruled(path: Path, item: Item) -> float:
    """1 where the rules of the goal allow a plan so far, or its end, else 0."""
    goal, missing = goal_of(item.fields), str(item.fields["missing"])
    if path.done:
        return float(reaches(goal, missing, path.steps))
    return float(not problem(goal, missing, path.steps))


def _grown(path: Path, draft: Draft, item: Item) -> Path:
    """The plan with the step that a draft names. It ends where the draft does, or where it names none, or one again."""
    lines = [line for line in draft.text.splitlines() if line.strip(" .0123456789")]
    step = step_of(lines[0], item.fields["steps"]) if lines else None
    belief = (draft.logprob or 0.0) / max(1, draft.completion_tokens)
    if step is None or step in path.steps:
        return replace(path, done=True, belief=belief, judged=path.judged + 1)
    return Path((*path.steps, step), path.score, belief=belief, judged=path.judged + 1)


def _distinct(paths: Sequence[Path]) -> list[Path]:
    """Each plan once, with the surest words."""
    best: dict[tuple[tuple[str, ...], bool], Path] = {}
    for path in paths:
        key = (path.steps, path.done)
        if key not in best or path.belief > best[key].belief:
            best[key] = path
    return list(best.values())


def _rank(path: Path) -> float:
    """The smaller the better: a mean, so that a longer plan is not worse for its length."""
    return -path.score / max(1, path.judged)
