"""Small models that call functions, guided, checked and with a fallback (Sharma and Mehta 2025, arXiv:2510.03847)."""

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from gulliver.inference import Session, Store
from gulliver.papers.alone import percentiles, seconds_alone, spread
from gulliver.papers.base import Figure, Finding, Measurement, Paper, Progress, Scale, Verdict
from gulliver.papers.parts import verdict, within
from gulliver.papers.routing import Routed, bootstrap, costs, router, successes
from gulliver.papers.running import right, run_on, share_right, spent, tell
from gulliver.strategies.calls import call_problem
from gulliver.studies import measure
from gulliver.studies.paired import compare, wilson
from gulliver.studies.recipe import parse_recipe
from gulliver.studies.result import ItemRecord
from gulliver.studies.running import run_async
from gulliver.studies.thresholds import ask_surely
from gulliver.tasks import load_task
from gulliver.tasks.base import Item
from gulliver.tasks.bfcl_calls import read_calls, tries_to_call
from gulliver.tasks.tool_calls import executable, functions_of

ID = "slm-agents-survey-2025"
SMALL, LARGE = "qwen2.5-coder-0.5b", "qwen2.5-coder-1.5b"
PLAIN, GUIDED = "calls(guided=false, repair=false)", "calls"
MOST, FRACTION = 0.5, 0.5
"""Closes most of the gap: more than this share of it. A fraction of the cost: less than this share of it."""


@dataclass(frozen=True)
class Plan:
    """Two models, items of `bfcl` (simple, multiple, irrelevance), and how many of them are asked one by one, for latency."""

    small: str
    large: str
    items: int
    alone: int

    @property
    def recipes(self) -> tuple[str, str, str]:
        """The small model alone, the same guided and checked, and the large one alone; the functions are told alike."""
        return f"{self.small} | {PLAIN}", f"{self.small} | {GUIDED}", f"{self.large} | {PLAIN}"


PLANS: dict[Scale, Plan] = {
    "smoke": Plan("smollm2-135m", "smollm2-135m", 3, 1),  # held against itself: there is no gap to close
    "laptop": Plan(SMALL, LARGE, 64, 6),
    "full": Plan(SMALL, LARGE, 840, 60),
}


def experiment(scale: Scale, progress: Progress) -> Finding:
    """All recipes on the same items; the fallback and the shuffled router are computed from their answers."""
    plan = PLANS[scale]
    began = time.monotonic()
    task = load_task("bfcl(max_tokens=192)", items=plan.items)
    items = list(task.test)[: plan.items]
    records = measure(plan.recipes, task, items=plan.items, watch=tell(task.name, progress))
    sure = sureness(plan.recipes[1], items)
    latencies = []
    for text in dict.fromkeys(plan.recipes):
        progress(f"{task.name}: {text}: {plan.alone} items one by one")
        latencies += percentiles(text, seconds_alone(parse_recipe(text), spread(items, plan.alone + 1)))
    told = assess(plan, items, records, sure)
    found, why = judge(told["schema"], told["closed"], told["cost"], told["gap"])
    return Finding(
        paper=ID,
        scale=scale,
        verdict=found,
        measurements=(*told.values(), *latencies),
        sentence=why,
        spent=spent(records, time.monotonic() - began),
        run_on=run_on((plan.small, plan.large)),
    )


def assess(
    plan: Plan, items: Sequence[Item], records: Mapping[str, Sequence[ItemRecord]], sure: Sequence[float]
) -> dict[str, Measurement]:
    """Everything that follows from the answers, by a short name."""
    small, guided, large = (records[text] for text in plan.recipes)
    told: dict[str, Measurement] = {}
    for name, answers in (("small", small), ("guided", guided), ("large", large)):
        told[f"right {name}"] = share_right(f"{_say(name)}: share right", answers)
        told[f"valid {name}"], told[f"runs {name}"] = validity(_say(name), items, answers)
        told[f"per success {name}"] = per_success(_say(name), answers)
    told["gap"] = _difference("large less small: share right", large, small)
    told["gain"] = _difference("guided and checked less small: share right", guided, small)
    told["closed"] = bootstrap("share of the gap that guiding and checking close", [_r(guided), _r(small), _r(large)], _closed)  # fmt: skip
    told["schema"] = paired_validity(items, guided, small)
    costly = [_r(guided), costs(guided), _r(large), costs(large)]
    told["cost"] = bootstrap("FLOPs for each success, guided small over large", costly, _cost_ratio)
    routed = router(sure, guided, large)
    told |= of_router(routed, large)
    return told


def of_router(routed: Routed, large: Sequence[ItemRecord]) -> dict[str, Measurement]:
    """The fallback against the large model alone and against a router that sends as many items at random."""
    chosen, random = np.array(routed.right, float), np.array(routed.shuffled)
    found = compare(routed.right, right(large))
    low, high = wilson(sum(routed.right), len(routed.right))
    share = sum(routed.sent) / len(routed.sent)
    return {
        "right fallback": Measurement(
            "small with fallback: share right", float(chosen.mean()), low, high, found.n, f"{share:.0%} sent to the large"
        ),
        "fallback less large": Measurement(
            "small with fallback less large: share right", found.value, found.low, found.high, found.n,
            "goal: not below -0.02",
        ),
        "fallback flops": bootstrap(
            "FLOPs, small with fallback over large", [np.array(routed.flops), costs(large)], lambda a, b: a.sum() / b.sum()
        ),
        "fallback per success": bootstrap(
            "small with fallback: FLOPs for each success", [chosen, np.array(routed.flops)], lambda a, b: b.sum() / max(1.0, a.sum())
        ),
        "fallback less shuffled": bootstrap(
            "small with fallback less a shuffled router of equal cost: share right", [chosen, random], lambda a, b: float((a - b).mean())
        ),
    }  # fmt: skip


