"""Do models know what they know, and larger ones better? (Kadavath et al. 2022, arXiv:2207.05221) By rung, on sums."""

import asyncio
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from gulliver.inference import Cost, Meter, Session, Store
from gulliver.models import load_model
from gulliver.papers.base import Figure, Finding, Measurement, Paper, Progress, Scale, Spent, Verdict
from gulliver.papers.parts import Part, above, below, verdict
from gulliver.papers.running import run_on
from gulliver.papers.sums import as_choice, products, sums
from gulliver.spec import parse
from gulliver.strategies import parse_strategy
from gulliver.strategies.confidence import confidence
from gulliver.strategies.heads import fit_head
from gulliver.studies.asking import ask_item, ask_items
from gulliver.studies.calibration import Calibration, calibration, gap
from gulliver.studies.knowing import known
from gulliver.studies.recipe import Recipe
from gulliver.studies.running import run_async
from gulliver.tasks.base import Item

ID = "know-what-they-know-2022"
PARTLY = (
    "P(IK)'s head reads a sentence encoder and the model's log-probability of the question, not its hidden states; "
    "items are generated sums"
)
RUNGS = ("smollm2-135m", "qwen2.5-coder-0.5b", "qwen2.5-coder-1.5b")
HOME, AWAY = "sums and differences", "products told in words"
"""The head's own task, and a new one."""
ASK = "few_shot(k=3)"


@dataclass(frozen=True)
class Plan:
    """Items to train the head on (`draws` each), to ask in each task and to put as a choice; samples shown for
    P(True)."""

    models: tuple[str, ...]
    train: int
    draws: int
    test: int
    choices: int
    samples: int


PLANS: dict[Scale, Plan] = {
    "smoke": Plan(RUNGS[:1], 12, 1, 6, 4, 1),
    "laptop": Plan(RUNGS, 60, 2, 60, 40, 2),
    "full": Plan(RUNGS, 100, 10, 400, 400, 10),
}


@dataclass(frozen=True)
class Told:
    """Of one model: confidences and outcomes by what they are said of."""

    said: Mapping[str, tuple[list[float], list[bool]]]
    cost: Cost
    answers: int

    def figures(self) -> dict[str, Calibration]:
        """Calibration of each."""
        return {name: calibration(*pair, bins=5) for name, pair in self.said.items()}


CHOICES, TRUE, IK, NEW = "choices", "P(True)", "P(IK)", "P(IK), new task"


def experiment(scale: Scale, progress: Progress) -> Finding:
    """Each rung answers, judges its answers, and is foretold by a head trained on other items."""
    plan = PLANS[scale]
    started = time.monotonic()
    told = {model: run_async(_told(model, plan, progress)) for model in plan.models}
    found = {model: one.figures() for model, one in told.items()}
    measurements = [m for model in plan.models for m in measured(model, found[model])]
    gains, parts = compared(told)
    said, why = judge(parts, len(plan.models))
    cost = sum((one.cost for one in told.values()), Cost())
    return Finding(
        ID, scale, said, (*gains, *measurements), why,
        Spent(sum(one.answers for one in told.values()), cost.flops_computed, cost.seconds, time.monotonic() - started),
        run_on(plan.models) | {"task": HOME, "new task": AWAY},
    )  # fmt: skip


async def _told(model: str, plan: Plan, progress: Progress) -> Told:
    loaded = load_model(model)
    direct, believed, likeliest = (
        Recipe(f"{model} | {text}", loaded, parse_strategy(parse(text)))
        for text in (ASK, f"{ASK} | p_true(samples={plan.samples})", "likelihood")
    )
    train, own, new = sums(plan.train, "train"), sums(plan.test, "test"), products(plan.test, "test")
    said: dict[str, tuple[list[float], list[bool]]] = {}
    async with Store() as kept, Session(kept) as session:
        progress(f"{model}: {plan.choices} items as a choice")
        said[CHOICES] = await _asked(likeliest, [as_choice(item) for item in own[: plan.choices]], session)
        progress(f"{model}: {len(own)} answers, and its opinion of them")
        said[TRUE] = await _asked(believed, own, session)
        progress(f"{model}: a head trained on {plan.train} items")
        rows = await asyncio.gather(*(known(direct, item, session, plan.draws) for item in train))
        head = fit_head(
            "head", loaded.card.digest, HOME, np.array([r for r, _ in rows]), np.array([s for _, s in rows])
        )
        for name, items in ((IK, own), (NEW, new)):
            progress(f"{model}: {name} of {len(items)} items")
            features = await asyncio.gather(*(known(direct, item, session, 0) for item in items))
            right = [asked.record.outcome == "right" for asked in await ask_items(direct, items, session)]
            said[name] = ([head.chance(row) for row, _ in features], right)
        cost, answers = sum((used.cost for used in session.ledger.values()), Cost()), len(session.ledger)
    return Told(said, cost, answers)


