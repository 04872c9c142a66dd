"""Decoding that looks ahead to whether a constraint will be met (Tu et al. 2023, arXiv:2312.06149), on keywords."""

import random
import re
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from gulliver.papers.base import Figure, Finding, Measurement, Paper, Progress, Scale, Verdict
from gulliver.papers.means import SHARES, difference
from gulliver.papers.parts import above
from gulliver.papers.running import run_on, share_right, spent, tell
from gulliver.studies import measure
from gulliver.studies.result import ItemRecord
from gulliver.tasks.base import Item, Task, make_item
from gulliver.tasks.constraints import Constraints, Keeps, asked

ID = "future-constrained-decoding-2023"
CONFIDENCE = 0.95
WAYS = ("look ahead", "search", "plain")
WORDS = re.findall(
    r"\w+",
    "anchor bridge candle carpet cloud coin desk dog drum fence fire flute garden glass guitar hammer hat horse island "
    "kettle kite lamp letter market mirror mountain needle ocean orange paper piano river rope sailor school shovel snow "
    "spoon stone tailor tower train violin whale window winter",
)
"""Plain nouns; each item takes some of them at random, so that they seldom belong together."""

Records = Mapping[str, Sequence[ItemRecord]]


@dataclass(frozen=True)
class Plan:
    """Models, items, keywords of an item, and the search: `beam` beginnings, `width` continuations, `step` tokens each."""

    models: tuple[str, ...]
    items: int
    words: int = 3
    beam: int = 2
    width: int = 3
    step: int = 10
    tokens: int = 30

    def recipe(self, model: str, way: str) -> str:
        """A model used in one of `WAYS`; the two searches differ in nothing but the weight of the estimate."""
        search = f"future_constraint(beam={self.beam}, width={self.width}, step={self.step}, weight="
        return f"{model} | " + {"look ahead": f"{search}1.0)", "search": f"{search}0.0)", "plain": "direct"}[way]


PLANS: dict[Scale, Plan] = {
    "smoke": Plan(("smollm2-135m",), 2, beam=1, width=2, step=8, tokens=16),
    "laptop": Plan(("smollm2-135m", "qwen2.5-coder-0.5b"), 24),
    "full": Plan(("smollm2-135m", "qwen2.5-coder-0.5b", "qwen2.5-coder-1.5b"), 200, beam=4, width=8, step=8, tokens=40),
}


def items(plan: Plan) -> list[Item]:
    """Sentences to write around keywords, drawn without the models' help."""
    rng = random.Random("future constraints")
    made = []
    for number in range(plan.items):
        fields = {"keywords": rng.sample(WORDS, plan.words)}
        question = f"Write one sentence. {asked(Constraints.of(fields))} Reply with the sentence alone."
        made.append(make_item(f"keywords-{number}", question, None, Keeps(), fields=fields, max_tokens=plan.tokens))
    return made


def experiment(scale: Scale, progress: Progress) -> Finding:
    """Every model, in each way, on the same keywords."""
    plan = PLANS[scale]
    started = time.monotonic()
    task = Task("keywords", items(plan), generated=True)
    recipes = [plan.recipe(model, way) for model in plan.models for way in WAYS]
    records = measure(recipes, task, watch=tell("keywords", progress))
    over_search, over_plain = comparisons(records, plan, list(task.test))
    verdict, why = judge(over_search, over_plain)
    shares = [share_right(f"{text}: share with all keywords", answers) for text, answers in records.items()]
    return Finding(
        paper=ID,
        scale=scale,
        verdict=verdict,
        measurements=(*over_search, *over_plain, *shares, *costs(records)),
        sentence=why,
        spent=spent(records, time.monotonic() - started),
        run_on=run_on(plan.models),
    )


def coverage(records: Sequence[ItemRecord], asked_for: Sequence[Item]) -> list[float]:
    """The share of each item's keywords that its answer has."""
    wanted = [Constraints.of(item.fields) for item in asked_for]
    return [len(w.found(r.text)) / len(w.keywords) for w, r in zip(wanted, records, strict=True)]


def comparisons(records: Records, plan: Plan, asked_for: Sequence[Item]) -> tuple[list[Measurement], list[Measurement]]:
    """For each model the coverage with looking ahead less that of the same search without, and less that of plain
    decoding. All intervals hold together with 95 % confidence (Bonferroni)."""
    confidence = 1.0 - (1.0 - CONFIDENCE) / (2 * len(plan.models))
    found: dict[str, list[Measurement]] = {"search": [], "plain": []}
    for model in plan.models:
        ahead = coverage(records[plan.recipe(model, "look ahead")], asked_for)
        for way, rows in found.items():
            other = coverage(records[plan.recipe(model, way)], asked_for)
            note = f"share of keywords {sum(ahead) / len(ahead):.2f} and {sum(other) / len(other):.2f}"
            rows.append(difference(f"{model}: keywords, look ahead less {way}", ahead, other, confidence, note, SHARES))
    return found["search"], found["plain"]


def costs(records: Records) -> list[Measurement]:
    """Forward FLOPs an item of each recipe."""
    means = {text: sum(r.flops for r in answers) / len(answers) for text, answers in records.items()}
    return [Measurement(f"{text}: FLOPs an item", m, m, m, len(records[text]), "counted") for text, m in means.items()]


def judge(over_search: Sequence[Measurement], over_plain: Sequence[Measurement]) -> tuple[Verdict, str]:
    """From each model's two differences.

    *holds*: some model keeps more keywords by looking ahead than by both other ways, and none fewer than by either.
    *does not hold here*: no model can be above both, since each is below one of them. Otherwise *cannot tell*.
    """
    pairs = [(above(a), above(b)) for a, b in zip(over_search, over_plain, strict=True)]
    gained = sum(pair == (True, True) for pair in pairs)
    lost = sum(False in pair for pair in pairs)
    said = f"looking ahead keeps more keywords than the same search without it and than plain decoding on {gained} of {len(pairs)} models"
    said += f", and fewer than one of them on {lost}"
    if gained and not lost:
        return "holds", f"Holds: {said}."
    if lost == len(pairs):
        return "does not hold here", f"Does not hold here: {said}."
    return "cannot tell", f"Cannot tell: {said}."


PARTLY = "Keywords only: the publication also steers away from toxicity and towards facts, with models of 7 billion parameters and more."
PAPER = Paper(
    id=ID,
    claim="An estimate of whether the constraint will be met, made by the model itself, keeps more constraints than plain and beam decoding.",
    published=(
        Figure(
            "tasks on which it is shown: keywords, toxicity, factual answers",
            3.0,
            "tasks",
            "arXiv:2312.06149, abstract",
        ),
    ),
    experiment=experiment,
)
