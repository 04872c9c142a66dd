"""Before anything is spent: how far from the target a recipe must be for the items to settle it."""

from gulliver.studies.boundaries import Boundary, Design, accepting, crossing_chance, rejecting

_STEPS = 10


def resolvable_gap(
    items: int, pool: int | None, target: float, alpha: float, power: float = 0.9, design: Design | None = None
) -> float:
    """The smallest distance from the target at which `items` items settle a recipe with chance `power`.

    Computed exactly on the boundaries that a trial uses, without giving up early, and for the worse of the two sides.

    Args:
        items: that may be asked of one recipe.
        pool: items in the pool that the study is about; None for a population.
        alpha: level of the accepting and of the rejecting test.

    Returns:
        A gap in quality: 0.0 when the whole pool may be asked, as that settles any recipe; 1.0 when not even a
        perfect recipe could be accepted, or a useless one rejected.
    """
    if pool is not None and items >= pool:
        return 0.0
    design = design or Design()
    up = _smallest(accepting(target, pool, alpha, design), target, items, power)
    down = _smallest(rejecting(target, pool, (alpha,), design), 1.0 - target, items, power)
    return max(up, down)


def power_sentence(items: int, pool: int | None, target: float, alpha: float, power: float = 0.9) -> str:
    """What the items can settle, in one sentence."""
    gap = resolvable_gap(items, pool, target, alpha, power)
    if pool is not None and items >= pool:
        return f"All {pool} items may be asked, which settles any recipe exactly; most stop much earlier."
    if gap >= 1.0:
        return f"{items} items are too few to settle any recipe at this confidence; allow more items or a lower confidence."
    return (
        f"{items} items settle a recipe {gap:.3f} or more from the target with {power:.0%} power; "
        "closer ones may stay undecided."
    ).replace("%", " %")


def _smallest(boundary: Boundary, target: float, items: int, power: float) -> float:
    pool = boundary.pool

    def settled(gap: float) -> bool:
        rate = target + gap
        return crossing_chance(boundary, rate if pool is None else round(rate * pool), items) >= power

    low, high = 0.0, 1.0 - target
    if not settled(high):
        return 1.0
    for _ in range(_STEPS):
        middle = (low + high) / 2.0
        low, high = (low, middle) if settled(middle) else (middle, high)
    return high
