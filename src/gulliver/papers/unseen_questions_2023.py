"""Questions of a kind not trained on, from ranked rationales and retrieved passages (Hartill et al. 2023, arXiv:2308.04711)."""

import asyncio
import random
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from gulliver.home import folder
from gulliver.inference import Session, Store
from gulliver.models import load_model
from gulliver.models.base import Message, Sampling
from gulliver.papers.base import Figure, Finding, Measurement, Paper, Progress, Scale
from gulliver.papers.corpora import Country, countries, drawn, factbook
from gulliver.papers.parts import above, verdict
from gulliver.papers.running import right, run_on, share_right, spent, tell
from gulliver.retrieval.ranker import train_ranker
from gulliver.strategies.rationale_rank import EXPLAIN
from gulliver.studies import measure
from gulliver.studies.paired import compare
from gulliver.studies.result import ItemRecord
from gulliver.studies.running import run_async
from gulliver.tasks.base import Item, Task, make_item
from gulliver.tasks.judges import Choice

ID = "unseen-questions-2023"
CONFIDENCE = 0.95
K, WORDS, RATIONALE = 4, 60, 60
"""Passages, words of each, and tokens of a rationale."""

Records = Mapping[str, Sequence[ItemRecord]]


@dataclass(frozen=True)
class Plan:
    """The reader answers; the writer, larger, gives rationales ("" is the reader itself); the learner is tuned to read passages
    in `steps` (0: it is left out). Items of the unseen kind; questions of other kinds to learn from; countries searched."""

    reader: str
    writer: str
    learner: str
    steps: int
    items: int
    training: int
    countries: int

    @property
    def source(self) -> Path:
        return factbook(self.countries)

    @property
    def ranker(self) -> Path:
        """Where the ranker trained for this plan is kept."""
        return folder("rankers") / f"{ID}-{self.writer or self.reader}-{self.training}-{self.countries}.json"

    def recipes(self) -> dict[str, str]:
        """What is compared, by name."""
        searched = f"source={str(self.source)!r}, by=bm25, size={WORDS}"
        ranked = f"n=1, k={K}, max_tokens={RATIONALE}" + (f", writer={self.writer!r}" if self.writer else "")
        with_ranker = f"ranker={str(self.ranker)!r}"
        made = {
            "nothing": f"{self.reader} | direct",
            "rationale": f"{self.reader} | rationale_rank({ranked}, {with_ranker})",
            "passages": f"{self.reader} | retrieve(k={K}, overlap=20, {searched})",
            "both": f"{self.reader} | rationale_rank({ranked}, {with_ranker}, combine=both, {searched})",
            "ranked": f"{self.reader} | rationale_rank({ranked}, {with_ranker}, combine=either, {searched})",
        }
        if self.writer:
            made["the writer alone"] = f"{self.writer} | direct"
        if self.steps:
            read = f"retrieve(k=2, overlap=20, {searched})"
            made["learner"] = f"{self.learner} | {read}"
            lora = f"lora(rank=8, steps={self.steps}, batch=4, rate=1e-3, max_length=448)"
            made["tuned learner"] = f"{self.learner} | {lora} | {read}"
        return made


SMALL, MIDDLE, LARGE = "smollm2-135m", "qwen2.5-coder-0.5b", "qwen2.5-coder-1.5b"
PLANS: dict[Scale, Plan] = {
    "smoke": Plan(SMALL, "", SMALL, 0, 3, 6, 12),
    "laptop": Plan(MIDDLE, LARGE, SMALL, 8, 36, 24, 60),
    "full": Plan(MIDDLE, LARGE, SMALL, 400, 400, 200, 224),
}


def task(plan: Plan) -> Task:
    """Test: which of two countries has the higher highest point. Train: other kinds of question (which of two is a country's
    capital, or its highest point). The right one is named first as often as last in both. (Put as yes or no, models of these
    sizes say no to everything.)"""
    rng = random.Random("unseen")
    places = [c for c in drawn(countries(), plan.countries, 0) if c.peak]
    test = [_comparison(rng, places, i) for i in range(plan.items)]
    train = [_check(rng, places, i) for i in range(max(plan.training, 4 * plan.steps))]
    return Task("unseen", test, train, train[:4], generated=True)


def _comparison(rng: random.Random, places: Sequence[Country], number: int) -> Item:
    first, second = rng.sample(places, 2)
    while first.metres == second.metres:
        first, second = rng.sample(places, 2)
    if (first.metres > second.metres) != (number % 2 == 0):
        first, second = second, first
    names = (first.name, second.name)
    asked = f"Which country has the higher highest point, {names[0]} or {names[1]}?"
    return make_item(f"heights-{number}", asked, names[number % 2], Choice(names), max_tokens=24)


def _check(rng: random.Random, places: Sequence[Country], number: int) -> Item:
    country, other = rng.sample(places, 2)
    while country.peak == other.peak:
        country, other = rng.sample(places, 2)
    about, value, wrong = rng.choice(
        [
            ("highest point", country.peak, other.peak),
            ("capital", country.entries["Capital"], other.entries["Capital"]),
        ]
    )
    named = (value, wrong) if number % 2 == 0 else (wrong, value)
    asked = f"What is the {about} of {country.name}, {named[0]} or {named[1]}?"
    fields = {"country": country.name, "fact": value}
    return make_item(f"check-{number}", asked, value, Choice(named), fields=fields, max_tokens=24)