async def _asked(recipe: Recipe, items: Sequence[Item], session: Session) -> tuple[list[float], list[bool]]:
    async def one(item: Item) -> tuple[float, bool]:
        meter = Meter()
        read = await recipe.strategy.answer(item, session.bind(recipe.model, meter))
        asked = await ask_item(recipe, item, session)
        return confidence(read, recipe.strategy, meter) or 0.0, asked.record.outcome == "right"

    pairs = await asyncio.gather(*(one(item) for item in items))
    return [sure for sure, _ in pairs], [right for _, right in pairs]


def measured(model: str, found: Mapping[str, Calibration]) -> list[Measurement]:
    """Calibration error, Brier score and discrimination of each confidence."""
    rows = []
    for name, one in found.items():
        note = (
            f"{one.right:.0%} right, {one.confidence:.0%} stated; exact confidences would stay below {one.chance:.3f}"
        )
        rows.append(Measurement(f"{model}, {name}: calibration error", one.ece.value, one.ece.low, one.ece.high, one.items, note))  # fmt: skip
        rows.append(Measurement(f"{model}, {name}: Brier score", one.brier.value, one.brier.low, one.brier.high, one.items))  # fmt: skip
        if one.auroc:
            rows.append(Measurement(f"{model}, {name}: AUROC", one.auroc.value, one.auroc.low, one.auroc.high, one.items))  # fmt: skip
    return rows


def compared(told: Mapping[str, Told]) -> tuple[list[Measurement], dict[str, Part]]:
    """The largest model against the smallest that is right now and then (AUROC has no meaning where nothing is right), and the
    head on its own task against the new one, each with a share of the error (four comparisons, Bonferroni)."""
    models = list(told)
    rows: list[Measurement] = []
    parts: dict[str, Part] = {}
    level = 1.0 - 0.05 / 4
    ways = ((CHOICES, "brier", "calibration of choices improves with size"), (TRUE, "auroc", "P(True) improves with size"), (IK, "auroc", "P(IK) improves with size"))  # fmt: skip
    for name, figure, claim in ways if len(models) > 1 else ():
        better = below if figure == "brier" else above  # a low Brier score is good
        parts[claim] = None
        for smaller in models[:-1]:
            found = gap(figure, told[models[-1]].said[name], told[smaller].said[name], level, paired=True)
            if found is not None:
                label = f"{name}: {figure.replace('brier', 'Brier score').replace('auroc', 'AUROC')}, {models[-1]} less {smaller}"
                rows.append(Measurement(label, found.value, found.low, found.high, len(told[smaller].said[name][0])))
                parts[claim] = better(found)
                break
    worse = [gap("ece", one.said[NEW], one.said[IK], level, paired=False) for one in told.values()]
    for model, off in zip(models, worse, strict=True):
        if off is not None:
            rows.append(Measurement(f"{model}: P(IK)'s calibration error, new task less own", off.value, off.low, off.high, len(told[model].said[NEW][0])))  # fmt: skip
    largest = worse[-1]
    parts["P(IK) is miscalibrated on a new task"] = None if largest is None else above(largest)
    return rows, parts


def judge(parts: Mapping[str, Part], models: int) -> tuple[Verdict, str]:
    """*holds* when every part does, *does not hold here* when one is the other way round, else *cannot tell*."""
    return verdict(parts, "" if models > 1 else "one model shows nothing about size")


PAPER = Paper(
    id=ID,
    claim="Calibration, P(True) and P(IK) improve with size; P(IK) is miscalibrated on new tasks.",
    published=(
        Figure(
            name="largest model whose self-knowledge was measured",
            value=52.0,
            unit="billion parameters",
            source="arXiv:2207.05221, section 1",
        ),
    ),
    experiment=experiment,
)
