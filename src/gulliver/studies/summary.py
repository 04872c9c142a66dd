"""From what was asked to what is said: the answer, the table, the frontier, the prediction."""

import hashlib
import json
import os
import platform
import re
import time
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from importlib.metadata import version
from typing import Any

import numpy as np

from gulliver.home import home
from gulliver.inference import Session
from gulliver.models.base import Model
from gulliver.models.ladder import siblings
from gulliver.studies.confidence import interval
from gulliver.studies.config import StudyConfig
from gulliver.studies.entrants import Entrant, costs_of
from gulliver.studies.frontier import cost_interval, frontier
from gulliver.studies.making import told
from gulliver.studies.power import resolvable_gap
from gulliver.studies.prediction import predict_next
from gulliver.studies.preparing import Prepared
from gulliver.studies.prices import both_prices
from gulliver.studies.result import Answer, Prediction, RecipeResult, RunInfo, Spent, StudyResult
from gulliver.studies.study import Runner
from gulliver.studies.unkept import without_texts


def summarise(runner: Runner, session: Session) -> StudyResult:
    """Everything a study says, from a race that has ended."""
    prepared = runner.prepared
    elapsed = time.monotonic() - runner.started
    entrants = list(runner.entrants)
    if runner.reference is not None and runner.reference not in entrants:
        entrants.append(runner.reference)
    results = _with_frontier(entrants, [_result(e, runner) for e in entrants], prepared)
    makings = {e.name: e.making for e in entrants if e.making is not None}
    results = [replace(r, making=told(makings, r, results)) if r.recipe in makings else r for r in results]
    spending = session.spending
    cost = spending.cost
    spent = Spent(
        spending.asked, spending.replayed, cost.prompt_tokens, cost.completion_tokens, cost.flops_computed,
        cost.seconds, cost.joules, cost.money, elapsed, *both_prices(spending.models, prepared.config.prices),
    )  # fmt: skip
    answer = _answer(runner, results)
    warnings = list(runner.warnings)
    dearer = _cheaper_after_all(answer.recipe, results, prepared.config)
    if dearer:
        warnings.append(dearer)
    members = [
        r.recipe for r in sorted(results, key=lambda r: _cost(r, prepared.config)) if (r.on_frontier or 0) >= 0.5
    ]
    return StudyResult(
        answer,
        tuple(results),
        tuple(members),
        tuple(_predictions(results, prepared)),
        spent,
        _run_info(prepared, session.store.keep_text),
        tuple(warnings),
    )


def power_sentence(prepared: Prepared) -> str:
    """What gap the items can resolve, said before anything is spent."""
    target = prepared.config.target or 0.5
    alpha = (1 - prepared.config.confidence) / max(1, len(prepared.recipes))
    gap = resolvable_gap(prepared.limit, prepared.pool, target, alpha)
    if prepared.pool is not None and prepared.limit >= prepared.pool:
        return f"All {prepared.pool} items may be asked, which settles any recipe exactly; a recipe stops early when it is clear sooner."
    return f"{prepared.limit} items resolve a recipe whose quality is {gap:.3f} or more away from the target with 90 % power; closer ones may stay undecided."


def _result(entrant: Entrant, runner: Runner) -> RecipeResult:
    prepared = runner.prepared
    asked = entrant.asked
    n = len(asked)
    alpha = 1 - prepared.config.confidence
    low, high = interval(np.array([a.score for a in asked]), prepared.pool, alpha) if n else (0.0, 1.0)
    outcomes = [a.record.outcome for a in asked]
    flops, seconds = costs_of(asked, "flops"), costs_of(asked, "seconds")
    exhausted = prepared.pool is not None and n >= prepared.pool
    spread = {
        name: (float(values.mean()),) * 2
        if exhausted and n
        else cost_interval(values, prepared.config.confidence)
        if n
        else (0.0, 0.0)
        for name, values in (("flops", flops), ("seconds", seconds))
    }
    joules = [a.cost.joules for a in asked if a.cost.joules is not None]
    money = [a.cost.money for a in asked if a.cost.money is not None]
    model = entrant.recipe.model if entrant.recipe else None
    parameters = sum(m.card.parameters for m in entrant.recipe.models) if entrant.recipe else 0
    return RecipeResult(
        recipe=entrant.name,
        model=model.name if model else "none",
        strategy=entrant.recipe.strategy.text if entrant.recipe else "floor",
        family=model.card.family if model else "none",
        parameters=parameters,
        quality=entrant.right / n if n else None,
        low=low,
        high=high,
        items=n,
        right=entrant.right,
        unreadable=outcomes.count("unreadable"),
        truncated=outcomes.count("truncated"),
        unsupported=outcomes.count("unsupported"),
        failed=outcomes.count("failed"),
        flops_naive=_mean([a.cost.flops_naive for a in asked]),
        flops_computed=_mean(flops.tolist()),
        flops_low=spread["flops"][0],
        flops_high=spread["flops"][1],
        seconds=_mean(seconds.tolist()),
        seconds_low=spread["seconds"][0],
        seconds_high=spread["seconds"][1],
        peak_memory=entrant.memory,
        tokens=_mean([float(a.cost.completion_tokens) for a in asked]),
        verdict=entrant.verdict,
        joules=_mean(joules) if joules else None,
        money=_mean(money) if money else None,
        needed=entrant.trial.needed if entrant.trial and entrant.verdict == "undecided" else None,
        floor=entrant.recipe is None,
        note=entrant.note,
        records=tuple(a.record if runner.session.store.keep_text else without_texts(a.record) for a in asked),
    )


