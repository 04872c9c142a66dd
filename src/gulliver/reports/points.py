"""From a study's result to what the figures show: points, axes, the target line, curves by family."""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from markupsafe import Markup

from gulliver.reports import numbers
from gulliver.reports.figures import Interval, Point, Rung, Target, frontier_figure, size_figure
from gulliver.reports.marks import model_colours, strategy_shapes
from gulliver.reports.safe import line
from gulliver.reports.scales import share_ends
from gulliver.studies.result import Prediction, RecipeResult, StudyResult


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
class Drawn:
    """The frontier figure on one axis, in two widths, with a sentence on how to read it."""

    key: str
    tab: str
    figures: tuple[Markup, Markup]
    note: str
    shown: bool


@dataclass(frozen=True)
class Curve:
    """One strategy of one family: a figure when two rungs were measured, and what is predicted or why nothing is."""

    strategy: str
    figure: Markup | None
    said: str


@dataclass(frozen=True)
class Family:
    """The curves of a family that has them; for one with a single rung only the sentences."""

    name: str
    curves: tuple[Curve, ...]


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


def frontier_figures(result: StudyResult) -> list[Drawn]:
    """The frontier on each axis for which any recipe has a cost (or the study's own); the study's own currency is shown first."""
    measured = [r for r in result.recipes if r.quality is not None]
    axes = [axis for axis in AXES if any(axis.cost(r).value > 0 for r in measured)]
    if not measured:
        return []
    axes = axes or [axis for axis in AXES if axis.key == result.run.cheap]
    start = next((a.key for a in axes if a.key == result.run.cheap), axes[0].key)
    return [_drawn(result, axis, axis.key == start) for axis in axes]


def size_curves(result: StudyResult) -> list[Family]:
    """A family each, in order of size: curves by strategy, with the prediction of the next rung or why there is none."""
    measured = [r for r in result.recipes if r.quality is not None and not r.floor and r.parameters]
    seen = [v for r in measured for v in (r.low, r.high)]
    ends = share_ends(seen)
    grouped: dict[str, dict[str, list[RecipeResult]]] = {}
    for r in sorted(measured, key=lambda r: r.parameters):
        grouped.setdefault(r.family, {}).setdefault(r.strategy, []).append(r)
    predictions = {(p.family, p.strategy): p for p in result.prediction}
    return [
        Family(
            family, tuple(_curve(result, s, members, predictions.get((family, s)), ends) for s, members in by.items())
        )
        for family, by in grouped.items()
    ]


def tip(recipe: RecipeResult, number: int, axis: Axis) -> str:
    """What a point says when pointed at."""
    cost = axis.cost(recipe)
    between = f" ({axis.show(cost.low)} to {axis.show(cost.high)})" if cost.high > cost.low else ""
    lines = [
        f"{number} {line(recipe.recipe)}",
        f"quality {numbers.share(recipe.quality)} ({numbers.share(recipe.low)} to {numbers.share(recipe.high)})",
        f"{axis.title}: {axis.show(cost.value)}{between}",
        f"{recipe.right} of {recipe.items} right; {recipe.verdict}",
    ]
    if recipe.on_frontier is not None:
        lines.append(f"on the frontier with probability {numbers.share(recipe.on_frontier)}")
    return "\n".join(lines)


def _drawn(result: StudyResult, axis: Axis, shown: bool) -> Drawn:
    colours, shapes = model_colours(result.recipes), strategy_shapes(result.recipes)
    own = axis.key == result.run.cheap
    members = set(result.frontier) if own else _undominated(result.recipes, axis)
    points = [
        Point(
            number,
            line(r.recipe),
            axis.cost(r),
            Interval(r.quality, r.low, r.high),
            colours[r.model],
            shapes[r.strategy],
            r.recipe in members,
            r.recipe == result.answer.recipe,
            tip(r, number, axis),
        )
        for number, r in enumerate(result.recipes, 1)
        if r.quality is not None
    ]
    target = target_of(result)
    title = f"Quality against {axis.title}, {len(points)} recipes"
    figures = [frontier_figure(points, title, axis.title, axis.show, target, wide) for wide in (True, False)]
    how = (
        "Filled points are on the frontier with a probability of at least one half."
        if own
        else f"Filled points are those that no other recipe beats on both measured means; the study's own frontier is by {result.run.cheap}."
    )
    return Drawn(axis.key, axis.tab, (figures[0], figures[1]), how, shown)


def _undominated(recipes: Sequence[RecipeResult], axis: Axis) -> set[str]:
    known = [
        (axis.cost(r).value, r.quality, r.recipe) for r in recipes if r.quality is not None and axis.cost(r).value > 0
    ]
    return {
        name
        for cost, quality, name in known
        if not any(c <= cost and q >= quality and (c, q) != (cost, quality) for c, q, _ in known)
    }


def _curve(
    result: StudyResult,
    strategy: str,
    members: Sequence[RecipeResult],
    prediction: Prediction | None,
    ends: tuple[float, float],
) -> Curve:
    said, ahead = "No prediction was made.", None
    if prediction is not None and prediction.quality is not None:
        low, high = prediction.low or 0.0, 1.0 if prediction.high is None else prediction.high
        said = f"Predicted for {line(prediction.next_model)}: {numbers.share(prediction.quality)} ({numbers.share(low)} to {numbers.share(high)})."
        ahead = (prediction.parameters or 0, Interval(prediction.quality, low, high))
    elif prediction is not None and prediction.why:
        said = f"No prediction: {line(prediction.why).rstrip('.')}."
    if len({m.parameters for m in members}) < 2:
        return Curve(strategy, None, said)
    colours, shapes = model_colours(result.recipes), strategy_shapes(result.recipes)
    rungs = [
        Rung(
            m.parameters,
            Interval(m.quality or 0.0, m.low, m.high),
            colours[m.model],
            shapes[m.strategy],
            f"{line(m.model)}, {numbers.parameters(m.parameters)} parameters\nquality {numbers.share(m.quality)} ({numbers.share(m.low)} to {numbers.share(m.high)})\n{m.right} of {m.items} right",
        )
        for m in members
    ]
    ahead = ahead if ahead and ahead[0] > 0 else None
    target = target_of(result)
    if ahead:
        ends = (min(ends[0], share_ends([ahead[1].low])[0]), max(ends[1], share_ends([ahead[1].high])[1]))
    title = f"Quality against parameters: {line(members[0].family)}, {line(strategy)}"
    return Curve(strategy, size_figure(rungs, ahead, ends, title, numbers.parameters, target), said)
