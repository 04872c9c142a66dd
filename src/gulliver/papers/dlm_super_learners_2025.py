"""Diffusion against the decoder on little text seen many times (Ni et al. 2025, arXiv:2511.03276), trained here from scratch."""

import itertools
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from gulliver.laws.ladder import Crossover, crossovers
from gulliver.laws.ladder.rows import Row
from gulliver.papers.base import Figure, Finding, Measurement, Paper, Progress, Scale, Verdict
from gulliver.papers.ladders import train_ladder
from gulliver.papers.parts import Part, every, verdict

ID = "dlm-super-learners-2025"
BEGUN = 0.05
"""Diffusion whose bound is not this share below the loss of token frequencies has not begun to learn."""
EPOCHS = 32.0
"""Fewer epochs of the least text are not many."""
ERRORS = 2.0
"""Standard errors (over held-out windows) to each side of a difference of losses."""


@dataclass(frozen=True)
class Plan:
    """Both kinds, every size, on every part of the text, up to every count of tokens.

    A token is a byte and a window 32 of them: on windows of 128 with 512 ids, diffusion of 27,000 parameters knew no more than
    frequencies after 600,000 tokens.
    """

    sizes: tuple[str, ...]
    unique: tuple[int, ...]
    tokens: tuple[int, ...]
    seeds: int = 1
    text: Mapping[str, Any] = field(default_factory=lambda: {"packaged": "shakespeare"})
    recipe: Mapping[str, Any] = field(
        default_factory=lambda: {"context": 32, "batch": 16, "rate": 3e-3, "held_out_tokens": 32_768}
    )
    vocabulary: int = 258
    workers: int = 2

    @property
    def ladder(self) -> dict[str, Any]:
        grid = {
            "sizes": list(self.sizes),
            "unique_tokens": list(self.unique),
            "tokens": list(self.tokens),
            "vocabularies": [self.vocabulary],
            "seeds": list(range(self.seeds)),
        }
        return {"text": self.text, "recipe": self.recipe, "grid": {"decoder": grid, "diffusion": grid}}


PLANS: dict[Scale, Plan] = {
    "smoke": Plan(
        ("16x1", "32x1"), (512, 2048), (1024, 2048), 1, {"generated": "translation", "bytes": 60_000},
        {"context": 32, "batch": 8, "warmup": 2, "held_out_tokens": 1024, "draws": 2}, 300, 1,
    ),
    "laptop": Plan(
        ("32x2", "64x4"), (12_800, 51_200),
        (50_000, 100_000, 150_000, 200_000, 300_000, 400_000, 600_000, 800_000, 1_200_000),
    ),
    "full": Plan(
        ("64x4", "128x5", "192x6"), (25_600, 102_400, 409_600),
        (400_000, 800_000, 1_600_000, 3_200_000, 6_400_000, 12_800_000, 25_600_000), 2,
    ),
}  # fmt: skip


@dataclass(frozen=True)
class Setting:
    """One size on one part of the text.

    Attributes:
        crossed: the least count from which on diffusion's bound is below the decoder's loss after as many tokens, or None.
        begun: its lowest bound is well below the loss of token frequencies.
        gap: diffusion's lowest bound less the decoder's lowest loss, nats a token.
        falling: what the last step to more tokens took off diffusion's bound.
    """

    parameters: int
    unique: int
    seed: int
    epochs: float
    crossed: int | None
    begun: bool
    gap: Measurement
    falling: Measurement

    @property
    def overtakes(self) -> Part:
        """Open where the intervals touch, or where diffusion is behind and still learning, or has not begun."""
        if self.gap.high < 0:
            return True
        return False if self.begun and self.gap.low > 0 and self.falling.low <= 0 else None


def experiment(scale: Scale, progress: Progress) -> Finding:
    """Train both kinds on the same tokens, and read off where diffusion gets below the decoder."""
    started = time.monotonic()
    plan = PLANS[scale]
    ladder = train_ladder(f"{ID}-{scale}", plan.ladder, progress, plan.workers)
    rows = [row for found in ladder.rows.values() for row in found]
    crossed = crossovers(rows)
    known = ladder.frequencies(plan.vocabulary)
    settings = [setting(cross, rows, known) for cross in crossed]
    found, why = judge(settings)
    return Finding(
        paper=ID,
        scale=scale,
        verdict=found,
        measurements=tuple(m for s in settings for m in (s.gap, s.falling)),
        sentence=why,
        spent=ladder.spent(time.monotonic() - started),
        run_on=ladder.run_on()
        | {
            "loss": "held-out nats a token; diffusion's is an upper bound on its negative log-likelihood",
            "intervals": f"{ERRORS:g} standard errors over held-out windows; {plan.seeds} seed of weights and order",
            "loss of token frequencies": known,
            "crossovers": [cross.sentence for cross in crossed],
        },
    )


