"""Two recipes on the same items: who was right where, what that says, and what each costs."""

import difflib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from math import nan

import numpy as np

from gulliver.errors import StudyError
from gulliver.studies.confidence import interval
from gulliver.studies.paired import compare, mcnemar
from gulliver.studies.result import ItemRecord, RecipeResult, StudyResult
from gulliver.studies.runs import find_run, run_names

_DRAWS = 2000


@dataclass(frozen=True)
class Ratio:
    """Mean cost of an item under the first recipe over that under the second, with a bootstrap interval (NaN when not asked for)."""

    value: float
    low: float
    high: float


@dataclass(frozen=True)
class Comparison:
    """What two recipes did on the items that both were asked.

    Attributes:
        both, first_only, second_only, neither: items that both, only the first, only the second, or neither got right.
        difference: share right of the first less that of the second; low, high: its interval at `confidence`.
        anytime: whether that interval also holds for a race that stopped when it had seen enough (it is then wider).
        p_value: McNemar's exact test of "neither is better", two-sided, as if the number of items had been fixed.
        flips: items that only one of them got right: (item, record of the first, record of the second).
        flops, seconds: ratios of cost; None where the second costs nothing.
    """

    first: str
    second: str
    items: int
    both: int
    first_only: int
    second_only: int
    neither: int
    difference: float
    low: float
    high: float
    confidence: float
    anytime: bool
    p_value: float
    flops: Ratio | None
    seconds: Ratio | None
    flips: tuple[tuple[str, ItemRecord, ItemRecord], ...]


def find_recipe(result: StudyResult, name: str, where: str = "") -> RecipeResult:
    """A recipe of a run by its text, by its number in the table (1 or #1), or by a part that only one has.

    Raises:
        StudyError: no recipe is meant by that, or several are.
    """
    texts = [r.recipe for r in result.recipes]
    plain = " ".join(name.split())
    number = plain.removeprefix("#")
    if plain in texts:
        return result.recipes[texts.index(plain)]
    if number.isdecimal() and 1 <= int(number) <= len(texts):
        return result.recipes[int(number) - 1]
    holding = [text for text in texts if plain and plain.casefold() in text.casefold()]
    if len(holding) == 1:
        return result.recipes[texts.index(holding[0])]
    of = where or result.run.id
    if holding:
        raise StudyError(
            f"{name!r} could be {_listed(holding)} of the run {of}; give the whole recipe or its number in the table."
        )
    near = difflib.get_close_matches(plain, texts, 3, 0.4)
    raise StudyError(
        f"The run {of} has no recipe {name!r}; {'near it are' if near else 'it has'} {_listed(near or texts)}."
    )


def find_side(result: StudyResult, name: str) -> tuple[StudyResult, RecipeResult]:
    """A recipe of this run, or of another one when written RUN/RECIPE.

    Raises:
        StudyError: there is no such recipe, or no such run.
    """
    run, slash, rest = name.partition("/")
    if slash and name not in [r.recipe for r in result.recipes] and (run == "latest" or run in run_names()):
        other = find_run(run)
        return other, find_recipe(other, rest, run)
    return result, find_recipe(result, name)


def compare_recipes(
    first: tuple[StudyResult, RecipeResult],
    second: tuple[StudyResult, RecipeResult],
    confidence: float = 0.95,
    resample: bool = True,
) -> Comparison:
    """Compare on the items that both were asked; the two may come from two runs over the same task.

    `resample` says whether ratios of cost get their intervals, which is what takes longest with many items.

    Where both were asked the same fixed set of items the interval is Newcombe's; where a race chose how many, it is the
    anytime-valid one of the differences.

    Raises:
        StudyError: the runs are of different tasks, or the recipes have no item in common.
    """
    (run_a, a), (run_b, b) = first, second
    if run_a.run.task_digest != run_b.run.task_digest:
        raise StudyError(
            f"{run_a.run.id} and {run_b.run.id} were asked different items ({run_a.run.task} and {run_b.run.task}); compare runs over the same task."
        )
    theirs = {record.item: record for record in b.records}
    pairs = [(record, theirs[record.item]) for record in a.records if record.item in theirs]
    if not pairs:
        unasked = [r.recipe for r in (a, b) if not r.records]
        why = (
            f"{_listed(unasked)} {'was' if len(unasked) == 1 else 'were'} not asked"
            if unasked
            else "they share no item"
        )
        raise StudyError(f"There is nothing to compare: {why}; run the study with race = false to ask every recipe.")
    right_a, right_b = ([record.outcome == "right" for record in side] for side in zip(*pairs, strict=True))
    paired = compare(right_a, right_b, confidence)
    fixed = _fixed(run_a, a, len(pairs)) and _fixed(run_b, b, len(pairs))
    low, high = paired.low, paired.high
    if not fixed:
        # Neither sequence knew when it would be stopped, so only an interval that holds at every item may be read.
        scores = (np.array(right_a, dtype=float) - np.array(right_b, dtype=float) + 1.0) / 2.0
        low, high = (2.0 * end - 1.0 for end in interval(scores, None, 1.0 - confidence))
    return Comparison(
        _name(run_a, a, run_b), _name(run_b, b, run_a), paired.n, paired.both, paired.first, paired.second, paired.neither,
        paired.value, low, high, confidence, not fixed, mcnemar(paired.first, paired.second),
        _ratio(pairs, lambda record: record.flops, resample), _ratio(pairs, lambda record: record.seconds, resample),
        tuple((x.item, x, y) for x, y in pairs if (x.outcome == "right") != (y.outcome == "right")),
    )  # fmt: skip


def _fixed(result: StudyResult, recipe: RecipeResult, shared: int) -> bool:
    """Whether the number of items was set beforehand: all of the pool, or all of a run without a race."""
    return shared == recipe.items and (not result.run.race or shared == result.run.pool)


def _name(result: StudyResult, recipe: RecipeResult, other: StudyResult) -> str:
    return recipe.recipe if result.run.id == other.run.id else f"{result.run.id}/{recipe.recipe}"


def _ratio(
    pairs: Sequence[tuple[ItemRecord, ItemRecord]],
    cost: Callable[[ItemRecord], float],
    resample: bool = True,
    confidence: float = 0.95,
) -> Ratio | None:
    costs = np.array([[cost(record) for record in pair] for pair in pairs], dtype=np.float64)
    if costs[:, 1].sum() <= 0:
        return None
    if not resample:
        return Ratio(float(costs[:, 0].sum() / costs[:, 1].sum()), nan, nan)
    n = len(costs)
    weights = np.random.default_rng(0).multinomial(n, np.full(n, 1.0 / n), size=_DRAWS)
    sums = weights @ costs
    ratios = sums[:, 0] / np.maximum(sums[:, 1], 1e-300)
    tail = (1.0 - confidence) / 2.0
    low, high = np.quantile(ratios, [tail, 1.0 - tail])
    return Ratio(float(costs[:, 0].sum() / costs[:, 1].sum()), float(low), float(high))


def _listed(names: Sequence[str]) -> str:
    shown = [f"{name!r}" for name in names[:6]]
    more = f" and {len(names) - 6} more" if len(names) > 6 else ""
    return ", ".join(shown) + more
