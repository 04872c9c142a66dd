"""Small models that verify their own drafts with tools (Kang et al. 2025, arXiv:2504.04718)."""

import time
from collections.abc import Sequence
from dataclasses import dataclass

from gulliver.papers.base import Figure, Finding, Measurement, Paper, Progress, Scale, Verdict
from gulliver.papers.parts import Part, above
from gulliver.papers.parts import verdict as verdict_of
from gulliver.papers.pooled import (
    LARGE_SCRIPT,
    SCRIPTS,
    SMALL_SCRIPT,
    doublings,
    error_of,
    gain_of,
    spent_on_pools,
    sums,
    telling,
)
from gulliver.papers.running import run_on
from gulliver.studies.budget_answers import Difference, at_budget, differences
from gulliver.studies.budget_pools import Wanted, draw_pools
from gulliver.studies.budgets import Point, budget_points
from gulliver.tasks import load_task

ID = "t1-tool-verify-2025"


@dataclass(frozen=True)
class Plan:
    """What one scale draws: by model, smaller ones first; items of GSM8K, its first ones (at smoke scale of sums)."""

    wanted: tuple[Wanted, ...]
    items: int
    scripted: bool = False


def checked(n: int) -> str:
    """The recipe's end whose drafts are checked with programs and ranked by log-probability."""
    return f"t1(n={n}, by=logprob)"


def _wanted(model: str, draws: int) -> Wanted:
    """Half as many drafts are checked as are drawn: a program costs about a draft, which the unchecked side gets instead."""
    return Wanted(model, draws, ("logprob", "tool"), (checked(draws // 2),))


PLANS: dict[Scale, Plan] = {
    "smoke": Plan((_wanted(SMALL_SCRIPT, 4), Wanted(LARGE_SCRIPT, 1, ())), 12, scripted=True),
    "laptop": Plan(
        (_wanted("smollm2-135m", 4), _wanted("qwen2.5-coder-0.5b", 8), Wanted("qwen2.5-coder-1.5b", 1, ())), 16
    ),
    "full": Plan(
        (_wanted("smollm2-135m", 64), _wanted("qwen2.5-coder-0.5b", 64), _wanted("qwen2.5-coder-1.5b", 32)), 100
    ),
}


def experiment(scale: Scale, progress: Progress) -> Finding:
    """Draw from each model, check with programs and with a calculator, and compare at equal FLOPs."""
    plan = PLANS[scale]
    started = time.monotonic()
    task = sums(plan.items) if plan.scripted else load_task("gsm8k")
    pools = draw_pools(plan.wanted, task, items=plan.items, tell=telling(progress))
    points = budget_points(pools)
    helped = [gain_of(d) for d in helps(points, plan)]
    passes = [gain_of(d) for d in passing(points, plan)]
    verdict, why = judge(helped, passes, plan.scripted)
    shown = ("greedy", "sample", "majority", "best_of by logprob", "t1 by calculator")
    told = [p for p in doublings(points) if p.rule in shown or "(" in p.rule]
    return Finding(
        paper=ID,
        scale=scale,
        verdict=verdict,
        measurements=(*helped, *passes, *(error_of(p) for p in told)),
        sentence=why,
        spent=spent_on_pools(plan.wanted, pools, time.monotonic() - started),
        run_on=run_on(each.model for each in plan.wanted),
    )


def helps(points: Sequence[Point], plan: Plan) -> list[Difference]:
    """By rung, at most the same FLOPs on both sides: best of the drafts that a program does not contradict, less best of as
    many unchecked drafts as its FLOPs buy; and a vote of those that a calculator does not refute, less a plain vote."""
    pairs = []
    for each in (one for one in plan.wanted if one.searches):
        by_program = next(p for p in points if p.model == each.model and p.rule == each.searches[0])
        unchecked = at_budget(points, each.model, "best_of by logprob", by_program.flops)
        by_calculator = at_budget(points, each.model, "t1 by calculator", float("inf"))
        vote = at_budget(points, each.model, "majority", float("inf"))
        pairs += [
            (a, b) for a, b in ((by_program, unchecked), (by_calculator, vote)) if a is not None and b is not None
        ]
    return differences(pairs)


def passing(points: Sequence[Point], plan: Plan) -> list[Difference]:
    """Each smaller rung with tools less the next rung's single answer."""
    pairs = []
    for small, large in zip(plan.wanted, plan.wanted[1:], strict=False):
        single = next(p for p in points if p.model == large.model and p.rule == "greedy")
        by_program = next(p for p in points if p.model == small.model and p.rule == small.searches[0])
        by_calculator = at_budget(points, small.model, "t1 by calculator", float("inf"))
        pairs += [(p, single) for p in (by_program, by_calculator) if p is not None]
    return differences(pairs)


def judge(helped: Sequence[Measurement], passes: Sequence[Measurement], scripted: bool = False) -> tuple[Verdict, str]:
    """Checking must help on some rung and harm on none, and a smaller rung with tools must pass a larger one without."""
    gains = [above(m) for m in helped]
    helping: Part = None
    if True in gains and False not in gains:
        helping = True
    elif False in gains and True not in gains:
        helping = False
    past = [above(m) for m in passes]
    ahead: Part = True if True in past else False if past and all(p is False for p in past) else None
    parts = {
        "checking with a tool helps at equal FLOPs": helping,
        "a smaller rung with tools passes a larger one's single answer": ahead,
    }
    return verdict_of(parts, SCRIPTS if scripted else "")


PARTLY = "The verifier is not tuned by distillation: the model writes checking programs as it is, and ranks by its log-probability; GSM8K, not MATH500 or MMLU-Pro."
PAPER = Paper(
    id=ID,
    claim="One billion parameters with tools pass eight billion without.",
    published=(
        Figure(
            name="parameters of the larger model that is passed over those of the one with tools, MATH",
            value=8.0,
            unit="times",
            source="arXiv:2504.04718, abstract (Llama-3.1 8B and Llama-3.2 1B)",
        ),
    ),
    experiment=experiment,
)
