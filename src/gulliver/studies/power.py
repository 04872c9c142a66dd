"""What the items can tell apart, before anything is spent."""

import math

from scipy import stats


def resolvable_gap(items: int, pool: int | None, target: float, alpha: float, power: float = 0.9) -> float:
    """The smallest distance from `target` that `items` settle with this power at one-sided error `alpha`.

    By the normal approximation with the finite-population correction; 0.0 when the whole pool is asked.
    """
    if pool is not None and items >= pool:
        return 0.0
    rest = 1.0 if pool is None else 1.0 - items / pool
    spread = math.sqrt(target * (1 - target) * rest / items)
    return float(spread * (stats.norm.isf(alpha) + stats.norm.isf(1 - power)))
