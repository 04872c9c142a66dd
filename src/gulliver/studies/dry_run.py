"""`--dry-run`: what a study will spend and what it will find, said before it runs.

The race stops when it has seen enough, so its cost is as uncertain as its answer: the forecast simulates the race on
qualities and costs drawn from a pilot (see `pilot`, `costs`, `throughput`, `simulation`). Intervals are the middle
of the simulations, taken a little wider than stated because a pilot of a few items knows the simulation itself only
roughly; `benchmarks/forecast.py` measures how often they hold.
"""

import math
import time
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path

import numpy as np

from gulliver.errors import StudyError
from gulliver.home import home
from gulliver.inference import Session, Store
from gulliver.studies.costs import QUANTITIES, Part, find_parts
from gulliver.studies.events import Watch
from gulliver.studies.forecast import Forecast, RecipeForecast, Span, find_forecast, keep_forecast
from gulliver.studies.pilot import PROMPT_WORK, Known, Pilot, run_pilot
from gulliver.studies.preparing import Prepared
from gulliver.studies.prices import Price, both_prices
from gulliver.studies.result import Spent
from gulliver.studies.running import run_async
from gulliver.studies.simulation import Outcome, answers_of, simulate, spread
from gulliver.studies.study import IN_FLIGHT, Runner
from gulliver.studies.summary import run_id
from gulliver.studies.throughput import Speed, guess_speed, measure_speed

CONFIDENCE = 0.9
TAKEN = 0.95  # share of the simulations that an interval holds
PILOT = 8
SIMULATIONS = 400
_COUNTED = ("requests", "prompt_tokens", "completion_tokens")
_UNTRAINED = "its training is not done, and what that takes is not forecast; its answers are taken to cost what its parent's do, and nothing is known of its quality"


def dry_run(
    prepared: Prepared,
    *,
    pilot: int = PILOT,
    store: str | Path | None = None,
    watch: Watch | None = None,
    simulations: int = SIMULATIONS,
) -> Forecast:
    """Ask each recipe its first `pilot` items, forecast the rest, and keep the forecast beside the run.

    Raises:
        GulliverError: the pilot is smaller than 1, or no recipe could be asked.
    """
    if pilot < 1:
        raise StudyError(f"A pilot needs at least 1 item of each recipe, not {pilot}.")

    async def work() -> Forecast:
        started = time.monotonic()
        async with Store(store, prepared.config.keep_text) as kept, Session(kept, prepared.config.seed) as session:
            runner = Runner(prepared, session, watch)
            done = await run_pilot(runner, session, pilot, time.monotonic() - started, watch)
            _recall(done)
            if not any(known.asked for known in done.known.values()):
                why = next((known.why for known in done.known.values() if known.why), "no recipe names a model")
                raise StudyError(f"No recipe could be asked, so nothing can be forecast: {why}")
            cost = session.spending.cost
            paid = Spent(
                session.spending.asked, session.spending.replayed, cost.prompt_tokens, cost.completion_tokens,
                cost.flops_computed, cost.seconds, cost.joules, cost.money, done.seconds,
                *both_prices(session.spending.models, prepared.config.prices),
            )  # fmt: skip
        made = forecast(done, pilot, paid, simulations)
        if made.spans["requests"].high > 0 or find_forecast(made.run) is None:
            keep_forecast(made)  # once everything is in the store, what was forecast before it was says more
        return made

    return run_async(work())


