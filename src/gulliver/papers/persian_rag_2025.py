"""Retrieval-augmented answering in Persian (Hosseinbeigi et al. 2025, arXiv:2501.04858), on verse of Hafez and, beside it,
on country profiles in English: retrievers, generators by size, and sweeps of passages' length, temperature and summaries."""

import random
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, ClassVar

from gulliver.inference.types import Draft
from gulliver.papers.base import Figure, Finding, Measurement, Paper, Progress, Scale
from gulliver.papers.corpora import countries, drawn, factbook, ghazals, verse
from gulliver.papers.means import SHARES, difference, share_of
from gulliver.papers.parts import above, verdict
from gulliver.papers.running import right, run_on, share_right, spent, tell
from gulliver.retrieval import Making, open_index
from gulliver.retrieval.support import overlap, support
from gulliver.studies import measure
from gulliver.studies.paired import compare
from gulliver.studies.result import ItemRecord
from gulliver.tasks.base import Answer, Item, Kind, Task, make_item

ID = "persian-rag-2025"
CONFIDENCE = 0.95
ENOUGH = 0.5
"""F1 of words from which on an answer counts as right: half a line of verse wrong is wrong."""
GENERAL, ADAPTED = "minilm-22m", "corpus"
K = 3
RETRIEVERS = (("bm25", GENERAL), ("dense", GENERAL), ("dense", ADAPTED), ("hybrid", GENERAL), ("hybrid", ADAPTED))
"""(way, encoder): one that knows English, and one learned from the verse that is searched."""

Records = Mapping[str, Sequence[ItemRecord]]


@dataclass(frozen=True)
class Matches:
    """Right when answer and target share enough words (F1)."""

    kind: ClassVar[Kind] = "text"
    answer_only: ClassVar[str] = ""
    after_reasoning: ClassVar[str] = (
        "Think step by step, then write the final answer on a line of its own as 'Answer: <answer>'."
    )

    def read(self, draft: Draft, item: Item) -> Answer:
        lines = [line.strip(" «»\"'[]0123456789") for line in draft.text.strip().splitlines() if line.strip()]
        return Answer(value=lines[0]) if lines and lines[0] else Answer(status="unreadable")

    def right(self, value: Any, item: Item) -> bool:
        return overlap(str(value), str(item.target)) >= ENOUGH


@dataclass(frozen=True)
class Plan:
    """Models, the smaller first; ghazals and countries searched; questions for retrieval, and for generation on each text;
    words of a passage, the one that generation uses first; temperatures for the smaller model."""

    models: tuple[str, ...]
    poems: int
    countries: int
    searched: int
    asked: int
    sizes: tuple[int, ...]
    temperatures: tuple[float, ...]


SMALL, MIDDLE, LARGE = "smollm2-135m", "qwen2.5-coder-0.5b", "qwen2.5-coder-1.5b"
PLANS: dict[Scale, Plan] = {
    "smoke": Plan((SMALL,), 10, 10, 8, 2, (40,), ()),
    "laptop": Plan((MIDDLE, LARGE), 80, 60, 160, 32, (40, 20, 80), (1.0,)),
    "full": Plan((SMALL, MIDDLE, LARGE), 495, 224, 1000, 300, (40, 20, 80, 160), (0.3, 0.7, 1.0)),
}


@dataclass(frozen=True)
class Question:
    """A line of verse, what is told of it, the line that follows, and both as they stand in the text searched."""

    told: str
    line: str
    after: str


@cache
def verse_questions(poems: int, count: int) -> tuple[Question, ...]:
    """For a couplet drawn by a fixed seed: three words of its first line, in their order, and its second line."""
    rng = random.Random("hafez")
    lines = [(poem[i], poem[i + 1]) for poem in drawn(ghazals(), poems, 0) for i in range(0, len(poem), 2)]
    made = []
    for line, after in rng.sample(lines, min(count, len(lines))):
        spoken = line.split()
        kept = sorted(rng.sample(range(len(spoken)), min(3, len(spoken))))
        made.append(Question(" ".join(spoken[i] for i in kept), line, after))
    return tuple(made)


