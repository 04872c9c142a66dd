"""In simple language small models show zero-shot skill, and power laws stay (Muckatira et al. 2024), on Shakespeare simplified."""

import random
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from gulliver.laws import Table, fit
from gulliver.laws.ladder.rows import Row
from gulliver.laws.ladder.texts import PACKAGE, VERSION, shakespeare
from gulliver.laws.ladder.translation import translation
from gulliver.laws.simple_language import Cloze, choose, cloze_items, frequent, sentences, simple, words
from gulliver.papers.base import Figure, Finding, Measurement, Paper, Progress, Scale, Spent, Verdict
from gulliver.papers.fits import SCATTER, PowerLaw, power_law
from gulliver.papers.ladders import Ladder, kept_text, train_ladder
from gulliver.papers.parts import every, verdict, within
from gulliver.studies.paired import wilson

ID = "reduced-scale-emergence-2024"
OPTIONS = 4
FEWEST = 4
"""Fewer sizes show no law."""
LONGEST = 120
"""Characters of a test sentence, so that it fits any window."""
TEXTS = ("simple", "whole")


@dataclass(frozen=True)
class Plan:
    """What is trained and asked.

    Attributes:
        words: the vocabulary of the simple text; items: the most that are asked.
        held: the share of sentences kept for items.
        toy: take sentences of the toy language instead of the plays, which need not be fetched then.
    """

    sizes: tuple[str, ...]
    tokens: tuple[int, ...]
    words: int
    items: int
    recipe: Mapping[str, Any] = field(default_factory=lambda: {"held_out_tokens": 16_384})
    vocabulary: int = 512
    held: float = 0.2
    toy: bool = False
    workers: int = 2
    draws: int = 1000


PLANS: dict[Scale, Plan] = {
    "smoke": Plan(
        ("16x1", "32x1"), (2048, 4096, 8192), 200, 60, {"context": 128, "batch": 4, "warmup": 2, "held_out_tokens": 1024},
        300, 0.3, True, 1, 50,
    ),
    "laptop": Plan(("16x2", "32x2", "64x2", "96x3", "128x3"), (150_000, 300_000, 600_000), 2000, 1500),
    "full": Plan(
        ("32x2", "64x2", "64x4", "96x4", "128x5", "192x6", "256x6"), (250_000, 500_000, 1_000_000, 2_000_000), 2000, 3000
    ),
}  # fmt: skip


@dataclass(frozen=True)
class Corpus:
    """Two texts of the same length in bytes, and items in simple language from sentences of neither."""

    texts: Mapping[str, str]
    items: tuple[Cloze, ...]
    note: str


@dataclass(frozen=True)
class Answers:
    """Which items each model of one size got right, by the text it was trained on."""

    size: str
    parameters: int
    right: Mapping[str, tuple[bool, ...]]


def experiment(scale: Scale, progress: Progress) -> Finding:
    """Train the same grid on both texts, ask both for last words in simple language, and fit the law of loss to both."""
    started = time.monotonic()
    plan = PLANS[scale]
    corpus = corpus_of(plan)
    progress(corpus.note)
    ladders = {
        name: train_ladder(f"{ID}-{scale}-{name}", ladder_of(plan, name, text), progress, plan.workers)
        for name, text in corpus.texts.items()
    }
    asked = answers(plan, ladders, corpus.items, progress)
    gain = gain_of(asked, plan.draws)
    laws = [law_of(name, ladders[name].table(), plan.draws) for name in TEXTS]
    found, why = judge(asked, gain, laws)
    spent = [ladder.spent(0.0) for ladder in ladders.values()]
    return Finding(
        paper=ID,
        scale=scale,
        verdict=found,
        measurements=(gain, *(m for one in asked for m in accuracies(one)), *(m for law in laws for m in law.exponents)),
        sentence=f"{why} {reach(asked)}",
        spent=Spent(
            len(corpus.items) * len(asked) * len(TEXTS),
            sum(s.flops for s in spent),
            sum(s.engine_seconds for s in spent),
            time.monotonic() - started,
        ),
        run_on=ladders["simple"].run_on()
        | {"text": f"{source_of(plan)}; {corpus.note}", "warnings": {law.name: law.warnings for law in laws}},
    )  # fmt: skip


def corpus_of(plan: Plan) -> Corpus:
    """The plays' sentences, some held out; of the rest, those in simple words, and as many bytes of any."""
    found = toy_sentences() if plan.toy else sentences(shakespeare())
    random.Random(0).shuffle(found)
    cut = round(plan.held * len(found))
    held, rest = found[:cut], found[cut:]
    vocabulary = frequent(rest, plan.words)
    kept = simple(rest, vocabulary)
    size = sum(map(len, kept)) + len(kept)
    other, total = [], 0
    for sentence in rest:
        if total >= size:
            break
        other.append(sentence)
        total += len(sentence) + 1
    asked = [sentence for sentence in simple(held, vocabulary) if len(sentence) <= LONGEST]
    trained = {*kept, *other}
    items = cloze_items([s for s in asked if s not in trained], vocabulary, plan.items, OPTIONS)
    different = len({word for sentence in other for word in words(sentence)})
    note = (
        f"{len(kept):,} of {len(rest):,} sentences use the {plan.words:,} most frequent words only; as many bytes ({size:,}) of any "
        f"sentences use {different:,}; {len(items)} items, chance {1 / OPTIONS:g}"
    )
    return Corpus({"simple": "\n".join(kept) + "\n", "whole": "\n".join(other) + "\n"}, tuple(items), note)


