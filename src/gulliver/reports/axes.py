"""The meanings of cost that a study can be looked at by, and the line that recipes have to reach."""

import re
from collections.abc import Callable
from dataclasses import dataclass

from gulliver.reports import numbers
from gulliver.studies.result import RecipeResult, StudyResult


@dataclass(frozen=True)
class Interval:
    """A value with its interval."""

    value: float
    low: float
    high: float


@dataclass(frozen=True)
class Axis:
    """One meaning of cost: how its interval is read from a recipe and how it is shown."""

    key: str
    tab: str
    title: str
    cost: Callable[[RecipeResult], Interval]
    show: Callable[[float], str]


AXES = (
    Axis("flops", "FLOPs", "FLOPs per item (computed)", lambda r: Interval(r.flops_computed, r.flops_low, r.flops_high), numbers.flops),
    Axis("seconds", "Seconds", "seconds per item", lambda r: Interval(r.seconds, r.seconds_low, r.seconds_high), numbers.duration),
    Axis("memory", "Memory", "peak memory", lambda r: Interval(r.peak_memory, r.peak_memory, r.peak_memory), numbers.memory),
    Axis("money", "Money", "money per item", lambda r: Interval(r.money or 0.0, r.money or 0.0, r.money or 0.0), numbers.money),
)  # fmt: skip


@dataclass(frozen=True)
class Target:
    """The line that recipes have to reach."""

    value: float
    text: str


def target_of(result: StudyResult) -> Target | None:
    """The line to reach: the stated share, or the reference's quality less the margin; None when that is not known."""
    if result.run.target is not None:
        return Target(result.run.target, f"target {numbers.significant(result.run.target)}")
    found = re.fullmatch(r"within ([\d.]+) of (.+)", result.run.target_text.strip(), re.DOTALL)
    if not found:
        return None
    reference = next((r for r in result.recipes if r.recipe == found[2] or r.note == "the reference"), None)
    if reference is None or reference.quality is None:
        return None
    return Target(max(0.0, reference.quality - float(found[1])), f"{found[1]} below the reference")