def verse_task(plan: Plan) -> Task:
    """Given the first line of a couplet, the second, asked for in Persian."""
    items = [
        make_item(
            f"verse-{i}",
            f"مصراع اول این بیت حافظ چنین است: «{q.line}»\nمصراع دوم همین بیت را از متن بنویس. فقط همان مصراع را بنویس.",
            q.after,
            Matches(),
            fields={"search": q.line},
            max_tokens=64,
        )
        for i, q in enumerate(verse_questions(plan.poems, plan.searched)[: plan.asked])
    ]
    return Task("verse", items, generated=True)


def facts_task(plan: Plan) -> Task:
    """The highest point, capital or kind of government of a country, asked for in English."""
    rng = random.Random("facts")
    made: list[Item] = []
    places = [c for c in drawn(countries(), plan.countries, 0) if c.peak]
    while len(made) < plan.asked:
        country = rng.choice(places)
        what, target = rng.choice(
            [("the highest point", country.peak), ("the capital", country.entries["Capital"]), ("the government type", country.entries.get("Government type", ""))]
        )  # fmt: skip
        if target and target != "NA":
            asked = f"What is {what} of {country.name}? Reply with its name alone."
            fields = {"search": f"{what} of {country.name}"}
            made.append(make_item(f"fact-{len(made)}", asked, target, Matches(), fields=fields, max_tokens=24))
    return Task("facts", made, generated=True)


def recipe(model: str, source: Path, size: int, temperature: float = 0.0) -> str:
    """A model that reads `K` passages found by words."""
    draw = f" | sample(temperature={temperature})" if temperature else ""
    return f"{model} | retrieve(k={K}, by=bm25, size={size}, overlap=0, query=search, source={str(source)!r}){draw}"


def experiment(scale: Scale, progress: Progress) -> Finding:
    """Retrievers on the verse; then generators on both texts, with sweeps for the smallest."""
    plan = PLANS[scale]
    started = time.monotonic()
    adapted, retrieval = retrieved(plan, progress)
    records: dict[str, dict[str, list[ItemRecord]]] = {}
    for task, source, sizes in ((verse_task(plan), verse(plan.poems), plan.sizes), (facts_task(plan), factbook(plan.countries), plan.sizes[:1])):  # fmt: skip
        recipes = [recipe(model, source, plan.sizes[0]) for model in plan.models]
        recipes += [recipe(plan.models[0], source, size) for size in sizes[1:]]
        if task.name == "verse":
            recipes += [recipe(plan.models[0], source, plan.sizes[0], t) for t in plan.temperatures]
        records[task.name] = measure(recipes, task, watch=tell(task.name, progress))
    sizes_of, parts = generators(records, plan)
    parts = {"an encoder learned from the domain retrieves better than a general one": above(adapted)} | parts
    said, why = verdict(parts, "" if sizes_of else "one generator was run, so none could be larger")
    flat = {f"{name}: {text}": rows for name, by_recipe in records.items() for text, rows in by_recipe.items()}
    shares = [share_right(f"{told(name)}: share right", rows) for name, rows in flat.items()]
    return Finding(
        paper=ID,
        scale=scale,
        verdict=said,
        measurements=(adapted, *sizes_of, *retrieval, *shares, *quality(records, plan)),
        sentence=why,
        spent=spent(flat, time.monotonic() - started),
        run_on=run_on(plan.models),
    )


def retrieved(plan: Plan, progress: Progress) -> tuple[Measurement, list[Measurement]]:
    """What the adapted encoder finds more than the general one; then recall at `K` and mean reciprocal rank of all, the
    sizes of passages, and summaries."""
    asked = verse_questions(plan.poems, plan.searched)
    source = verse(plan.poems)
    ranks: dict[str, list[float]] = {}

    def look(name: str, way: str, making: Making, via: str = "passages") -> None:
        progress(f"retrieval: {name}")
        index = open_index(source, making, lambda what, done, of: progress(f"{name}: {what}, {done} of {of}"))
        if way != "bm25":
            index.warm([q.told for q in asked])
        found = [[q.line in passage.text for passage, _ in index.search(q.told, 10, way, via)] for q in asked]
        ranks[name] = [1.0 / (hits.index(True) + 1) if True in hits else 0.0 for hits in found]

    for way, encoder in RETRIEVERS:
        look(way if way == "bm25" else f"{way}, {encoder}", way, Making(plan.sizes[0], 0, encoder))
    for size in plan.sizes[1:]:
        look(f"hybrid, {ADAPTED}, {size} words", "hybrid", Making(size, 0, ADAPTED))
    look("bm25, through summaries", "bm25", Making(plan.sizes[0], 0), "summaries")
    hits = {name: [float(rank >= 1.0 / K) for rank in values] for name, values in ranks.items()}
    gain = difference(
        f"dense: recall at {K}, {ADAPTED} less {GENERAL}",
        hits[f"dense, {ADAPTED}"],
        hits[f"dense, {GENERAL}"],
        limits=SHARES,
    )
    told = [share_of(f"{name}: recall at {K}", values) for name, values in hits.items()]
    return gain, told + [share_of(f"{name}: mean reciprocal rank", values) for name, values in ranks.items()]


