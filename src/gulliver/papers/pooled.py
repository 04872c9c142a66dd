"""What experiments share that read everything from one pool of draws of each model."""

from collections.abc import Sequence

from gulliver.papers.base import Measurement, Progress, Spent
from gulliver.reports.curves_figure import doubled
from gulliver.studies.budget_answers import Difference
from gulliver.studies.budget_pools import ModelPool, Wanted
from gulliver.studies.budgets import Point
from gulliver.studies.making import Tell
from gulliver.tasks.base import Task, make_item
from gulliver.tasks.judges import Number

SCRIPTS = "scripts stand in for models at this scale"
SMALL_SCRIPT = "scripted:small?accuracy=0.55&parameters=1e8&family=script"
LARGE_SCRIPT = "scripted:large?accuracy=0.6&parameters=1e9&family=script"


def sums(items: int) -> Task:
    """Sums that a script can answer, for the smoke scale."""
    made = [
        make_item(f"sum-{a}", f"What is {a + 2} + {3 * a % 11}?", str(a + 2 + 3 * a % 11), Number())
        for a in range(items)
    ]
    return Task("sums", made, generated=True)


def telling(progress: Progress) -> Tell:
    """Progress of drawing as sentences."""
    return lambda what, done, of: progress(f"{what}: {done} of {of} items")


def error_of(point: Point) -> Measurement:
    """A point's error, with what it costs."""
    note = f"{point.flops:.3g} FLOPs and {point.seconds:.3g} s an item"
    return Measurement(f"error of {point.name}", point.error, point.low, point.high, len(point.right), note)


def doublings(points: Sequence[Point]) -> list[Point]:
    """Those of the numbers of draws that `gulliver frontier` tells: 1, 2, 4 … and the most."""
    told = set(doubled(max(point.k for point in points)))
    return [point for point in points if point.k in told]


def gain_of(found: Difference, name: str = "") -> Measurement:
    """A difference of shares right."""
    note = f"{found.point.flops:.3g} against {found.other.flops:.3g} FLOPs an item"
    told = name or f"{found.point.name} less {found.other.name}: share right"
    return Measurement(told, found.value, found.low, found.high, len(found.point.right), note)


def spent_on_pools(wanted: Sequence[Wanted], pools: Sequence[ModelPool], seconds: float) -> Spent:
    """What the pools took when they were drawn; `seconds` is how long this run took."""
    answers, flops, busy = 0, 0.0, 0.0
    for plan, pool in zip(wanted, pools, strict=True):
        for item in pool.items:
            answers += 1 + plan.draws + len(item.whole)
            prices = [item.greedy, *(price for _, price in item.whole.values())]
            prices += [price.times(plan.draws) for price in (item.draw, *item.score.values())]
            flops += sum(price.flops for price in prices)
            busy += sum(price.seconds for price in prices)
    return Spent(answers, flops, busy, seconds)