def validity(name: str, items: Sequence[Item], records: Sequence[ItemRecord]) -> tuple[Measurement, Measurement]:
    """Of the answers that call something and were not cut: the shares whose calls keep their schemas, and would run."""
    pairs = [(item, record) for item, record in zip(items, records, strict=True) if _calls(item, record)]
    valid = sum(not call_problem(record.text, item) for item, record in pairs)
    runs = sum(_runs(item, record.text) for item, record in pairs)
    cut = sum(record.outcome == "truncated" for record in records)
    note = f"{len(pairs)} answers call; {cut} of all were cut by the length limit"
    made = []
    for what, count in (("calls that keep their schema", valid), ("calls that would run", runs)):
        low, high = wilson(count, len(pairs)) if pairs else (0.0, 1.0)
        made.append(Measurement(f"{name}: {what}", count / max(1, len(pairs)), low, high, len(pairs), note))
    return made[0], made[1]


def paired_validity(items: Sequence[Item], guided: Sequence[ItemRecord], small: Sequence[ItemRecord]) -> Measurement:
    """Guided less unguided, on items where both call something."""
    both = [
        (not call_problem(first.text, item), not call_problem(second.text, item))
        for item, first, second in zip(items, guided, small, strict=True)
        if _calls(item, first) and _calls(item, second)
    ]
    name = "calls that keep their schema, guided less unguided"
    if not both:
        return Measurement(name, 0.0, -1.0, 1.0, 0, "both never called anything")
    found = compare([one for one, _ in both], [two for _, two in both])
    return Measurement(name, found.value, found.low, found.high, found.n)


def per_success(name: str, records: Sequence[ItemRecord]) -> Measurement:
    """FLOPs of all answers for each right one."""
    note = "" if any(right(records)) else "nothing is right: this is what all answers cost"
    columns = [_r(records), costs(records)]
    return bootstrap(f"{name}: FLOPs for each success", columns, lambda a, b: b.sum() / max(1.0, a.sum()), note)


def sureness(text: str, items: Sequence[Item]) -> list[float]:
    """How sure a recipe is of each answer, from the answers that the store holds."""
    recipe = parse_recipe(text)

    async def work() -> list[float]:
        async with Store() as store, Session(store) as session:
            return [(await ask_surely(recipe, item, session))[0] or 0.0 for item in items]

    return run_async(work())


def judge(schema: Measurement, closed: Measurement, cost: Measurement, gap: Measurement) -> tuple[Verdict, str]:
    """*holds*: guided, more calls keep their schema, more than half of the gap to the large model is closed, and a success
    costs less than half as much. A gap that is not there cannot be closed: then that part is open."""
    parts = {
        f"guided, more calls keep their schema ({schema.value:+.2f})": within(schema, 1e-9, 1.0),
        f"guiding and checking close more than {MOST:.0%} of the gap ({closed.value:.0%} of {gap.value:+.2f})": (
            within(closed, MOST, float("inf")) if gap.low > 0 else None
        ),
        f"a success costs less than {FRACTION:.0%} of the large model's ({cost.value:.0%})": within(
            cost, 0.0, FRACTION
        ),
    }
    return verdict(parts)


def _calls(item: Item, record: ItemRecord) -> bool:
    names = [function["name"] for function in item.fields["functions"]]
    return record.outcome != "truncated" and bool(read_calls(record.text, names) or tries_to_call(record.text, names))


def _runs(item: Item, text: str) -> bool:
    functions = functions_of(item.fields["functions"])
    calls = read_calls(text, [function.name for function in functions])
    return bool(calls) and all(executable(call, functions) for call in calls)


def _difference(name: str, first: Sequence[ItemRecord], second: Sequence[ItemRecord]) -> Measurement:
    found = compare(right(first), right(second))
    note = f"only the first right {found.first}, only the second {found.second}, both {found.both}"
    return Measurement(name, found.value, found.low, found.high, found.n, note)


def _closed(guided: Any, small: Any, large: Any) -> float:
    gap = float(large.mean() - small.mean())
    return float(guided.mean() - small.mean()) / gap if gap > 0 else 0.0


def _cost_ratio(right_1: Any, flops_1: Any, right_2: Any, flops_2: Any) -> float:
    return float((flops_1.sum() / max(1.0, right_1.sum())) / (flops_2.sum() / max(1.0, right_2.sum())))


def _r(records: Sequence[ItemRecord]) -> Any:
    return successes(records)


def _say(name: str) -> str:
    return {"small": "small alone", "guided": "small, guided and checked", "large": "large alone"}[name]


PARTLY = "Function calls of one turn; no retrieval, no agents of many steps, and the two models are of one family."
PAPER = Paper(
    id=ID,
    claim="Schema and checks close most of the gap for little money.",
    published=(
        Figure("token cost of large models over small ones, at least", 10.0, "times", "arXiv:2510.03847, abstract"),
        Figure("token cost of large models over small ones, at most", 100.0, "times", "arXiv:2510.03847, abstract"),
    ),
    experiment=experiment,
)