def forecast(pilot: Pilot, items: int, paid: Spent, simulations: int = SIMULATIONS, seed: int = 0) -> Forecast:
    """Simulate the race on what a pilot of `items` items, for which `paid` was paid, and the store know."""
    prepared = pilot.runner.prepared
    prices = prepared.config.prices
    parts = find_parts(pilot, prices)
    rng = np.random.default_rng(seed + 1)
    speeds = {name: _speed(known, pilot, simulations, rng) for name, known in pilot.known.items() if known.asked}
    outcomes = simulate(pilot, parts, speeds, simulations, seed)
    told = [name for name in QUANTITIES if _is_told(name, parts, prices)]
    spans = {name: _span([o.spent[QUANTITIES.index(name)] for o in outcomes], name in _COUNTED) for name in told}
    spans["seconds"] = _span([o.busy for o in outcomes])
    spans["elapsed"] = _span([o.elapsed for o in outcomes])
    free = {name: _span([o.free[QUANTITIES.index(name)] for o in outcomes], name in _COUNTED) for name in told}
    run = run_id(prepared)
    return Forecast(
        run=run,
        made=datetime.now(UTC).isoformat(timespec="seconds"),
        at=time.time(),
        pilot=items,
        confidence=CONFIDENCE,
        simulations=simulations,
        paid=paid,
        spans=spans,
        free=free,
        answers=tuple(answers_of(outcomes)),
        recipes=tuple(_recipe(name, pilot, outcomes) for name in (e.name for e in pilot.runner.entrants)),
        money="money_batch" if prepared.config.batch else "money_now",
        folder=str(home() / "runs" / run),
        batches={name: tuple(known.batches) for name, known in pilot.known.items()},
    )


def _recall(pilot: Pilot) -> None:
    """Batches of an earlier dry run, for recipes of which nothing had to be asked now."""
    before = find_forecast(run_id(pilot.runner.prepared))
    for name, known in pilot.known.items():
        if not known.batches and before is not None:
            known.batches = list(before.batches.get(name, ()))


def _speed(known: Known, pilot: Pilot, simulations: int, rng: np.random.Generator) -> Speed:
    apart = known.recipe.model.engine in ("endpoint", "scripted")
    measured = measure_speed(known.batches, simulations, rng, apart)
    if measured is not None:
        return measured
    # Nothing was asked just now: another recipe of the same model tells the clock, else the answers' own busy time does.
    for other in pilot.known.values():
        if other.recipe.model.name == known.recipe.model.name and other.batches:
            beside = measure_speed(other.batches, simulations, rng, apart)
            if beside is not None:
                return beside
    used = [pilot.ledger[key] for asked in known.asked.values() for key in set(asked.uses)]
    written = sum(u.reply.completion_tokens for u in used)
    work = written + PROMPT_WORK * sum(u.reply.prompt_tokens for u in used)
    return guess_speed(work, sum(u.reply.seconds for u in used), IN_FLIGHT, simulations, rng, apart)


def _recipe(name: str, pilot: Pilot, outcomes: Sequence[Outcome]) -> RecipeForecast:
    known = pilot.known.get(name)
    reached = [o for o in outcomes if name in o.verdicts]
    verdicts = [o.verdicts[name] for o in reached]
    entrant = next(e for e in pilot.runner.entrants if e.name == name)
    right = sum(known.scores.values()) if known else sum(a.score for a in entrant.ready)
    return RecipeForecast(
        name,
        known=len(known.scores) if known else len(entrant.ready),
        right=round(right),
        piloted=known.piloted if known else 0,
        reached=len(reached) / len(outcomes),
        meets=verdicts.count("meets") / len(outcomes),
        rejected=verdicts.count("rejected") / len(outcomes),
        items=_span([o.items[name] for o in reached]) if reached else None,
        flops=_span([o.flops.get(name, 0.0) for o in reached]) if reached else None,
        note=(_UNTRAINED if known.stand_in else known.why) if known else entrant.note,
    )


def _span(values: Sequence[float], counted: bool = False) -> Span:
    low, median, high = spread(values, TAKEN)
    return Span(math.floor(low + 1e-6), round(median), math.ceil(high - 1e-6)) if counted else Span(low, median, high)


def _is_told(name: str, parts: Sequence[Part], prices: Mapping[str, Price]) -> bool:
    if name == "money_now":
        return bool(prices)
    if name == "money_batch":
        return any(price.batch is not None for price in prices.values())
    known = [part.costs[part.known, QUANTITIES.index(name)] for part in parts]
    return name != "joules" or any(float(values.sum()) > 0 for values in known)
