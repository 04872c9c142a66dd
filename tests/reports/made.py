"""A study as it might come out: 12 recipes (3 rungs, 4 strategies) on 100 items, raced until one met the target."""

import math
import random
from collections.abc import Callable
from dataclasses import replace

from gulliver.studies.result import Answer, ItemRecord, Prediction, RecipeResult, RunInfo, Spent, StudyResult, Verdict

RUNGS = (
    ("smollm2-135m", "smollm2", 134_515_008, 0.012, 310_000_000),
    ("qwen2.5-coder-0.5b", "qwen2.5-coder", 494_032_768, 0.035, 790_000_000),
    ("qwen2.5-coder-1.5b", "qwen2.5-coder", 1_543_714_304, 0.095, 1_950_000_000),
)
STRATEGIES = (("direct", 12, 1), ("cot", 160, 1), ("pal", 120, 1), ("pal | majority(n=8)", 960, 8))
SKILL = {
    "smollm2-135m": (0.02, 0.05, 0.03, 0.04),
    "qwen2.5-coder-0.5b": (0.06, 0.24, 0.29, 0.38),
    "qwen2.5-coder-1.5b": (0.11, 0.52, 0.56, 0.66),
}
TARGET = 0.35


def make_result(*, recipes: int = 12, items: int = 100, raced: bool = True, seed: int = 1) -> StudyResult:
    """A result of that shape; with `raced` false every recipe is measured on all items."""
    rng = random.Random(seed)
    made = [_recipe(rng, place, items, raced) for place in range(recipes)]
    made.sort(key=lambda r: r.flops_computed)
    cut = next((i for i, r in enumerate(made) if (r.quality or 0.0) >= TARGET), len(made))
    made = [replace(r, verdict=_verdict(r), needed=34 if _verdict(r) == "undecided" else None) for r in made]
    if raced:
        made = [*made[: cut + 3], *(_not_run(r) for r in made[cut + 3 :])]
    chosen = made[cut].recipe if cut < len(made) else None
    frontier, best = [], -1.0
    for r in made:
        if r.quality is not None and r.quality > best:
            frontier.append(r.recipe)
            best = r.quality
    made = [replace(r, on_frontier=None if r.quality is None else 0.86 if r.recipe in frontier else 0.11) for r in made]
    rejected = tuple(r.recipe for r in made[:cut] if r.verdict == "rejected")
    sentence = f"{chosen} is the cheapest recipe found to meet the target 0.35, at 95 % confidence: 38 of 100 right. {len(rejected)} cheaper recipes were rejected."
    why = "no larger rung of the family smollm2 was measured, and one rung gives no slope"
    return StudyResult(
        Answer("meets" if chosen else "none", chosen, 0.95, rejected, tuple(r.recipe for r in made[:cut] if r.verdict == "undecided"), sentence),
        tuple(made),
        tuple(frontier),
        (
            *(Prediction("smollm2", name, "smollm2-360m", 361_821_120, why=why) for name, _, _ in STRATEGIES),
            Prediction("qwen2.5-coder", "direct", "qwen2.5-coder-3b", 3_085_938_688, why="the two rungs do not differ beyond chance"),
            Prediction("qwen2.5-coder", "cot", "qwen2.5-coder-3b", 3_085_938_688, 0.68, 0.41, 0.86),
            Prediction("qwen2.5-coder", "pal", "qwen2.5-coder-3b", 3_085_938_688, 0.70, 0.44, 0.88),
            Prediction("qwen2.5-coder", "pal | majority(n=8)", "qwen2.5-coder-3b", 3_085_938_688, 0.79, 0.52, 0.93),
        ),
        Spent(1843, 977, 512_340, 401_877, 9.1e14, 688.0),
        make_run(items),
        ("qwen2.5-coder-1.5b | direct: three requests failed and were counted as such.",),
    )  # fmt: skip


def make_run(items: int = 100) -> RunInfo:
    """What such a study says about itself."""
    models = tuple(
        {
            "name": name, "digest": f"{i}d9614638d18024d0fbb36575a15f1302a3adf044df10345688ec4f6e1c4ff3{i}", "engine": "openvino",
            "engine_version": "2026.4.0", "format": ("Q4_1 with Q8_0 embeddings", "Q8_0 (requantised from Q4_K_M)", "Q8_0 (requantised from Q4_K_M)")[i],
            "source": "hf:Qwen/Qwen2.5-Coder-GGUF", "license": "Apache-2.0", "parameters": parameters, "active_parameters": parameters,
            "embedding_parameters": parameters // 5, "architecture": "qwen2", "context_length": 32768, "family": family,
            "note": "" if i == 0 else "Q8_0 rewritten from Q4_K_M: made from 4-bit weights.", "settings": {"KV_CACHE_PRECISION": "f16"},
        }
        for i, (name, family, parameters, _, _) in enumerate(RUNGS)
    )  # fmt: skip
    return RunInfo(
        id="gsm8k-1a2b3c4d", study="gsm8k", task="gsm8k", task_digest="9f" * 32, task_source="openai/grade-school-math, test split",
        task_public=True, task_note="100 items of the test split", about="pool", pool=items, target=TARGET, target_text="0.35", cheap="flops",
        seed=0, started="2026-01-02T03:04:05+00:00", gulliver="0.1.0", python="3.11.2", machine="Linux x86_64, 2 cores", models=models,
        power=f"All {items} items may be asked, which settles any recipe exactly; a recipe stops early when it is clear sooner.", folder="runs/gsm8k-1a2b3c4d",
    )  # fmt: skip


