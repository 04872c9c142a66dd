"""Followers steered by a planner's programs (Grand et al. 2025, arXiv:2504.07081), on sentences with given words and lengths."""

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from gulliver.papers.base import Figure, Finding, Measurement, Paper, Progress, Scale, Verdict
from gulliver.papers.means import SHARES, difference, share_of
from gulliver.papers.parts import Part, above, verdict, whichever
from gulliver.papers.running import run_on, share_right, spent, tell
from gulliver.studies import measure
from gulliver.studies.result import ItemRecord
from gulliver.tasks import load_task
from gulliver.tasks.base import Item
from gulliver.tasks.constraints import Constraints

ID = "discipl-2025"
MARGIN = 0.1
"""A follower equals the planner when it keeps fewer items' conditions by no more than this share, for sure."""
CONFIDENCE = 0.95
ALONE = "alone"
WAYS = ("program", "best of n", ALONE)

Records = Mapping[tuple[str, str], Sequence[ItemRecord]]
"""By model and way."""


@dataclass(frozen=True)
class Plan:
    """Followers, smallest first; the planner; items; texts under a program; drafts of best-of-n without one; and by which other
    methods than its own the same programs are run too."""

    followers: tuple[str, ...]
    planner: str
    items: int
    n: int = 8
    drafts: int = 16
    methods: tuple[str, ...] = ()

    def recipe(self, model: str, way: str) -> str:
        """A model used in one of `WAYS`, or by a method of `methods`."""
        if way == ALONE:
            return f"{model} | direct"
        if way == "best of n":
            return f"{model} | sample | best_of(n={self.drafts}, by=constraints)"
        method = "" if way == "program" else f", method={way}"
        return f"{model} | discipl(planner={self.planner}, n={self.n}{method})"

    def recipes(self) -> dict[tuple[str, str], str]:
        """By model and way; the planner is asked by itself too."""
        made = {(m, way): self.recipe(m, way) for m in self.followers for way in (*WAYS, *self.methods)}
        return {**made, (self.planner, ALONE): self.recipe(self.planner, ALONE)}


PLANS: dict[Scale, Plan] = {
    "smoke": Plan(("smollm2-135m",), "qwen2.5-coder-0.5b", 1, n=2, drafts=2),
    "laptop": Plan(("smollm2-135m", "qwen2.5-coder-0.5b"), "qwen2.5-coder-1.5b", 16),
    "full": Plan(
        ("smollm2-135m", "qwen2.5-coder-0.5b"), "qwen2.5-coder-1.5b", 200, n=16, drafts=64,
        methods=("importance", "rejection"),
    ),
}  # fmt: skip


def experiment(scale: Scale, progress: Progress) -> Finding:
    """Every follower under the planner's programs, without them, and the planner alone, on the same items."""
    plan = PLANS[scale]
    started = time.monotonic()
    task = load_task("constrained_words", items=plan.items)
    recipes = plan.recipes()
    answers = measure(list(recipes.values()), task, items=plan.items, watch=tell("constrained words", progress))
    records = {key: answers[text] for key, text in recipes.items()}
    differences, parts = compared(records, plan)
    said, why = judge(parts, plan.items)
    shares = [share_right(f"{model}, {way}: items with all conditions kept", rows) for (model, way), rows in records.items()]  # fmt: skip
    kept = [share_of(f"{m}, {way}: conditions kept", met(rows, task.test)) for (m, way), rows in records.items()]
    return Finding(
        ID, scale, said, (*differences, *shares, *kept, *written(records, plan), *costs(records)), why,
        spent(answers, time.monotonic() - started), run_on([*plan.followers, plan.planner]) | {"task": task.source},
    )  # fmt: skip


def good(records: Sequence[ItemRecord]) -> list[float]:
    """1 for an item whose conditions are all kept."""
    return [float(record.outcome == "right") for record in records]


def met(records: Sequence[ItemRecord], items: Sequence[Item]) -> list[float]:
    """The share of each item's conditions that its answer keeps."""
    checks = [Constraints.of(i.fields).met(r.text) for i, r in zip(items, records, strict=True)]
    return [sum(found) / len(found) for found in checks]


def compared(records: Records, plan: Plan) -> tuple[list[Measurement], dict[str, Part]]:
    """Two parts, each said of every follower: programs against best-of-n of the same model, and against the planner alone. All
    intervals hold together (Bonferroni)."""
    confidence = 1.0 - (1.0 - CONFIDENCE) / (2 * len(plan.followers))

    def less(model: str, other: tuple[str, str]) -> Measurement:
        name = f"{model} with programs less {other[0]} {other[1]}"
        return difference(name, good(records[model, "program"]), good(records[other]), confidence, limits=SHARES)

    over_drafts = [less(model, (model, "best of n")) for model in plan.followers]
    over_planner = [less(model, (plan.planner, ALONE)) for model in plan.followers]
    return [*over_drafts, *over_planner], {
        "programs keep more conditions than best-of-n of the same follower": whichever([above(m) for m in over_drafts]),
        "a follower with programs equals the planner alone": whichever([above(m, -MARGIN) for m in over_planner]),
    }


def written(records: Records, plan: Plan) -> list[Measurement]:
    """The share of items for which the planner wrote a program that could be used: it is the same for every follower."""
    rows = records[plan.followers[0], "program"]
    return [share_of("items with a program that could be used", [float(steered(row)) for row in rows])]


def steered(record: ItemRecord) -> bool:
    """Whether the answer was written under a program to its end."""
    return bool(record.program) and not record.detail.startswith("plain draft")


def costs(records: Records) -> list[Measurement]:
    """Forward FLOPs an item; with programs, those of the planner are among them."""
    means = {key: sum(r.flops for r in rows) / len(rows) for key, rows in records.items()}
    return [
        Measurement(f"{model}, {way}: FLOPs an item", mean, mean, mean, len(records[model, way]), "counted")
        for (model, way), mean in means.items()
    ]


def judge(parts: Mapping[str, Part], items: int) -> tuple[Verdict, str]:
    """*holds* when both parts do, *does not hold here* when one is the other way round, else *cannot tell*."""
    return verdict(parts, "" if items > 1 else "one item shows nothing")


PARTLY = (
    "Single sentences with words, places and lengths; the publication also plans paragraphs and puzzles, and compares followers of a billion "
    "parameters with models hundreds of times their size. The planner here has 1.5 billion and is shown two programs for other tasks."
)
PAPER = Paper(
    id=ID,
    claim="On constrained writing, a small follower with a planner's programs matches much larger models and beats best-of-n.",
    published=(
        Figure("follower that matches much larger models", 1.0, "billion parameters", "arXiv:2504.07081, abstract"),
    ),
    experiment=experiment,
)
