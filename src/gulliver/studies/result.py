"""What a study says: an answer, every recipe's measurements, the frontier, a prediction, what was spent."""

from dataclasses import asdict, dataclass, field
from typing import Any, Literal

Verdict = Literal["meets", "rejected", "undecided", "not run"]
Kind = Literal["meets", "none", "not settled"]


@dataclass(frozen=True)
class ItemRecord:
    """One item under one recipe. `judge_flops` and `judge_seconds` are of a judge that is a model, apart from the recipe's."""

    item: str
    question: str
    target: str
    outcome: str
    value: str
    text: str
    program: str = ""
    detail: str = ""
    flops: float = 0.0
    seconds: float = 0.0
    judge_flops: float = 0.0
    judge_seconds: float = 0.0


@dataclass(frozen=True)
class MakingResult:
    """What it took to turn the parent into the model that was asked; all 0 for a transform that needs no training.

    Attributes:
        seconds, flops, examples, tokens, trainable, peak_memory: of training (see `training.base.TrainingCost`).
        parity: what the check against the parent found; alarming: whether the change looks like a mistake.
        flips: items whose outcome differs from the parent's under the same strategy, of `both` items that both were asked.
        pays_after: answers after which tuning has paid for itself in FLOPs against `against`: of the recipes without training
            that cost more an answer, the cheapest that is as good, or the best when none is; None when none costs more.
    """

    seconds: float = 0.0
    flops: float = 0.0
    examples: int = 0
    tokens: int = 0
    trainable: int = 0
    peak_memory: int = 0
    parity: str = ""
    alarming: bool = False
    flips: int | None = None
    both: int = 0
    pays_after: int | None = None
    against: str = ""


@dataclass(frozen=True)
class RecipeResult:
    """One recipe's measurements. Costs are means per item; `low`, `high` is the anytime-valid interval of quality.

    Attributes:
        items: how many were judged; unreadable, truncated, unsupported, failed: counts among them.
        flops_low, flops_high (and seconds_*): intervals of the mean cost per item.
        on_frontier: probability that no other measured recipe is both cheaper and better.
        needed: for an undecided recipe, about how many more items would settle it; None when none would.
    """

    recipe: str
    model: str
    strategy: str
    family: str
    parameters: int
    quality: float | None
    low: float
    high: float
    items: int
    right: int
    unreadable: int
    truncated: int
    unsupported: int
    failed: int
    flops_naive: float
    flops_computed: float
    flops_low: float
    flops_high: float
    seconds: float
    seconds_low: float
    seconds_high: float
    peak_memory: int
    tokens: float
    verdict: Verdict
    joules: float | None = None
    money: float | None = None
    on_frontier: float | None = None
    needed: int | None = None
    floor: bool = False
    note: str = ""
    making: MakingResult | None = None
    records: tuple[ItemRecord, ...] = ()


@dataclass(frozen=True)
class Answer:
    """`sentence` is what a person reads first."""

    kind: Kind
    recipe: str | None
    confidence: float
    rejected: tuple[str, ...]
    undecided: tuple[str, ...]
    sentence: str


@dataclass(frozen=True)
class Prediction:
    """Quality of the next larger rung of a family, or why there is none (`why` set, the rest None)."""

    family: str
    strategy: str
    next_model: str | None = None
    parameters: int | None = None
    quality: float | None = None
    low: float | None = None
    high: float | None = None
    why: str = ""


@dataclass(frozen=True)
class Spent:
    """What this run really paid (`asked` requests) and what it took from the store (`replayed`).

    Attributes:
        seconds: engines' busy time; elapsed: seconds by the clock from the race's start to its end.
        money: at the prices the study counts; money_now, money_batch: the same requests at today's prices, and as a batch
            within a day (None where no price, or no batch price, is given).
    """

    asked: int = 0
    replayed: int = 0
    prompt_tokens: int = 0
    completion_tokens: int = 0
    flops: float = 0.0
    seconds: float = 0.0
    joules: float | None = None
    money: float | None = None
    elapsed: float | None = None
    money_now: float | None = None
    money_batch: float | None = None


@dataclass(frozen=True)
class Quantity:
    """A forecast of one quantity, and what was spent of it; `spent` is None when nobody told."""

    name: str
    low: float
    median: float
    high: float
    spent: float | None = None

    @property
    def held(self) -> bool | None:
        """Whether what was spent lies in the interval (to nine digits); None when it is not known."""
        slack = 1e-9 * abs(self.high)
        return None if self.spent is None else self.low - slack <= self.spent <= self.high + slack


@dataclass(frozen=True)
class ForecastCheck:
    """What a dry run said would be spent, against what was spent since.

    Attributes:
        made: when the forecast was made (ISO 8601); confidence: of its intervals.
        chance: what the forecast gave to the answer that came out.
    """

    made: str
    confidence: float
    chance: float
    quantities: tuple[Quantity, ...]


@dataclass(frozen=True)
class RunInfo:
    """What was run on what, so that it can be run again.

    Attributes:
        race: whether recipes were asked only as long as needed; batch: whether money counts batch prices.
        keep_text: whether prompts and answers were written down.
        task_spec: the task as the study says it, to load it again; None where no texts are kept, or it is no plain data.
        task_folder: what paths in it are relative to; task_items: how many items the study asked for, None for all.
    """

    id: str
    study: str
    task: str
    task_digest: str
    task_source: str
    task_public: bool
    task_note: str
    about: str
    pool: int | None
    target: float | None
    target_text: str
    cheap: str
    seed: int
    started: str
    gulliver: str
    python: str
    machine: str
    models: tuple[dict[str, Any], ...]
    power: str
    folder: str
    race: bool = True
    batch: bool = False
    keep_text: bool = True
    task_spec: str | dict[str, Any] | None = None
    task_folder: str = ""
    task_items: int | None = None


@dataclass(frozen=True)
class StudyResult:
    """Everything `gulliver find --json` prints, and the items besides."""

    answer: Answer
    recipes: tuple[RecipeResult, ...]
    frontier: tuple[str, ...]
    prediction: tuple[Prediction, ...]
    spent: Spent
    run: RunInfo
    warnings: tuple[str, ...] = field(default=())
    forecast: ForecastCheck | None = None

    def to_json(self, records: bool = False) -> dict[str, Any]:
        """Plain data; item records only when asked for."""
        data = asdict(self)
        if not records:
            for recipe in data["recipes"]:
                del recipe["records"]
        return data