def generators(records: Mapping[str, Records], plan: Plan) -> tuple[list[Measurement], dict[str, bool | None]]:
    """The largest model less the smallest on each text, and how much more that is on verse: with two texts of different
    items the difference of the differences adds their widths. All hold together with 95 % confidence."""
    small, large = plan.models[0], plan.models[-1]
    if small == large:
        return [], {}
    gaps = {}
    for name, source in (("verse", verse(plan.poems)), ("facts", factbook(plan.countries))):
        first, second = (right(records[name][recipe(model, source, plan.sizes[0])]) for model in (large, small))
        found = compare(first, second, 1.0 - (1.0 - CONFIDENCE) / 2)
        gaps[name] = Measurement(f"{name}: {large} less {small}", found.value, found.low, found.high, found.n)
    verses, facts = gaps["verse"], gaps["facts"]
    more = Measurement(
        "the gap on verse less that on facts",
        verses.value - facts.value,
        verses.low - facts.high,
        verses.high - facts.low,
        verses.n,
    )
    return [*gaps.values(), more], {
        "the larger generator is better on verse": above(verses),
        "the smaller falls behind further on verse than on plain facts": above(more),
    }


def quality(records: Mapping[str, Records], plan: Plan) -> list[Measurement]:
    """Faithfulness (the share of an answer's words that its passages have), relevance (F1 with the right answer), and context
    precision and recall (of the passages, those that hold the right answer; whether any does)."""
    found = []
    for name, task, source in (("verse", verse_task(plan), verse(plan.poems)), ("facts", facts_task(plan), factbook(plan.countries))):  # fmt: skip
        index = open_index(source, Making(plan.sizes[0], 0))
        passages = [[p.shown for p, _ in index.search(item.fields["search"], K, "bm25")] for item in task.test]
        holds = [[str(item.target) in text for text in texts] for item, texts in zip(task.test, passages, strict=True)]
        found.append(share_of(f"{name}: context precision", [sum(h) / max(1, len(h)) for h in holds]))
        found.append(share_of(f"{name}: context recall", [float(any(h)) for h in holds]))
        for model in plan.models:
            rows = records[name][recipe(model, source, plan.sizes[0])]
            faithful = [support(r.value, " ".join(texts)) for r, texts in zip(rows, passages, strict=True)]
            relevant = [overlap(r.value, str(item.target)) for r, item in zip(rows, task.test, strict=True)]
            found += [
                share_of(f"{name}: {model}: faithfulness", faithful),
                share_of(f"{name}: {model}: relevance", relevant),
            ]
    return found


def told(name: str) -> str:
    """A recipe's name without the path of its source."""
    before, mark, rest = name.partition(", source=")
    return before + ")" + rest.partition(")")[2] if mark else name


PARTLY = "One corpus of Persian verse out of a package stands for the three of the publication; the domain's encoder is learned from it by latent semantics, not a transformer pretrained on 73 billion tokens; measures are counted in words."
PAPER = Paper(
    id=ID,
    claim="A retriever adapted to the domain and the larger generator win; small generators fall behind on formal, specialised text.",
    published=(
        Figure(
            "Persian tokens the adapted models were trained on", 73.11, "billion tokens", "arXiv:2501.04858, abstract"
        ),
        Figure(
            "largest generator, the most accurate throughout", 70.0, "billion parameters", "arXiv:2501.04858, abstract"
        ),
    ),
    experiment=experiment,
)
