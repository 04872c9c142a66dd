"""Answers that rest on passages and still read well (Aksitov et al. 2023, arXiv:2302.05578), on country profiles."""

import asyncio
import random
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from gulliver.inference import Session, Store
from gulliver.models import load_model
from gulliver.models.base import Message
from gulliver.papers.base import Figure, Finding, Measurement, Paper, Progress, Scale
from gulliver.papers.corpora import Country, countries, drawn, factbook
from gulliver.papers.means import SHARES, difference, mean_of, share_of
from gulliver.papers.parts import above, below, verdict, whichever
from gulliver.papers.running import run_on, spent, tell
from gulliver.retrieval.support import support
from gulliver.strategies.retrieve import Retrieve
from gulliver.studies import measure
from gulliver.studies.result import ItemRecord
from gulliver.studies.running import run_async
from gulliver.tasks.base import Item, Task, make_item
from gulliver.tasks.judges import Regex

ID = "attribution-fluency-2023"
CONFIDENCE = 0.95
WAYS = ("none", "top 1", "top k", "recipe")
TOPICS = {
    "Economy - overview": "how the economy of {} is doing",
    "Background": "the history of {}",
    "Climate": "what the weather in {} is like, and the land",
    "Industries": "what people in {} make and sell",
    "National symbol(s)": "the symbols and holidays of {}",
}
"""What the dialogue turns to, by the entry of the profile that tells of it."""

Records = Mapping[str, Sequence[ItemRecord]]


@dataclass(frozen=True)
class Plan:
    """Models, the smaller first; dialogues; countries searched; passages of top k; drafts a passage of the recipe; the
    model whose log-probability stands for fluency."""

    models: tuple[str, ...]
    items: int
    countries: int
    k: int
    n: int
    tokens: int
    reader: str

    @property
    def source(self) -> Path:
        return factbook(self.countries)

    def recipe(self, model: str, way: str) -> str:
        """A model and one of `WAYS` of giving it evidence; what is searched for is the row's own words."""
        search = f"source={str(self.source)!r}, by=bm25, size=60, overlap=0, query=search"
        parts = {
            "none": "direct",
            "top 1": f"retrieve(k=1, {search})",
            "top k": f"retrieve(k={self.k}, {search})",
            "recipe": f"grounded(k={self.k}, n={self.n}, {search})",
        }
        return f"{model} | {parts[way]}"


SMALL, MIDDLE, LARGE = "smollm2-135m", "qwen2.5-coder-0.5b", "qwen2.5-coder-1.5b"
PLANS: dict[Scale, Plan] = {
    "smoke": Plan((SMALL,), 3, 20, 2, 1, 24, SMALL),
    "laptop": Plan((MIDDLE, LARGE), 32, 60, 3, 2, 48, SMALL),
    "full": Plan((SMALL, MIDDLE, LARGE), 200, 224, 4, 4, 96, LARGE),
}


def dialogues(plan: Plan) -> list[Item]:
    """Conversations of two turns: small talk, then a question about a country, drawn with its topic by a fixed seed."""
    rng = random.Random("dialogues")
    places = drawn(countries(), plan.countries, 0)
    return [
        _dialogue(rng.choice(places), *rng.choice(list(TOPICS.items())), number, plan) for number in range(plan.items)
    ]


def _dialogue(country: Country, entry: str, topic: str, number: int, plan: Plan) -> Item:
    asked = f"I may travel to {country.name}. Tell me in two sentences about {topic.format(country.name)}."
    fields = {"search": f"{country.name} {entry} {topic.format('')}"}
    item = make_item(f"dialogue-{number}", asked, ".", Regex(), fields=fields, max_tokens=plan.tokens)
    before = (
        Message("user", "Hello! Can you help me plan a journey?"),
        Message("assistant", "Gladly. Where would you like to go?"),
    )
    return item.ask(*before, *item.prompt)


def experiment(scale: Scale, progress: Progress) -> Finding:
    """Every model with every kind of evidence, the smallest also with the recipe; then attribution by words and fluency by a model that saw no evidence."""
    plan = PLANS[scale]
    started = time.monotonic()
    asked = dialogues(plan)
    recipes = [
        plan.recipe(model, way) for model in plan.models for way in WAYS if model == plan.models[0] or way != "recipe"
    ]
    records = measure(recipes, Task("dialogues", asked), watch=tell("dialogues", progress))
    progress(f"fluency of {sum(map(len, records.values()))} replies by {plan.reader}")
    fluency = run_async(fluencies(records, asked, plan.reader))
    held = attributions(records, asked, plan)
    found, parts = compared(held, fluency, plan)
    said, why = verdict(parts)
    names = {plan.recipe(model, way): f"{model}, {way}" for model in plan.models for way in WAYS}
    both = (("attribution", held, share_of), ("fluency", fluency, mean_of))
    means = [mean(f"{names[text]}: {name}", scores[text]) for name, scores, mean in both for text in recipes]
    return Finding(
        paper=ID,
        scale=scale,
        verdict=said,
        measurements=(*found, *means),
        sentence=why,
        spent=spent(records, time.monotonic() - started),
        run_on=run_on(dict.fromkeys([*plan.models, plan.reader])),
    )


