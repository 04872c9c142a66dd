"""Information capacity (Yuan et al. 2025, arXiv:2511.08066): is it one number in a family, and does it foretell a sibling?"""

import time
from collections.abc import Sequence
from dataclasses import dataclass

from gulliver.laws.capacity import Capacity, Scored, Sibling, capacities, score, siblings, windows_of
from gulliver.laws.ladder.texts import PACKAGE, VERSION, shakespeare
from gulliver.papers.base import Figure, Finding, Measurement, Paper, Progress, Scale, Spent, Verdict
from gulliver.papers.running import run_on

ID = "information-capacity-2025"
BIAS = 0.0
"""Fixed before scoring. The publication's (-24 to -27 bits) were chosen on its own texts so that siblings come out alike."""
NEAR = 0.05
"""Bits per byte foretold to within this share are foretold."""
SIZES = 3
"""Fewer sizes of a family show nothing of constancy: some bias makes any two alike."""


@dataclass(frozen=True)
class Plan:
    """Models, windows of the text and their characters."""

    models: tuple[str, ...]
    windows: int
    characters: int


_QWEN = ("qwen2.5-coder-0.5b", "qwen2.5-coder-1.5b")
PLANS: dict[Scale, Plan] = {
    "smoke": Plan(("smollm2-135m",), 4, 600),
    "laptop": Plan(("smollm2-135m", *_QWEN), 12, 1000),
    "full": Plan(
        tuple(f"hf:Qwen/Qwen2.5-Coder-{size}-Instruct-GGUF" for size in ("0.5B", "1.5B", "3B", "7B")), 100, 3000
    ),
}


def experiment(scale: Scale, progress: Progress) -> Finding:
    """Score a packaged text with every model; compare capacities, and foretell each larger sibling from each smaller one."""
    started = time.monotonic()
    plan = PLANS[scale]
    windows = windows_of(shakespeare(), plan.windows, plan.characters)
    scored = score(plan.models, windows, progress)
    lines, pairs = capacities(scored, BIAS), siblings(scored, BIAS)
    verdict, why = judge(pairs)
    return Finding(
        paper=ID,
        scale=scale,
        verdict=verdict,
        measurements=(*(m for pair in pairs for m in of_pair(pair)), *(of_model(line) for line in lines)),
        sentence=why,
        spent=spent(scored, time.monotonic() - started),
        run_on=run_on(plan.models)
        | {
            "text": f"Shakespeare's plays ({PACKAGE} {VERSION}), {len(windows)} windows, {sum(w.size for w in windows)} bytes",
            "bias": BIAS,
        },
    )


def of_model(line: Capacity) -> Measurement:
    """Its capacity; what it is made of stands in the note."""
    note = f"{line.bits_per_byte:.4f} bits per byte, {line.bytes_per_token:.3f} bytes per token, {line.flops_per_token:.3g} FLOPs per token"
    return Measurement(f"{line.name}: information capacity", line.capacity, line.low, line.high, line.windows, note)


def of_pair(pair: Sibling) -> list[Measurement]:
    """How far the foretold bits per byte are from the measured ones; without interval: saying nothing changes, and the bias."""
    name = f"{pair.larger} from {pair.smaller}"
    told = f"foretold {pair.predicted:.4f}, measured {pair.measured:.4f} bits per byte"
    same, bias = pair.unchanged, pair.equal_bias
    return [
        Measurement(f"{name}: error of foretold bits per byte", pair.error, pair.low, pair.high, pair.sizes, told),
        Measurement(
            f"{name}: error when the smaller one's bits are taken", same, same, same, pair.sizes, "no interval"
        ),
        Measurement(
            f"{name}: bias at which both capacities are one", bias, bias, bias, pair.sizes, "bits a token; no interval"
        ),
    ]


def spent(scored: Sequence[Scored], seconds: float) -> Spent:
    """Windows scored, their forward FLOPs (scored tokens times FLOPs a token) and engine seconds."""
    answers = sum(len(s.size) for s in scored)
    flops = sum(float(s.tokens.sum()) * s.flops_per_token for s in scored)
    return Spent(answers, flops, sum(s.seconds for s in scored), seconds)


def judge(pairs: Sequence[Sibling]) -> tuple[Verdict, str]:
    """From how well each larger sibling's bits per byte are foretold by a smaller one's capacity.

    *holds*: some family has at least `SIZES` sizes, and every pair of it is foretold to within `NEAR`, better than by
    saying that nothing changes. *does not hold here*: some pair's interval lies beyond `NEAR`, or saying that nothing
    changes is as good for every pair. Otherwise *cannot tell*.
    """
    if not pairs:
        return "cannot tell", "Cannot tell: no family has two sizes at this scale."
    near = [p for p in pairs if p.low > -NEAR and p.high < NEAR]
    beyond = [p for p in pairs if p.low > NEAR or p.high < -NEAR]
    better = [p for p in pairs if abs(p.error) < abs(p.unchanged)]
    said = (
        f"of {len(pairs)} larger siblings {len(near)} are foretold to within {NEAR:.0%} of their bits per byte and {len(beyond)} are "
        f"not; {len(better)} are foretold better than by the smaller one's bits unchanged; the largest family has {max(p.sizes for p in pairs)} sizes"
    )
    if beyond or not better:
        return "does not hold here", f"Does not hold here: {said}."
    if any(p.sizes >= SIZES for p in pairs) and len(near) == len(better) == len(pairs):
        return "holds", f"Holds: {said}."
    return "cannot tell", f"Cannot tell: {said}."


PAPER = Paper(
    id=ID,
    claim="Bits of text saved over log2 of FLOPs a token is nearly constant in a model series and foretells a sibling's score.",
    published=(
        Figure("models assessed", 49.0, "models", "arXiv:2511.08066, abstract"),
        Figure(
            "bias for mixed text", -24.0, "bits a token", "github.com/TeleAI-AI-Flow/InformationCapacity, calc_ic.py"
        ),
    ),
    experiment=experiment,
)