def source_of(plan: Plan) -> str:
    """Where the sentences come from."""
    return "a toy language from a stated grammar" if plan.toy else f"Shakespeare's plays ({PACKAGE} {VERSION})"


def toy_sentences() -> list[str]:
    """Sentences of the made-up grammar in `laws/ladder/translation.py`, one language."""
    lines = translation(250_000).splitlines()
    return [line.partition(" => ")[0] + "." for line in lines if line.count(" ") > 6]


def ladder_of(plan: Plan, name: str, text: str) -> dict[str, Any]:
    """A ladder on that text."""
    grid = {
        "kind": "decoder", "sizes": list(plan.sizes), "tokens": list(plan.tokens), "vocabularies": [plan.vocabulary],
    }  # fmt: skip
    return {"text": {"files": [str(kept_text(name, text))]}, "recipe": plan.recipe, "grid": {"sizes": grid}}


def answers(plan: Plan, ladders: Mapping[str, Ladder], items: Sequence[Cloze], progress: Progress) -> list[Answers]:
    """Every size at its most tokens, by likelihood of the whole sentence."""
    found: dict[str, dict[str, tuple[bool, ...]]] = {}
    sizes: dict[str, int] = {}
    for name, ladder in ladders.items():
        for row in ladder.rows["sizes"]:
            if row["tokens"] != max(r["tokens"] for r in ladder.rows["sizes"]):
                continue
            size = f"{row['width']}x{row['depth']}"
            sizes[size] = int(row["all_parameters"])
            found.setdefault(size, {})[name] = tuple(_right(ladder, row, items))
            progress(f"{size} on {name} text: {sum(found[size][name])} of {len(items)} last words")
    return [Answers(size, sizes[size], found[size]) for size in sorted(found, key=lambda s: sizes[s])]


def _right(ladder: Ladder, row: Row, items: Sequence[Cloze]) -> list[bool]:
    from gulliver.laws.ladder.likelihood import Likelihood

    likelihood = Likelihood(Path(ladder.model("sizes", row)))
    return choose(items, lambda texts: list(likelihood([("\n", text) for text in texts])[0]))


def accuracies(one: Answers) -> list[Measurement]:
    """A size's accuracy by text, Wilson's interval."""
    out = []
    for name, right in one.right.items():
        low, high = wilson(sum(right), len(right))
        out.append(
            Measurement(
                f"{one.size} ({one.parameters:,} parameters) on {name} text: accuracy", sum(right) / len(right), low, high, len(right), f"chance {1 / OPTIONS:g}",
            )
        )  # fmt: skip
    return out


def gain_of(asked: Sequence[Answers], draws: int, seed: int = 0) -> Measurement:
    """Accuracy after simple text less after any text, the mean over sizes; the interval is of items drawn anew."""
    by_item = np.mean([np.subtract(*(np.array(one.right[name], float) for name in TEXTS)) for one in asked], axis=0)
    rng = np.random.default_rng([seed, 7])
    drawn = by_item[rng.integers(0, len(by_item), (draws, len(by_item)))].mean(axis=1)
    low, high = np.quantile(drawn, [0.025, 0.975])
    return Measurement(
        "accuracy gained by simple text, mean over sizes", float(by_item.mean()), float(low), float(high), len(by_item)
    )


def law_of(name: str, runs: Table, draws: int) -> PowerLaw:
    """Kaplan's joint law; whole models are drawn anew for the intervals."""
    fitted = fit(runs, "kaplan_nd", bootstrap=draws, resample="block:model")
    return power_law(name, f"{name} text", fitted, runs, ("alpha_N", "alpha_D"))


def judge(asked: Sequence[Answers], gain: Measurement, laws: Sequence[PowerLaw]) -> tuple[Verdict, str]:
    """From which items each model got right, what simple text gains, and the laws.

    *holds*: the gain's interval is above 0; every size is above chance after simple text; the law of simple text
    scatters by no more than `SCATTER`, its exponents above 0. *does not hold here*: enough sizes, and some part is clearly
    otherwise. Otherwise *cannot tell*.
    """
    above = []
    for one in asked:
        low, high = wilson(sum(one.right["simple"]), len(one.right["simple"]))
        above.append(
            within(Measurement(one.size, (low + high) / 2, low, high, len(one.right["simple"])), 1 / OPTIONS, 1.0)
        )
    parts = {
        "zero-shot accuracy in simple language is higher after simple text of the same length": within(gain, 0.0, 1.0),
        "every size is above chance after simple text": every(above),
        f"loss on simple text follows a power law of size and tokens to within {SCATTER:.0%}": every(
            [law.holds for law in laws if law.name == "simple"]
        ),
    }
    return verdict(parts, f"{len(asked)} sizes show no law" if len(asked) < FEWEST else "")


def reach(asked: Sequence[Answers]) -> str:
    """How small a model of simple text does as well as the largest of any text."""
    largest = asked[-1]
    goal = sum(largest.right["whole"])
    least = next((one for one in asked if sum(one.right["simple"]) >= goal), None)
    if least is None:
        return f"No model of simple text answers as many items as {largest.size} of any text."
    return (
        f"{least.size} on simple text answers as many items as {largest.size} on any text, "
        f"which has {largest.parameters / least.parameters:.1f} times its parameters."
    )


PAPER = Paper(
    id=ID,
    claim="In simple language small models show zero-shot skill, and power laws stay.",
    published=(
        Figure("times the size of a model of unrestricted text with the same zero-shot skill", 6.0, "times", "arXiv:2404.02204, abstract"),
        Figure("models pretrained", 36.0, "models of 1 to 165 million parameters", "arXiv:2404.02204, abstract"),
    ),
    experiment=experiment,
)  # fmt: skip