def changed_texts(result: StudyResult, change: Callable[[str], str]) -> StudyResult:
    """The same with every free text changed, names included, so that names still refer to each other."""

    def record(r: ItemRecord) -> ItemRecord:
        texts = {
            key: change(getattr(r, key)) for key in ("item", "question", "target", "value", "text", "program", "detail")
        }
        return replace(r, **texts)

    def recipe(r: RecipeResult) -> RecipeResult:
        texts = {key: change(getattr(r, key)) for key in ("recipe", "model", "strategy", "family", "note")}
        return replace(r, **texts, records=tuple(record(x) for x in r.records))

    def names(values: tuple[str, ...]) -> tuple[str, ...]:
        return tuple(change(value) for value in values)

    a, run = result.answer, result.run
    run_texts = (
        "id",
        "study",
        "task",
        "task_digest",
        "task_source",
        "task_note",
        "target_text",
        "started",
        "gulliver",
        "python",
        "machine",
        "power",
        "folder",
    )
    models = tuple(
        {
            **{k: change(v) if isinstance(v, str) else v for k, v in m.items()},
            "settings": {change("key"): change("value")},
        }
        for m in run.models
    )
    return StudyResult(
        replace(a, recipe=a.recipe and change(a.recipe), rejected=names(a.rejected), undecided=names(a.undecided), sentence=change(a.sentence)),
        tuple(recipe(r) for r in result.recipes),
        names(result.frontier),
        tuple(replace(p, family=change(p.family), strategy=change(p.strategy), next_model=change(p.next_model or ""), why=p.why and change(p.why)) for p in result.prediction),
        result.spent,
        replace(run, **{key: change(getattr(run, key)) for key in run_texts}, models=models),
        names(result.warnings),
    )  # fmt: skip


def _verdict(r: RecipeResult) -> Verdict:
    return "meets" if (r.quality or 0.0) >= TARGET else "rejected" if r.high < TARGET else "undecided"


def _not_run(r: RecipeResult) -> RecipeResult:
    return replace(
        r, quality=None, low=0.0, high=1.0, items=0, right=0, unreadable=0, truncated=0, unsupported=0, failed=0, flops_naive=0.0, flops_computed=0.0,
        flops_low=0.0, flops_high=0.0, seconds=0.0, seconds_low=0.0, seconds_high=0.0, peak_memory=0, tokens=0.0, verdict="not run", needed=None, records=(),
    )  # fmt: skip


def _recipe(rng: random.Random, place: int, items: int, raced: bool) -> RecipeResult:
    model, family, parameters, busy, memory = RUNGS[place % len(RUNGS)]
    column = place // len(RUNGS)
    strategy, tokens, draws = STRATEGIES[column % len(STRATEGIES)]
    if column >= len(STRATEGIES):
        strategy = f"{strategy} | first(variant={column})"
    skill = SKILL[model][column % len(STRATEGIES)]
    asked = items if not raced or 0.2 < skill < 0.5 else max(8, items * (2 if skill < 0.1 else 3) // 5)
    records = tuple(_record(rng, i, skill, strategy, tokens) for i in range(asked))
    outcomes = [r.outcome for r in records]
    right = outcomes.count("right")
    quality = right / asked
    half = 0.0 if asked == items else 1.6 * math.sqrt((quality + 0.02) * (1 - quality) / asked)
    flops = 2.0 * parameters * (tokens + 180) * (1 + 0.03 * column)
    seconds = busy * (tokens + 20) / 10
    exact = asked == items
    return RecipeResult(
        recipe=f"{model} | {strategy}", model=model, strategy=strategy, family=family, parameters=parameters, quality=quality,
        low=max(0.0, quality - half), high=min(1.0, quality + half), items=asked, right=right,
        unreadable=outcomes.count("unreadable"), truncated=outcomes.count("truncated"), unsupported=outcomes.count("unsupported"),
        failed=outcomes.count("failed"), flops_naive=flops * (1.9 if draws > 1 else 1.02), flops_computed=flops,
        flops_low=flops if exact else flops * 0.86, flops_high=flops if exact else flops * 1.19, seconds=seconds, seconds_low=seconds * 0.92,
        seconds_high=seconds * 1.1, peak_memory=memory + column * 9_000_000, tokens=float(tokens), verdict="undecided", records=records,
    )  # fmt: skip


def _record(rng: random.Random, index: int, skill: float, strategy: str, tokens: int) -> ItemRecord:
    price = 3 + index % 17
    question = f"A baker sells {index + 12} loaves a day at ${price} each. Flour costs ${index % 5 + 1} a loaf. How much does she earn in a week after flour?"
    target = str((index + 12) * (price - index % 5 - 1) * 7)
    ease = 0.75 if index % 3 else 1.5
    draw = rng.random()
    outcome = (
        "right"
        if draw < skill * ease
        else rng.choices(
            ("wrong", "unreadable", "truncated", "unsupported"), (70, 14, 10, 8 if "pal" in strategy else 0)
        )[0]
    )
    value = target if outcome == "right" else str(int(target) - price) if outcome == "wrong" else ""
    program = f"loaves = {index + 12}\nprice = {price}\nprint(loaves * price * 7)" if "pal" in strategy else ""
    text = (
        f"First we find how many loaves are sold in a week: {index + 12} * 7. " * (1 + tokens // 60)
    ) + f"The answer is {value}."
    detail = "the program imports a module that the sandbox does not have: pandas" if outcome == "unsupported" else ""
    return ItemRecord(f"gsm8k-{index}", question, target, outcome, value, text, program, detail, 1e9, 0.1)
