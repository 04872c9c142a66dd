"""The same budget for one answer of a large model or several of a small one (Hassid et al. 2024, arXiv:2404.00725)."""

import time
from collections.abc import Sequence
from dataclasses import dataclass

from gulliver.papers.base import Figure, Finding, Measurement, Paper, Progress, Scale, Verdict
from gulliver.papers.parts import Part, above, below, whichever
from gulliver.papers.parts import verdict as verdict_of
from gulliver.papers.pooled import (
    LARGE_SCRIPT,
    SCRIPTS,
    SMALL_SCRIPT,
    error_of,
    gain_of,
    spent_on_pools,
    sums,
    telling,
)
from gulliver.papers.running import run_on
from gulliver.studies.budget_answers import Currency, at_budget, differences
from gulliver.studies.budget_pools import Wanted, draw_pools
from gulliver.studies.budgets import Point, budget_points
from gulliver.tasks import load_task

ID = "budget-reallocation-2024"
CURRENCIES: tuple[Currency, ...] = ("flops", "seconds")
WAYS = {"pass": "picked by its unit tests", "best_of by logprob": "picked by log-probability"}


@dataclass(frozen=True)
class Plan:
    """What one scale draws: the small model's tries and the large model's single answer, on the first items of HumanEval (at
    smoke scale of sums)."""

    small: Wanted
    large: Wanted
    items: int
    scripted: bool = False


PLANS: dict[Scale, Plan] = {
    "smoke": Plan(Wanted(SMALL_SCRIPT, 6, ("logprob",)), Wanted(LARGE_SCRIPT, 2, ()), 12, scripted=True),
    "laptop": Plan(Wanted("qwen2.5-coder-0.5b", 6, ("logprob",)), Wanted("qwen2.5-coder-1.5b", 1, ()), 24),
    "full": Plan(Wanted("qwen2.5-coder-0.5b", 32, ("logprob", "self")), Wanted("qwen2.5-coder-1.5b", 8, ()), 164),
}


def experiment(scale: Scale, progress: Progress) -> Finding:
    """Draw, then compare what the large model's single answer costs with what the small one gives for it."""
    plan = PLANS[scale]
    started = time.monotonic()
    task, ask = (sums(plan.items), "cot") if plan.scripted else (load_task("humaneval"), "direct")
    wanted = (plan.small, plan.large)
    pools = draw_pools(wanted, task, items=plan.items, ask=ask, tell=telling(progress))
    points = budget_points(pools)
    tested, ranked = comparisons(points, plan)
    verdict, why = judge(tested, ranked, plan.scripted)
    return Finding(
        paper=ID,
        scale=scale,
        verdict=verdict,
        measurements=(*tested, *ranked, *(error_of(p) for p in points if p.rule in ("greedy", "sample", *WAYS))),
        sentence=why,
        spent=spent_on_pools(wanted, pools, time.monotonic() - started),
        run_on=run_on(each.model for each in wanted),
    )


def comparisons(points: Sequence[Point], plan: Plan) -> tuple[list[Measurement], list[Measurement]]:
    """The small model's tries for at most the FLOPs, and the seconds, of the large one's single answer, less that answer:
    picked by the tests, and by rank. All intervals hold together. A budget that buys no try gives no measurement."""
    single = next(p for p in points if p.model == plan.large.model and p.rule == "greedy")
    bought = [
        (c, way, at_budget(points, plan.small.model, way, getattr(single, c), c)) for c in CURRENCIES for way in WAYS
    ]
    found = [(c, way, point) for c, way, point in bought if point is not None]
    gaps = differences([(point, single) for _, _, point in found])
    told = [
        (
            way,
            gain_of(
                gap, f"{point.k} of {plan.small.model}, {WAYS[way]}, for the {c} of one of {plan.large.model}: gain"
            ),
        )
        for (c, way, point), gap in zip(found, gaps, strict=True)
    ]
    return [m for way, m in told if way == "pass"], [m for way, m in told if way != "pass"]


def judge(tested: Sequence[Measurement], ranked: Sequence[Measurement], scripted: bool = False) -> tuple[Verdict, str]:
    """With tests the small model must win for FLOPs and for seconds, and with ranking lose; no try for either is a no."""
    wins: Part = whichever([above(m) for m in tested]) if tested else False
    loses: Part = whichever([below(m) for m in ranked]) if ranked else None
    parts = {
        "with unit tests the small model's tries beat the large one's answer at equal budget": wins,
        "ranked by log-probability they fall short of it": loses,
    }
    return verdict_of(parts, SCRIPTS if scripted else "")


PARTLY = "Two rungs of one family and HumanEval alone, against the paper's four sizes and five tasks; the ranker is the small model's own log-probability."
PAPER = Paper(
    id=ID,
    claim="With unit tests the small model's many tries win; ranking alone does not get there.",
    published=(
        Figure(
            name="gain of the small model's tries over the large one's answer at equal budget, at most, five code tasks",
            value=15.0,
            unit="per cent",
            source="arXiv:2404.00725, abstract",
        ),
    ),
    experiment=experiment,
)
