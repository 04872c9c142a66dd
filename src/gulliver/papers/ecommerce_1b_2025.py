"""A small tuned model for a shop's messages, and what 4 bits do to it (Licardo and Tankovic 2025, arXiv:2510.21970)."""

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from gulliver.models import load_model
from gulliver.models.base import Model
from gulliver.papers.base import Figure, Finding, Measurement, Paper, Progress, Scale, Verdict
from gulliver.papers.running import as_studied, right, run_on, share_right, spent, tell
from gulliver.papers.speed import Rates, decode_rates
from gulliver.studies import measure
from gulliver.studies.making import Making
from gulliver.studies.paired import compare
from gulliver.studies.result import ItemRecord
from gulliver.tasks import load_task

ID = "ecommerce-1b-2025"
CONFIDENCE = 0.95
MARGIN = 0.05
"""A share of right answers less than this much below the large model's counts as equal to it."""
FAR = 1.5
"""Tokens a second in 4 bits over those in 16 from which on they count as far faster."""

Records = Mapping[str, Sequence[ItemRecord]]


@dataclass(frozen=True)
class Plan:
    """Which models are tuned and how, and which larger one is only prompted. The laptop's recipes are those of
    `examples/intents.toml`, so that one replays the other. At smoke scale a model is held against its own untuned self.

    `builds` are the transforms after the tuning: none (16 bits) comes first, 4 bits last.
    """

    small: tuple[tuple[str, str], ...]
    large: str
    items: int
    rounds: int
    task: str = "intents"
    builds: tuple[str, ...] = ("", "int8", "int4")

    def build(self, place: int, bits: str = "") -> str:
        """The recipe of a tuned model, as it is (16 bits) or in fewer bits."""
        return recipe(*self.small[place], *([bits] if bits else []))

    @property
    def recipes(self) -> tuple[str, ...]:
        """All of them, each once: the models prompted, then the tuned ones in each number of bits."""
        prompted = [recipe(model) for model in (*(model for model, _ in self.small), self.large)]
        tuned = [self.build(place, bits) for place in range(len(self.small)) for bits in self.builds]
        return tuple(dict.fromkeys([*prompted, *tuned]))


def recipe(*parts: str) -> str:
    """A model and its transforms, asked directly."""
    return " | ".join([*parts, "direct"])


def _lora(steps: int, batch: int = 4) -> str:
    return f"lora(rank=8, steps={steps}, batch={batch}, rate=1e-3, max_length=160)"


PLANS: dict[Scale, Plan] = {
    "smoke": Plan((("smollm2-135m", _lora(1)),), "smollm2-135m", 4, 2, "intents(train=32, dev=4)", ("", "int4")),
    "laptop": Plan((("smollm2-135m", _lora(50)), ("qwen2.5-coder-0.5b", _lora(25))), "qwen2.5-coder-1.5b", 96, 7),
    "full": Plan(
        (("smollm2-135m", _lora(400, 8)), ("qwen2.5-coder-0.5b", _lora(400, 8))), "qwen2.5-coder-1.5b", 400, 15
    ),
}


def experiment(scale: Scale, progress: Progress) -> Finding:
    """Every model on the same messages, paired; then speed in turns, and each build alone for its memory."""
    plan = PLANS[scale]
    started = time.monotonic()
    makings: dict[str, Making] = {}
    records = measure(
        plan.recipes, as_studied(load_task(plan.task)), items=plan.items, watch=tell("intents", progress), makings=makings
    )  # fmt: skip
    matches, gains, lost = comparisons(records, plan)
    texts = [plan.build(place, bits) for place in range(len(plan.small)) for bits in plan.builds]
    models = [*(makings[text].recipe.model for text in texts), load_model(plan.large)]
    progress(f"speed: {plan.rounds} rounds of {len(models)} models in turns")
    rates = decode_rates(models, plan.rounds)
    faster, others = speeds(rates, plan)
    sizes = footprints([*texts, recipe(plan.large)], models, rates.peaks)
    trained = [training(model, makings[plan.build(place)]) for place, (model, _) in enumerate(plan.small)]
    in_four = [m for m in lost if f": {plan.builds[-1]} less" in m.name]
    verdict, why = judge(matches, faster, in_four)
    return Finding(
        paper=ID,
        scale=scale,
        verdict=verdict,
        measurements=(
            *matches, *faster, *lost, *gains, *others, *sizes, *trained, *(share_right(t, a) for t, a in records.items())
        ),
        sentence=why,
        spent=spent(records, time.monotonic() - started),
        run_on=run_on(dict.fromkeys([*(model for model, _ in plan.small), plan.large])),
    )  # fmt: skip