def _with_frontier(entrants: Sequence[Entrant], results: list[RecipeResult], prepared: Prepared) -> list[RecipeResult]:
    measured = [i for i, r in enumerate(results) if r.items]
    if not measured:
        return results
    size = len(prepared.items)
    currency = prepared.config.cheap
    scores, costs = [], []
    for i in measured:
        entrant = entrants[i]
        score = np.full(size, np.nan)
        cost = np.full(size, np.nan)
        score[: len(entrant.asked)] = [a.score for a in entrant.asked]
        paid = (
            np.full(len(entrant.asked), float(entrant.memory))
            if currency == "memory"
            else costs_of(entrant.asked, currency)
        )
        cost[: len(entrant.asked)] = paid
        scores.append(score)
        costs.append(cost)
    chances = frontier(scores, costs, pool=prepared.pool, seed=prepared.config.seed)
    for i, chance in zip(measured, chances, strict=True):
        results[i] = replace(results[i], on_frontier=float(chance))
    return results


def _answer(runner: Runner, results: Sequence[RecipeResult]) -> Answer:
    config = runner.prepared.config
    racing = [r for r in results if r.recipe in {e.name for e in runner.entrants}]
    meets = [r for r in racing if r.verdict == "meets"]
    best = meets[0] if meets else None
    cheaper = racing[: racing.index(best)] if best else racing
    rejected = tuple(r.recipe for r in cheaper if r.verdict == "rejected")
    undecided = tuple(r.recipe for r in cheaper if r.verdict in ("undecided", "not run"))
    sure = f"{config.confidence:.0%}".replace("%", " %")
    said_undecided = ""
    if undecided:
        needs = [
            f"{r.recipe} (about {r.needed} more items would settle it)" if r.needed else r.recipe
            for r in cheaper
            if r.recipe in undecided
        ]
        said_undecided = f" Undecided: {'; '.join(needs)}."
    goal = config.target_text
    if best is not None:
        sentence = f"{best.recipe} is the cheapest recipe found to meet the target {goal}, at {sure} confidence: {best.right} of {best.items} right."
        if rejected:
            sentence += f" {len(rejected)} cheaper {'recipe was' if len(rejected) == 1 else 'recipes were'} rejected."
        return Answer("meets", best.recipe, config.confidence, rejected, undecided, sentence + said_undecided)
    if undecided:
        sentence = f"Not settled: no recipe was shown to meet the target {goal}."
        return Answer("not settled", None, config.confidence, rejected, undecided, sentence + said_undecided)
    closest = max((r for r in racing if r.quality is not None), key=lambda r: r.quality or 0.0, default=None)
    sentence = f"None of the {len(racing)} recipes meets the target {goal}, at {sure} confidence."
    if closest is not None:
        sentence += f" The best is {closest.recipe} with {closest.right} of {closest.items} right."
    return Answer("none", None, config.confidence, rejected, undecided, sentence)