def attributions(records: Records, asked: Sequence[Item], plan: Plan) -> dict[str, list[float]]:
    """For each reply the share of its content words, beyond the question's, that the best k passages have: the same evidence
    for every recipe, whatever it was shown."""
    search = Retrieve(plan.k, str(plan.source), "bm25", size=60, overlap=0, query="search")
    evidence = [" ".join(passage.shown for passage in search.find(item)) for item in asked]
    return {
        text: [support(r.text, e, item.question) for r, e, item in zip(answers, evidence, asked, strict=True)]
        for text, answers in records.items()
    }


async def fluencies(records: Records, asked: Sequence[Item], reader: str) -> dict[str, list[float]]:
    """For each reply its log-probability per token (nats) as the reply to the dialogue without evidence; an empty or a failed one
    counts as the worst."""
    model = load_model(reader)
    found: dict[str, list[float]] = {}
    async with Store() as store, Session(store) as session:
        lm = session.bind(model)
        for text, answers in records.items():
            replies = zip(asked, answers, strict=True)
            scored = await asyncio.gather(*(lm.weigh(item.prompt, [r.text.strip() or "."]) for item, r in replies))
            rows = [None if one.logprob is None else one.logprob / max(1, one.completion_tokens) for (one,) in scored]
            told = [row for row in rows if row is not None]
            found[text] = [min(told, default=-20.0) if row is None else row for row in rows]
    return found


def compared(
    held: Mapping[str, Sequence[float]], fluent: Mapping[str, Sequence[float]], plan: Plan
) -> tuple[list[Measurement], dict[str, bool | None]]:
    """The claim in parts: top k against top 1 on every model, size, and the recipe on the smallest against the largest.

    All intervals hold together with 95 % confidence (Bonferroni).
    """
    pairs = [(model, model, "top k", "top 1") for model in plan.models]
    small, large = plan.models[0], plan.models[-1]
    pairs += [(small, small, "recipe", "top k")]
    if small != large:
        pairs += [(large, small, "top k", "top k"), (small, large, "recipe", "top k")]
    confidence = 1.0 - (1.0 - CONFIDENCE) / (2 * len(pairs))
    found: dict[tuple[str, str, str, str], tuple[Measurement, Measurement]] = {}
    for pair in pairs:
        first, second = plan.recipe(pair[0], pair[2]), plan.recipe(pair[1], pair[3])
        name = f"{pair[0]} {pair[2]} less {pair[1]} {pair[3]}"
        found[pair] = (
            difference(f"{name}: attribution", held[first], held[second], confidence, "share of content words", SHARES),
            difference(f"{name}: fluency", fluent[first], fluent[second], confidence, "nats a token, no evidence seen"),
        )
    top = [found[pair] for pair in pairs[: len(plan.models)]]
    own = found[(small, small, "recipe", "top k")]
    parts: dict[str, bool | None] = {
        "top k raises attribution over top 1": whichever([above(attribution) for attribution, _ in top]),
        "and lowers fluency": whichever([below(fluency) for _, fluency in top]),
        "the recipe raises the small model's attribution or fluency over top k and lowers neither": _gains(own),
    }
    if small != large:
        parts["the larger model has more of one and not less of the other"] = _gains(
            found[(large, small, "top k", "top k")]
        )
    return [m for two in found.values() for m in two], parts


def _gains(two: tuple[Measurement, Measurement]) -> bool | None:
    """Yes when one of both is higher for sure and the other not lower; no when one is lower, or neither can be higher."""
    signs = [above(m) for m in two]
    if False in signs:
        return False
    return True if True in signs else None


PARTLY = "Attribution is counted in words and fluency is a language model's probability, where the publication used measures fitted to people's judgements; its models reach 540 billion parameters."
PAPER = Paper(
    id=ID,
    claim="More passages raise attribution and lower fluency; many drafts from single passages, reranked, give a small model both.",
    published=(Figure("largest model compared", 540.0, "billion parameters", "arXiv:2302.05578, section 4"),),
    experiment=experiment,
)