def comparisons(records: Records, plan: Plan) -> tuple[list[Measurement], list[Measurement], list[Measurement]]:
    """Tuned less the large one prompted, tuned less untuned, and each model's builds in fewer bits less that in 16.

    The intervals of each of the three hold together with 95 % confidence (Bonferroni).
    """

    def difference(name: str, first: str, second: str, times: int) -> Measurement:
        part = 1.0 - (1.0 - CONFIDENCE) / (times * len(plan.small))
        found = compare(right(records[first]), right(records[second]), part)
        note = f"only the first right {found.first}, only the second {found.second}, both {found.both}"
        return Measurement(name, found.value, found.low, found.high, found.n, note)

    matches, gains, lost = [], [], []
    for place, (model, _) in enumerate(plan.small):
        tuned = plan.build(place)
        matches.append(difference(f"{model} tuned less {plan.large} prompted", tuned, recipe(plan.large), 1))
        gains.append(difference(f"{model} tuned less prompted", tuned, recipe(model), 1))
        for bits in plan.builds[1:]:
            name = f"{model} tuned: {bits} less 16 bits"
            lost.append(difference(name, plan.build(place, bits), tuned, len(plan.builds) - 1))
    return matches, gains, lost


def speeds(rates: Rates, plan: Plan) -> tuple[list[Measurement], list[Measurement]]:
    """Of each model the rate in 4 bits over that in 16; then those between over 16, and in 4 over the large model's.

    `rates` holds each small model's builds in the plan's order, then the large model.
    """
    faster, others = [], []
    for place, (model, _) in enumerate(plan.small):
        whole = len(plan.builds) * place
        four = whole + len(plan.builds) - 1
        faster.append(rates.ratio(f"{model} tuned: speed in 4 bits over 16", four, whole))
        for between in range(whole + 1, four):
            name = f"{model} tuned: speed of {plan.builds[between - whole]} over 16 bits"
            others.append(rates.ratio(name, between, whole))
        others.append(rates.ratio(f"{model} tuned: speed in 4 bits over {plan.large}", four, len(rates.rates) - 1))
    return faster, others


def footprints(names: Sequence[str], models: Sequence[Model], peaks: Sequence[int]) -> list[Measurement]:
    """The size of each model's file, and the highest memory of the process that ran it, both in MB (10^6 bytes)."""
    said = []
    for name, model, peak in zip(names, models, peaks, strict=True):
        size = model.location.stat().st_size / 1e6 if model.location else 0.0
        said.append(Measurement(f"{name}: file", size, size, size, 1, "MB, counted"))
        note = "MB, one stream, loading included"
        said.append(Measurement(f"{name}: peak memory", peak / 1e6, peak / 1e6, peak / 1e6, 1, note))
    return said


def training(model: str, making: Making) -> Measurement:
    """How long the tuning took when it was done."""
    cost = making.cost
    note = f"seconds; {cost.flops:.3g} FLOPs, {cost.examples} examples, {cost.peak_memory / 1e9:.1f} GB"
    return Measurement(f"{model}: tuning", cost.seconds, cost.seconds, cost.seconds, 1, note)


def judge(
    matches: Sequence[Measurement], faster: Sequence[Measurement], lost: Sequence[Measurement]
) -> tuple[Verdict, str]:
    """From each tuned model's difference to the large one, its speed in 4 bits over 16, and what 4 bits cost it.

    *holds*: some tuned model is less than `MARGIN` below the large one, and in 4 bits over `FAR` times as fast as in 16.
    *does not hold here*: every tuned model is below the large one, or not that much faster. Otherwise *cannot tell*.
    What 4 bits cost is said, and decides nothing: the publication makes no claim of it.
    """
    kinds = []
    for match, speed in zip(matches, faster, strict=True):
        if match.high < 0.0 or speed.high <= FAR:
            kinds.append("bad")
        else:
            kinds.append("good" if match.low > -MARGIN and speed.low > FAR else "open")
    equal = sum(m.low > -MARGIN for m in matches)
    below = sum(m.high < 0.0 for m in matches)
    said = f"of {len(matches)} tuned models {equal} equal the larger one that was prompted and {below} are below it"
    said += f"; in 4 bits they write {', '.join(f'{m.value:.2f}' for m in faster)} times as fast as in 16"
    said += f", and {sum(m.high < 0.0 for m in lost)} of them answer fewer right"
    if "good" in kinds:
        return "holds", f"Holds: {said}."
    if set(kinds) == {"bad"}:
        return "does not hold here", f"Does not hold here: {said}."
    return "cannot tell", f"Cannot tell: {said}."


PARTLY = "A larger open model stands for the service; 4 bits are measured on a processor only, against 16 bits of the same engine: no GPTQ, no old graphics card."
PAPER = Paper(
    id=ID,
    claim="A tuned small model equals a large one that is prompted, and 4 bits make it far faster on a processor.",
    published=(
        Figure("accuracy of the tuned 1B, equal to GPT-4.1's", 99.0, "per cent", "arXiv:2510.21970, abstract"),
        Figure("speed of GGUF builds over FP16 on a processor, at most", 18.0, "times", "arXiv:2510.21970, abstract"),
        Figure("less memory of GGUF builds than of FP16, over", 90.0, "per cent", "arXiv:2510.21970, abstract"),
        Figure("loss of speed by 4-bit GPTQ on a T4", 82.0, "per cent", "arXiv:2510.21970, abstract"),
    ),
    experiment=experiment,
)