def _cheaper_after_all(name: str | None, results: Sequence[RecipeResult], config: StudyConfig) -> str:
    """A sentence when a recipe that was forecast to be cheaper turned out dearer than the answer, or the reverse."""
    best = next((r for r in results if r.recipe == name), None)
    if best is None:
        return ""
    wrong = [r.recipe for r in results if r.verdict == "meets" and r.items and _cost(r, config) < _cost(best, config)]
    if not wrong:
        return ""
    return f"{' and '.join(wrong)} also meets the target and turned out cheaper than forecast; measured, it is the cheaper choice."


def _predictions(results: Sequence[RecipeResult], prepared: Prepared) -> list[Prediction]:
    grouped: dict[tuple[str, str], list[RecipeResult]] = {}
    for r in results:
        if not r.floor and r.items and r.parameters:
            grouped.setdefault((r.family, r.strategy), []).append(r)
    made = []
    for (family, strategy), members in sorted(grouped.items()):
        largest = max(m.parameters for m in members)
        larger = [(name, size) for name, size in siblings(family) if size > 1.2 * largest]
        if not larger:
            made.append(
                Prediction(family, strategy, why=f"no larger rung of the family {family} is known to the ladder")
            )
            continue
        name, size = min(larger, key=lambda pair: pair[1])
        rungs = [(m.parameters, m.right, m.items) for m in members]
        outcome = predict_next(rungs, size, prepared.config.confidence)
        if outcome[0] is None:
            made.append(Prediction(family, strategy, name, size, why=str(outcome[1])))
        else:
            quality, low, high = outcome
            made.append(Prediction(family, strategy, name, size, float(quality), float(low), float(high)))
    return made


def run_id(prepared: Prepared) -> str:
    """The run's name: the study's, and a hash of what decides its answer."""
    config = prepared.config
    content = json.dumps(
        [
            sorted(r.text for r in prepared.recipes),
            config.target_text,
            prepared.task.digest,
            config.seed,
            config.confidence,
            config.items,
            config.race,
            config.cheap,
            config.about,
        ]
    )
    name = re.sub(r"[^\w.\-]+", "-", config.name)
    return f"{name}-{hashlib.sha256(content.encode()).hexdigest()[:8]}"


def _run_info(prepared: Prepared, keep_text: bool) -> RunInfo:
    config, task = prepared.config, prepared.task
    models: dict[str, dict[str, Any]] = {}
    for recipe in [*prepared.recipes, *([prepared.reference] if prepared.reference else [])]:
        for model in recipe.models:
            models[model.name] = _told(model)
    run = run_id(prepared)
    return RunInfo(
        id=run,
        study=config.name,
        task=task.name,
        task_digest=task.digest,
        task_source=task.source,
        task_public=task.public,
        task_note=task.note,
        about=prepared.about,
        pool=prepared.pool,
        target=config.target,
        target_text=config.target_text,
        cheap=config.cheap,
        seed=config.seed,
        started=datetime.now(UTC).isoformat(timespec="seconds"),
        gulliver=version("gulliver"),
        python=platform.python_version(),
        machine=f"{platform.system()} {platform.machine()}, {os.cpu_count()} cores",
        models=tuple(models.values()),
        power=power_sentence(prepared),
        folder=str(home() / "runs" / run),
        race=config.race,
        batch=config.batch,
        keep_text=keep_text,
        task_spec=_plain(config.task) if keep_text else None,
        task_folder=str(config.folder) if keep_text else "",
        task_items=config.items,
    )


def _told(model: Model) -> dict[str, Any]:
    card = model.card
    return {
        "name": model.name, "digest": card.digest, "engine": model.engine, "engine_version": model.engine_version,
        "format": card.format, "source": card.source, "license": card.license, "parameters": card.parameters,
        "active_parameters": card.active_parameters, "embedding_parameters": card.embedding_parameters,
        "architecture": card.architecture, "context_length": card.context_length, "family": card.family, "note": card.note,
        "settings": dict(model.options),
    }  # fmt: skip


def _plain(task: str | Mapping[str, Any]) -> str | dict[str, Any] | None:
    """The task as a run's file can hold it; one with a function of the user's cannot be read back."""
    try:
        json.dumps(task)
    except TypeError:
        return None
    return task if isinstance(task, str) else dict(task)


def _cost(result: RecipeResult, config: StudyConfig) -> float:
    if config.cheap == "money":
        return result.money or 0.0
    return {"flops": result.flops_computed, "seconds": result.seconds, "memory": float(result.peak_memory)}[
        config.cheap
    ]


def _mean(values: Sequence[float]) -> float:
    return float(sum(values) / len(values)) if values else 0.0
