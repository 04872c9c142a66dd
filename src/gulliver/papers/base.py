"""The pattern of a publication: its claim, its published numbers, its experiment, and what the experiment found."""

from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, field
from typing import Any, Literal, get_args

Scale = Literal["smoke", "laptop", "full"]
Verdict = Literal["holds", "does not hold here", "cannot tell"]
Progress = Callable[[str], None]
"""Called with a sentence now and then while an experiment runs."""

SCALES: tuple[Scale, ...] = get_args(Scale)


@dataclass(frozen=True)
class Figure:
    """A number that the publication states. `unit` is such as "percentage points"; `source` says where it stands."""

    name: str
    value: float
    unit: str
    source: str


@dataclass(frozen=True)
class Measurement:
    """A number that an experiment measured, with its interval and the number of items behind it."""

    name: str
    value: float
    low: float
    high: float
    n: int
    note: str = ""


@dataclass(frozen=True)
class Spent:
    """What the answers cost, whether asked now or taken from the store.

    Attributes:
        answers: items answered, over all recipes.
        flops: forward FLOPs as computed.
        engine_seconds: engine busy time when the answers were first given.
        seconds: time this run took.
    """

    answers: int = 0
    flops: float = 0.0
    engine_seconds: float = 0.0
    seconds: float = 0.0


@dataclass(frozen=True)
class Finding:
    """What an experiment found at one scale.

    Attributes:
        verdict: computed from `measurements` by the paper's own rule.
        sentence: the verdict and its reason, for a person.
        run_on: machine, versions, and the models with their digests and number formats.
    """

    paper: str
    scale: Scale
    verdict: Verdict
    measurements: tuple[Measurement, ...]
    sentence: str
    spent: Spent = field(default_factory=Spent)
    run_on: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Paper:
    """A publication as a test: `experiment(scale, progress)` runs at each of `scales`.

    A paper's module keeps it as `PAPER`; a module that covers only part of the claim says `PARTLY = "why"`.
    """

    id: str
    claim: str
    published: tuple[Figure, ...]
    experiment: Callable[[Scale, Progress], Finding]
    scales: tuple[Scale, ...] = SCALES


def report(paper: Paper, finding: Finding) -> dict[str, Any]:
    """Plain data of a finding, with what was published beside it."""
    data = asdict(finding)
    data["published"] = [asdict(figure) for figure in paper.published]
    order = ("paper", "scale", "verdict", "measurements", "sentence", "published", "spent", "run_on")
    return {key: data[key] for key in order}
