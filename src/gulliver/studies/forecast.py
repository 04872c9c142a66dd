"""What a dry run said of a study: kept beside the run, and set against what the run spent."""

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any

from gulliver.errors import StudyError
from gulliver.home import home
from gulliver.inference import Cost, Session, Used
from gulliver.studies.pilot import Batch
from gulliver.studies.result import ForecastCheck, Quantity, Spent, StudyResult
from gulliver.studies.runs import find_run


@dataclass(frozen=True)
class Span:
    """A median and an interval."""

    low: float
    median: float
    high: float


@dataclass(frozen=True)
class RecipeForecast:
    """What is known and expected of one recipe.

    Attributes:
        known, right: items whose outcome is known already, and right ones among them; piloted: of those, asked just now.
        reached: chance that the race comes to it; meets, rejected: chance of that verdict.
        items, flops: items that will be judged and FLOPs paid, when it is reached.
        note: why it could not be asked, or what its time rests on.
    """

    recipe: str
    known: int
    right: int
    piloted: int
    reached: float
    meets: float
    rejected: float
    items: Span | None
    flops: Span | None
    note: str = ""


@dataclass(frozen=True)
class Forecast:
    """What a dry run says.

    Attributes:
        made: when (ISO 8601); at: the same in seconds of the epoch.
        pilot: items of each recipe that were asked for it; paid: what asking them cost.
        spans: what the study will still spend, by quantity: requests, prompt_tokens, completion_tokens, flops, seconds
            (engines busy), elapsed (by the clock), and where told joules, money_now, money_batch.
        free: what it will take from the store, by quantity: likewise, but for time.
        answers: (kind, recipe, chance), the likeliest first.
        money: which of the two prices the study counts, money_now or money_batch.
        batches: how the pilot's batches went, by recipe, for a later dry run that has nothing to ask.
    """

    run: str
    made: str
    at: float
    pilot: int
    confidence: float
    simulations: int
    paid: Spent
    spans: dict[str, Span]
    free: dict[str, Span]
    answers: tuple[tuple[str, str | None, float], ...]
    recipes: tuple[RecipeForecast, ...]
    money: str
    folder: str
    batches: dict[str, tuple[Batch, ...]] = field(default_factory=dict)

    def to_json(self) -> dict[str, Any]:
        """Plain data."""
        return asdict(self)


def find_forecast(run: str) -> Forecast | None:
    """The forecast kept beside a run, or None when there is none that can be read."""
    try:
        data = json.loads((home() / "runs" / run / "forecast.json").read_text(encoding="utf-8"))
        spans = {key: {name: Span(**span) for name, span in data[key].items()} for key in ("spans", "free")}
        recipes = [
            RecipeForecast(**{**row, **{k: row[k] and Span(**row[k]) for k in ("items", "flops")}})
            for row in data["recipes"]
        ]
        answers = tuple((kind, recipe, chance) for kind, recipe, chance in data["answers"])
        batches = {name: tuple(Batch(**batch) for batch in rows) for name, rows in data["batches"].items()}
        rest = {
            **data,
            **spans,
            "answers": answers,
            "recipes": tuple(recipes),
            "paid": Spent(**data["paid"]),
            "batches": batches,
        }
        return Forecast(**rest)
    except (OSError, ValueError, KeyError, TypeError):
        return None


def keep_forecast(made: Forecast) -> None:
    """Write it beside the run; a reader sees the old file or the new one."""
    folder = Path(made.folder)
    folder.mkdir(parents=True, exist_ok=True)
    temporary = folder / "forecast.json.part"
    temporary.write_text(json.dumps(made.to_json(), allow_nan=False), encoding="utf-8")
    temporary.replace(folder / "forecast.json")


def with_forecast(result: StudyResult, session: Session) -> StudyResult:
    """The result with its forecast, if a dry run made one, set against what was spent since.

    Where several starts of the run shared the spending, time by the clock is not known; a start that asked nothing keeps
    what an earlier one said.
    """
    made = find_forecast(result.run.id)
    if made is None:
        return result
    if not session.spending.asked:
        try:
            earlier = find_run(result.run.id).forecast
        except StudyError:
            earlier = None
        if earlier is not None and earlier.made == made.made:
            return replace(result, forecast=earlier)
    return replace(result, forecast=check_forecast(made, result, session))


def check_forecast(made: Forecast, result: StudyResult, session: Session) -> ForecastCheck:
    """The forecast against what was spent since it was made, in however many starts of the run."""
    created = session.store.created([key for key, used in session.ledger.items() if not used.created])
    since = {key for key, used in session.ledger.items() if (used.created or created.get(key, made.at)) >= made.at}
    spent: dict[str, float | None] = _spent_at_once(result.spent, session)
    if len(since) > session.spending.asked:
        spent = _spent_in_parts([session.ledger[key] for key in sorted(since)], result)
    quantities = [Quantity(n, s.low, s.median, s.high, spent.get(n)) for n, s in made.spans.items()]
    answer = (result.answer.kind, result.answer.recipe)
    chance = sum(share for kind, recipe, share in made.answers if (kind, recipe) == answer)
    return ForecastCheck(made.made, made.confidence, chance, tuple(quantities))


def _spent_at_once(spent: Spent, session: Session) -> dict[str, float | None]:
    """What asking took; training is no part of a forecast, and then the clock tells both."""
    asking = sum(session.spending.models.values(), Cost())
    trained = session.spending.cost.flops_computed > asking.flops_computed * (1 + 1e-9)
    return {
        "requests": spent.asked, "prompt_tokens": asking.prompt_tokens, "completion_tokens": asking.completion_tokens,
        "flops": asking.flops_computed, "joules": asking.joules, "money_now": spent.money_now,
        "money_batch": spent.money_batch, "seconds": asking.seconds, "elapsed": None if trained else spent.elapsed,
    }  # fmt: skip


def _spent_in_parts(used: Sequence[Used], result: StudyResult) -> dict[str, float | None]:
    costs = [u.cost for u in used]
    joules = [c.joules for c in costs if c.joules is not None]
    return {
        "requests": len(used), "prompt_tokens": sum(c.prompt_tokens for c in costs),
        "completion_tokens": sum(c.completion_tokens for c in costs), "flops": sum(c.flops_computed for c in costs),
        "seconds": sum(c.seconds for c in costs), "joules": sum(joules) if joules else None,
        "money_batch" if result.run.batch else "money_now": sum(c.money or 0.0 for c in costs),
    }  # fmt: skip
