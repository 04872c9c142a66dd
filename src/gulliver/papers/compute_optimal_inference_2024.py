"""Compute-optimal inference: votes, best-of and tree search by FLOPs on models of several sizes (Wu et al. 2024, arXiv:2408.00724)."""

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
from gulliver.studies.budget_answers import Best, Difference, beats_single, best_at, differences, vote_for
from gulliver.studies.budget_pools import Wanted, draw_pools
from gulliver.studies.budgets import Point, budget_points
from gulliver.studies.verifying import train_verifier
from gulliver.tasks import load_task

ID = "compute-optimal-inference-2024"
VERIFIER = "compute-optimal-inference"


@dataclass(frozen=True)
class Plan:
    """What one scale draws.

    Attributes:
        wanted: by model, smaller ones first; the last one's single answer is to be beaten.
        items: of GSM8K, its first ones (at smoke scale of sums).
        learn: models, questions and draws that the reward is learned from, on a generator's training items; with none, the
            calculator is the reward.
    """

    wanted: tuple[Wanted, ...]
    items: int
    learn: tuple[tuple[str, ...], int, int] = ((), 0, 0)
    scripted: bool = False


def _plan(
    items: int, draws: tuple[int, int, int], tree: int, played: int, learn: tuple[tuple[str, ...], int, int]
) -> Plan:
    """`draws` by rung; `tree` and `played`: replies of the two searches."""
    small, middle, large = draws
    by = f"verifier, model={VERIFIER}"
    trees = (f"rebase(n={tree}, by={by})", f"mcts(n={played}, by={by})")
    reward = ("logprob", f"verifier:{VERIFIER}")
    return Plan(
        (
            Wanted("smollm2-135m", small, reward),
            Wanted("qwen2.5-coder-0.5b", middle, reward, trees),
            Wanted("qwen2.5-coder-1.5b", large, reward, trees if large > 8 else ()),
        ),
        items,
        learn,
    )


_TREES = ("rebase(n=3, by=tool)", "mcts(n=3, by=tool)")
PLANS: dict[Scale, Plan] = {
    "smoke": Plan((Wanted(SMALL_SCRIPT, 4, ("logprob", "tool"), _TREES), Wanted(LARGE_SCRIPT, 2)), 12, scripted=True),
    "laptop": _plan(16, (4, 8, 1), 4, 2, (("qwen2.5-coder-0.5b",), 24, 4)),
    "full": _plan(100, (64, 64, 32), 16, 16, (("qwen2.5-coder-0.5b", "qwen2.5-coder-1.5b"), 100, 16)),
}


def experiment(scale: Scale, progress: Progress) -> Finding:
    """Train the reward, draw from each model, search with it, and read every budget from the pools."""
    plan = PLANS[scale]
    started = time.monotonic()
    learned = _reward(plan, progress)
    task = sums(plan.items) if plan.scripted else load_task("gsm8k")
    pools = draw_pools(plan.wanted, task, items=plan.items, tell=telling(progress))
    points = budget_points(pools)
    largest = plan.wanted[-1].model
    beaten = beats_single(points, largest)
    trees = tree_gains(points, plan)
    parts = parts_of(beaten.nearest, bool(beaten.better), [gain_of(d) for d in trees])
    verdict, why = judge(parts, scripted=plan.scripted)
    best = best_at(points)
    nearest = [gain_of(d) for d in (*beaten.better[:3], *([beaten.nearest] if beaten.nearest else []))]
    measured = dict.fromkeys([*nearest, *(gain_of(d) for d in trees), *(_best(one) for one in best), *learned])
    return Finding(
        paper=ID,
        scale=scale,
        verdict=verdict,
        measurements=(*measured, *(error_of(p) for p in doublings(points))),
        sentence=f"{why} {beaten.sentence}",
        spent=spent_on_pools(plan.wanted, pools, time.monotonic() - started),
        run_on=run_on(each.model for each in plan.wanted),
    )


def tree_gains(points: Sequence[Point], plan: Plan) -> list[Difference]:
    """Each search less the vote that the same model gets for at most the same FLOPs."""
    pairs = []
    for each in plan.wanted:
        for search in each.searches:
            tree = next(p for p in points if p.model == each.model and p.rule == search)
            vote = vote_for(points, tree)
            if vote is not None:
                pairs.append((tree, vote))
    return differences(pairs)


def parts_of(nearest: Difference | None, better: bool, trees: Sequence[Measurement]) -> dict[str, Part]:
    """The claim's two parts: a smaller model used well beats the larger one's single answer for less; and it is by search that
    it does, some search being above the vote of the same FLOPs and none below."""
    if better:
        passes: Part = True
    else:
        passes = False if nearest is None or nearest.high < 0.0 else None
    found = [above(tree) for tree in trees]
    searching: Part = None
    if found and True in found and False not in found:
        searching = True
    elif False in found and True not in found:
        searching = False
    return {
        "a smaller model beats the larger one's single answer for fewer FLOPs": passes,
        "searching beats voting at equal FLOPs": searching,
    }


def judge(parts: dict[str, Part], scripted: bool = False) -> tuple[Verdict, str]:
    """By the parts; of scripts nothing can be told."""
    return verdict_of(parts, SCRIPTS if scripted else "")


def _reward(plan: Plan, progress: Progress) -> list[Measurement]:
    """Train the verifier where the plan says so, and tell how well it ranks."""
    models, questions, draws = plan.learn
    if not models:
        return []
    progress(f"reward: {questions} training questions")
    made = train_verifier(
        models, load_task("gym:gsm_symbolic"), items=questions, draws=draws, name=VERIFIER, tell=telling(progress)
    )
    fitted = made.fitted
    note = f"{fitted.drafts} drafts of {fitted.groups} questions, {fitted.right} right; across questions it was not fitted to"
    return [Measurement("reward: a right draft scores above a wrong one", fitted.auc, 0.0, 1.0, fitted.groups, note)]


def _best(one: Best) -> Measurement:
    name = f"best for {one.budget:.3g} FLOPs an item: error of {one.point.name}"
    note = f"a use of the same model is best in {one.sure:.0%} of resamples"
    return Measurement(name, one.point.error, one.point.low, one.point.high, len(one.point.right), note)


PARTLY = "The reward is a head of a few thousand weights trained here, not a reward model of the same size as the generator; only GSM8K, not MATH."
PAPER = Paper(
    id=ID,
    claim="A small model that searches well is on the frontier at every budget.",
    published=(
        Figure(
            name="FLOPs of Llemma-34B over those of Llemma-7B with tree search at a competitive accuracy, MATH500",
            value=2.0,
            unit="times",
            source="arXiv:2408.00724, abstract",
        ),
    ),
    experiment=experiment,
)