def setting(cross: Crossover, rows: Sequence[Row], known: float) -> Setting:
    """What a crossover and its rows say; `known` is the loss of token frequencies.

    A decoder may do worse than frequencies after too many epochs; diffusion that has not begun to learn does not cross it.
    """
    kinds: dict[str, list[Row]] = {"decoder": [], "diffusion": []}
    for row in rows:
        key = (row["width"], row["depth"], row["vocabulary"], row["unique_limit"], row["seed"])
        if key == (cross.width, cross.depth, cross.vocabulary, cross.unique, cross.seed):
            kinds[row["kind"]].append(row)
    before, last = sorted(kinds["diffusion"], key=lambda row: int(row["tokens"]))[-2:]
    begun = cross.best[1] < (1.0 - BEGUN) * known
    name = f"{cross.width}x{cross.depth} on {cross.unique:,} unique tokens, seed {cross.seed}"
    decoder, diffusion = cross.best
    best = min(kinds["decoder"], key=lambda row: float(row["loss"]))
    after = (
        f"diffusion has not begun to learn (frequencies {known:.3f})" if not begun
        else f"bound below the decoder's loss from {cross.tokens:,} tokens on" if cross.tokens
        else "never below the decoder at as many tokens"
    )  # fmt: skip
    note = f"{diffusion:.3f} against {decoder:.3f} (at {best['tokens']:,} tokens); {after}"
    step = float(before["loss"] - last["loss"])
    error = float(before["loss_se"] ** 2 + last["loss_se"] ** 2) ** 0.5
    return Setting(
        int(last["parameters"]),
        cross.unique,
        cross.seed,
        cross.epochs,
        cross.tokens if begun else None,
        begun,
        _measurement(f"{name}: diffusion's lowest bound less the decoder's lowest loss", diffusion - decoder, cross.error, note),
        _measurement(
            f"{name}: fall of diffusion's bound from {before['tokens']:,} to {last['tokens']:,} tokens", step, error,
            f"{cross.epochs:.3g} epochs",
        ),
    )  # fmt: skip


def _measurement(name: str, value: float, error: float, note: str) -> Measurement:
    return Measurement(name, value, value - ERRORS * error, value + ERRORS * error, 1, note)


def judge(settings: Sequence[Setting]) -> tuple[Verdict, str]:
    """From every size on every part of the text.

    *holds*: on the least text every size's diffusion ends below the decoder's best, and where two sizes (or two parts of
    the text) cross at different counts, the larger model's is earlier (the larger text's later), at least once. *does not hold here*:
    on the least text some diffusion is above the decoder's best and no longer learns, or some pair crosses in the other order.
    Otherwise, or with less than `EPOCHS` epochs, two sizes and two parts of the text, *cannot tell*.
    """
    least = min(s.unique for s in settings)
    sizes, texts = ({getattr(s, part) for s in settings} for part in ("parameters", "unique"))
    pairs = [(a, b) for a, b in itertools.permutations(settings, 2) if a.seed == b.seed]
    larger = [earlier(b, a) for a, b in pairs if a.unique == b.unique and a.parameters < b.parameters]
    longer = [earlier(a, b) for a, b in pairs if a.parameters == b.parameters and a.unique < b.unique]
    parts = {
        "on the least text diffusion's bound ends below the decoder's best": every(
            [s.overtakes for s in settings if s.unique == least]
        ),
        "larger models cross earlier": _ordered(larger),
        "more text crosses later": _ordered(longer),
    }
    epochs = max(s.epochs for s in settings)
    few = f"{epochs:.3g} epochs of the least text are not many" if epochs < EPOCHS else ""
    return verdict(parts, few or ("" if min(len(sizes), len(texts)) > 1 else "one size or one text shows no order"))


def earlier(first: Setting, second: Setting) -> Part:
    """Whether the first crosses at fewer tokens than the second; open where both do at one count, or neither does."""
    if first.crossed == second.crossed:
        return None
    if first.crossed is None or second.crossed is None:
        return second.crossed is None
    return first.crossed < second.crossed


def _ordered(found: Sequence[Part]) -> Part:
    """No when one pair has the other order, yes when one has this order; pairs that cannot be told apart say nothing."""
    return False if False in found else True if True in found else None


PARTLY = "Judged by held-out loss alone: models this small have no downstream scores."
PAPER = Paper(
    id=ID,
    claim="With little unique text diffusion overtakes the decoder after many epochs: earlier if larger, later with more text.",
    published=(
        Figure("size of the largest diffusion model that overtook", 1.7e9, "parameters", "arXiv:2511.03276, abstract"),
        Figure("its unique tokens", 1e10, "tokens", "arXiv:2511.03276, abstract"),
        Figure("its tokens, repeats counted, about", 1.5e12, "tokens", "arXiv:2511.03276, abstract"),
    ),
    experiment=experiment,
)