def experiment(scale: Scale, progress: Progress) -> Finding:
    """A ranker from questions of other kinds; then every way of answering on the unseen kind."""
    plan = PLANS[scale]
    started = time.monotonic()
    questions = task(plan)
    progress("ranker: rationales and passages of other kinds of question")
    trained = learn_ranker(plan, questions.train[: plan.training])
    named = plan.recipes()
    found = measure(list(named.values()), questions, watch=tell("unseen", progress))
    records = {name: found[text] for name, text in named.items()}
    measured, parts = compared(records)
    said, why = verdict(parts)
    shares = [share_right(f"{name}: share right", rows) for name, rows in records.items()]
    models = dict.fromkeys(m for m in (plan.reader, plan.writer, plan.learner if plan.steps else "") if m)
    return Finding(
        paper=ID,
        scale=scale,
        verdict=said,
        measurements=(*measured, *shares, trained),
        sentence=why,
        spent=spent(records, time.monotonic() - started),
        run_on=run_on(models),
    )


def learn_ranker(plan: Plan, items: Sequence[Item]) -> Measurement:
    """Train the ranker and keep it: a country's profile helps and another's does not; a rationale helps when it states the fact.

    The measurement says how many texts it learned from and what share of them helped.
    """
    profiles = {c.name: c.text for c in countries()}
    pairs: list[tuple[str, str]] = []
    helped: list[bool] = []
    written = run_async(rationales(plan.writer or plan.reader, items))
    for i, (item, rationale) in enumerate(zip(items, written, strict=True)):
        own, other = str(item.fields["country"]), str(items[i - 1].fields["country"])
        for name in (own, other) if other != own else (own,):
            lines = profiles[name].splitlines()
            near = [line for line in lines if line.startswith(("Highest point", "Capital", "Location"))]
            pairs.append((item.question, "\n".join(near)))
            helped.append(name == own)
        if rationale:
            pairs.append((item.question, rationale))
            helped.append(str(item.fields["fact"]).casefold() in rationale.casefold())
    train_ranker(pairs, helped).save(plan.ranker)
    share = sum(helped) / len(helped)
    return Measurement("ranker: share of training texts that help", share, share, share, len(helped), "counted")


async def rationales(model: str, items: Sequence[Item]) -> list[str]:
    """What a model writes down for each question before it is answered, one draft each."""
    async with Store() as store, Session(store) as session:
        lm = session.bind(load_model(model))
        sampling = Sampling(RATIONALE, 0.7, 0.95)
        asked = [[Message("user", EXPLAIN.format(item.question))] for item in items]
        drafts = await asyncio.gather(*(lm.draws(prompt, 1, sampling) for prompt in asked))
        return [draft.text.strip() for (draft,) in drafts]


def compared(records: Records) -> tuple[list[Measurement], dict[str, bool | None]]:
    """Ranked rationales with passages against either alone; the tuned learner against itself untuned; and, for the record, against
    both without a ranker and the writer alone. All hold together with 95 % confidence (Bonferroni)."""
    claimed = [
        ("ranked", "rationale", "ranked rationales with passages beat rationales alone"),
        ("ranked", "passages", "and passages alone"),
        ("tuned learner", "learner", "training with passages helps a small reader on the unseen kind"),
    ]
    beside = [("ranked", "both"), ("ranked", "the writer alone"), ("ranked", "nothing")]
    pairs = [pair for pair in [(a, b) for a, b, _ in claimed] + beside if set(pair) <= set(records)]
    confidence = 1.0 - (1.0 - CONFIDENCE) / len(pairs)
    found: dict[tuple[str, str], Measurement] = {}
    for first, second in pairs:
        c = compare(right(records[first]), right(records[second]), confidence)
        note = f"only the first right {c.first}, only the second {c.second}, both {c.both}"
        found[(first, second)] = Measurement(f"{first} less {second}", c.value, c.low, c.high, c.n, note)
    parts = {said: above(found[(a, b)]) for a, b, said in claimed if (a, b) in found}
    return list(found.values()), parts


PARTLY = "Questions are generated from country profiles and one kind is held out, where the publication used five public sets; passages come from one search, not several hops; the reasoner tuned on passages has 135 million parameters and a few steps."
PAPER = Paper(
    id=ID,
    claim="Ranked rationales with retrieved passages answer unseen questions better than either alone, and so does a reader trained with passages.",
    published=(
        Figure("StrategyQA, accuracy before", 58.9, "per cent", "arXiv:2308.04711, abstract"),
        Figure("StrategyQA, accuracy after", 61.7, "per cent", "arXiv:2308.04711, abstract"),
        Figure("CommonsenseQA, accuracy before", 63.6, "per cent", "arXiv:2308.04711, abstract"),
        Figure("CommonsenseQA, accuracy after", 72.7, "per cent", "arXiv:2308.04711, abstract"),
    ),
    experiment=experiment,
)
