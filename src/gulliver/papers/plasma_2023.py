"""Planning with a step verifier, also when a tool is missing (Brahman et al. 2023, arXiv:2305.19472), on generated plans."""

import random
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from gulliver.models.rewards import verifier_path
from gulliver.papers.base import Figure, Finding, Measurement, Paper, Progress, Scale, Verdict
from gulliver.papers.means import SHARES, difference, share_of
from gulliver.papers.parts import Part, above, verdict, whichever
from gulliver.papers.running import run_on, spent, tell
from gulliver.strategies.plan_verify import written
from gulliver.studies import measure
from gulliver.studies.result import ItemRecord
from gulliver.tasks import load_task
from gulliver.tasks.base import Item, Task
from gulliver.tasks.plans import goal_of, problem, reaches
from gulliver.training.verifier import Fitted, Labelled, fit_verifier

ID = "plasma-2023"
HEAD = "plasma-2023"
"""The name that the trained verifier is kept by."""
MARGIN = 0.1
"""A smaller model keeps up when its plans are worse by no more than this, for sure."""
CONFIDENCE = 0.95
WAYS = ("plain", "search", "verifier", "rules")
_RUNGS = ("smollm2-135m", "qwen2.5-coder-0.5b", "qwen2.5-coder-1.5b")


@dataclass(frozen=True)
class Plan:
    """Models, smallest first; plans to make, and to learn a verifier from; the search."""

    models: tuple[str, ...]
    items: int
    taught: int
    n: int = 3
    keep: int = 1

    def recipe(self, model: str, way: str) -> str:
        """The three searches differ in nothing but in what is believed of a step."""
        if way == "plain":
            return f"{model} | direct"
        told = {"search": "trust=0.0", "verifier": f"by=verifier, model={HEAD}", "rules": "by=rules"}[way]
        return f"{model} | plan_verify(n={self.n}, keep={self.keep}, {told})"

    def recipes(self) -> dict[tuple[str, str], str]:
        """By model and way."""
        return {(m, w): self.recipe(m, w) for m in self.models for w in WAYS}


PLANS: dict[Scale, Plan] = {
    "smoke": Plan(_RUNGS[:1], 1, 8, n=2),
    "laptop": Plan(_RUNGS, 12, 40),
    "full": Plan(_RUNGS, 200, 40, n=5, keep=3),
}


def experiment(scale: Scale, progress: Progress) -> Finding:
    """A verifier learns from plans to other goals; then every rung plans for the same goals, each without one tool."""
    plan = PLANS[scale]
    started = time.monotonic()
    task = load_task("plans", items=plan.items)
    fitted = taught(task, plan.taught)
    fitted.head.save(verifier_path(HEAD))
    progress(f"verifier: {fitted.head.trained}; it ranks steps of other goals at {fitted.auc:.2f}")
    recipes = plan.recipes()
    records = measure(list(recipes.values()), task, items=plan.items, watch=tell("plans", progress))
    good = {key: [sound(item, r) for item, r in zip(task.test, records[text], strict=True)] for key, text in recipes.items()}  # fmt: skip
    differences, parts = compared(good)
    said, why = judge(parts, len(plan.models))
    shares = [share_of(f"{model} {way}: sound share of a plan", scores) for (model, way), scores in good.items()]
    whole = [
        share_of(f"{m} {w}: plans that reach the goal", [float(r.outcome == "right") for r in records[text]])
        for (m, w), text in recipes.items()
    ]
    ranks = Measurement("verifier: chance to rank a good step above a bad one, other goals", fitted.auc, 0.0, 1.0, fitted.drafts, "no interval")  # fmt: skip
    return Finding(
        ID, scale, said, (*differences, *shares, *whole, ranks), why,
        spent(records, time.monotonic() - started), run_on(plan.models) | {"plans": plan.items},
    )  # fmt: skip


def taught(task: Task, count: int) -> Fitted:
    """A verifier of a plan's last step, from the task's training items: good steps, and for each some that the rules refuse."""
    examples = [example for item in task.train[:count] for example in steps_of(item)]
    return fit_verifier(examples)


def steps_of(item: Item) -> list[Labelled]:
    """Beginnings of a plan that works, each with its next step and with two of the steps that do not fit there."""
    rng = random.Random(f"steps {item.id}")
    goal, missing = goal_of(item.fields), str(item.fields["missing"])
    done: list[str] = []
    made: list[Labelled] = []
    while not reaches(goal, missing, done):
        fits = [step for step in item.fields["steps"] if not problem(goal, missing, [*done, step])]
        wrong = [step for step in item.fields["steps"] if step not in fits]
        made.append(_labelled(item, [*done, fits[0]], True))
        made += [_labelled(item, [*done, step], False) for step in rng.sample(wrong, min(2, len(wrong)))]
        done.append(fits[0])
    return made


def sound(item: Item, record: ItemRecord) -> float:
    """The share of a plan that works before its first mistake: of its steps or of those it needs, whichever are more."""
    if record.outcome not in ("right", "wrong"):
        return 0.0
    goal, missing = goal_of(item.fields), str(item.fields["missing"])
    steps = record.value.splitlines()
    good = next((n for n in range(len(steps)) if problem(goal, missing, steps[: n + 1])), len(steps))
    return good / max(len(steps), sum(label.right for label in steps_of(item)))


def compared(good: Mapping[tuple[str, str], Sequence[float]]) -> tuple[list[Measurement], dict[str, Part]]:
    """Two parts. Verifier: the verified search less the same search without, by model. Size: the smallest with a verifier
    less the largest alone. All intervals hold together (Bonferroni)."""
    models = list(dict.fromkeys(model for model, _ in good))
    confidence = 1.0 - (1.0 - CONFIDENCE) / (1 + len(models))
    verified = [
        difference(f"{m}: verifier less search", good[m, "verifier"], good[m, "search"], confidence, limits=SHARES)
        for m in models
    ]
    size = difference(
        f"{models[0]} with the verifier less {models[-1]} plain",
        good[models[0], "verifier"], good[models[-1], "plain"], confidence, limits=SHARES,
    )  # fmt: skip
    return [*verified, size], {
        "the verifier makes the search's plans better": whichever([above(found) for found in verified]),
        "the smallest with it keeps up with the largest alone": above(size, -MARGIN),
    }


def judge(parts: Mapping[str, Part], models: int) -> tuple[Verdict, str]:
    """*holds* when both parts do, *does not hold here* when one is the other way round, else *cannot tell*."""
    return verdict(parts, "" if models > 1 else "one model shows nothing about size")


def _labelled(item: Item, steps: Sequence[str], right: bool) -> Labelled:
    return Labelled(item.question, written(steps), right, str(item.fields["goal"]))


PARTLY = (
    "The search and its verifier, with a missing tool as the counterfactual condition, on eight goals of Gulliver's own; no plans are distilled from a "
    "large model into the small one, and plans are checked by their steps' conditions, not by people."
)
PAPER = Paper(
    id=ID,
    claim="Small models with distilled procedural knowledge and step-wise verified search compete with their larger teachers.",
    published=(Figure("smallest model that competes", 0.77, "billion parameters", "arXiv:2305.19472, abstract"),),
    experiment=experiment,
)
