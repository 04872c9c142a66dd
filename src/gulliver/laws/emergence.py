"""Has a score emerged? Near chance and then above it, above it all along, or not yet; and where, with an interval.

A flat piece and a straight rise in log scale are fitted with the break at every place. The rise is tested against
shuffled rows, so that the search for the best break is paid for. Where a break is found, the interval holds every break
whose fit is not significantly worse.
"""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from gulliver.laws.base import Array, LawError
from gulliver.laws.long_table import means

NOT_YET, EMERGED, THROUGHOUT = "no emergence yet", "emerged", "rises at every size"
_GRID = 161


@dataclass(frozen=True)
class Control:
    """How a continuous metric moves where the score is still flat (or everywhere, when nothing has emerged).

    Attributes:
        slope: change a tenfold scale, with its interval at the detector's level.
        rows: how many it rests on.
        moves: whether the interval leaves zero out.
    """

    slope: float
    low: float
    high: float
    rows: int
    moves: bool


@dataclass(frozen=True)
class Emergence:
    """What was detected.

    Attributes:
        verdict: `no emergence yet`, `emerged` or `rises at every size`.
        breakpoint: scale at which the rise begins, with `low` and `high`; None unless it emerged.
        above_chance: score of the largest third of scales less chance, with its one-sided lower limit.
        p_rise: share of shuffled tables that rise as clearly.
        sizes: mean score by scale; falls: steps from one scale to the next at which it falls.
        control: the continuous metric, when one was given.
        sentences: the finding in words.
    """

    verdict: str
    chance: float
    breakpoint: float | None
    low: float | None
    high: float | None
    rise: float
    above_chance: float
    above_chance_low: float
    p_rise: float
    rows: int
    level: float
    sizes: Mapping[str, float]
    falls: int
    control: Control | None
    sentences: tuple[str, ...]

    def to_dict(self) -> dict[str, Any]:
        """For JSON."""
        return asdict(self)


def detect(
    scale: Array, score: Array, chance: float, *, control: Array | None = None, level: float = 0.95, shuffles: int = 999, seed: int = 0
) -> Emergence:  # fmt: skip
    """Whether and where `score` leaves chance as `scale` grows.

    Args:
        scale: positive, (R,); score: (R,), higher is better; chance: the score of guessing.
        control: a continuous metric of the same runs, such as log perplexity, (R,).
        level: of intervals and tests; shuffles: tables of shuffled scores; seed: of the shuffles.

    Raises:
        LawError: fewer than six rows or four scales, or numbers that are not finite or positive.
    """
    x, y = _checked(scale, score, control)
    distinct, by_size = means(x, y)
    breaks = _breaks(x)
    errors, slopes, levels = _pieces(x, y[None], breaks)
    best = int(np.argmin(errors[0]))
    p_rise = _shuffled(x, y, breaks, float(errors[0, best]), float(slopes[0, best]), shuffles, seed)
    largest = x >= distinct[-max(1, -(-len(distinct) // 3))]
    above, above_low = _over(y[largest], chance, level)
    rises = p_rise <= 1.0 - level and slopes[0, best] > 0
    inside = _not_worse(errors[0], len(x), level)
    low, high = float(breaks[inside].min()), float(breaks[inside].max())
    at: float | None = None
    if not rises or above_low <= 0:
        verdict = NOT_YET
    elif low <= distinct[0] or _over(y[x < breaks[best]], chance, level)[1] > 0:
        verdict = THROUGHOUT
    else:
        verdict, at = EMERGED, float(breaks[best])
    flat = x < at if at is not None else np.ones(len(x), dtype=bool)
    moved = None if control is None else _control(x[flat], np.asarray(control, dtype=np.float64)[flat], level)
    ends = (10.0**at, 10.0**low, 10.0**high) if at is not None else (None, None, None)
    return Emergence(
        verdict=verdict,
        chance=chance,
        breakpoint=ends[0],
        low=ends[1],
        high=ends[2],
        rise=float(slopes[0, best]),
        above_chance=above,
        above_chance_low=above_low,
        p_rise=p_rise,
        rows=len(x),
        level=level,
        sizes={f"{10.0**size:.6g}": float(mean) for size, mean in zip(distinct, by_size, strict=True)},
        falls=int((np.diff(by_size) < 0).sum()),
        control=moved,
        sentences=tuple(
            _words(verdict, chance, ends, above, above_low, p_rise, level, moved, float(levels[0, best]), by_size)
        ),
    )


def _checked(scale: Array, score: Array, control: Array | None) -> tuple[Array, Array]:
    x, y = np.asarray(scale, dtype=np.float64), np.asarray(score, dtype=np.float64)
    given = [x, y] + ([] if control is None else [np.asarray(control, dtype=np.float64)])
    if len({len(v) for v in given}) > 1 or not all(np.isfinite(v).all() for v in given) or not (x > 0).all():
        raise LawError("Emergence needs as many positive scales as finite scores.")
    if len(x) < 6 or len(np.unique(x)) < 4:
        raise LawError(
            f"Emergence needs at least six rows at four scales, and there are {len(x)} at {len(np.unique(x))}."
        )
    return np.log10(x), y


def _breaks(x: Array) -> Array:
    """Where the rise may begin: from the smallest scale to just before the last but one."""
    distinct = np.unique(x)
    return np.unique(np.concatenate([np.linspace(distinct[0], distinct[-2], _GRID), distinct[:-1]]))


def _pieces(x: Array, y: Array, breaks: Array) -> tuple[Array, Array, Array]:
    """Squared error, slope and flat level of the best hinge at each break; y (T, R) gives (T, breaks) each."""
    beyond = np.maximum(x - breaks[:, None], 0.0)
    centred = beyond - beyond.mean(axis=1, keepdims=True)
    power = (centred**2).sum(axis=1)
    middle = y.mean(axis=1, keepdims=True)
    slope = (y - middle) @ centred.T / power
    error = ((y - middle) ** 2).sum(axis=1, keepdims=True) - slope**2 * power
    return error, slope, middle - slope * beyond.mean(axis=1)


def _shuffled(x: Array, y: Array, breaks: Array, error: float, slope: float, shuffles: int, seed: int) -> float:
    """Share of tables with shuffled scores (the one at hand among them) whose best rising hinge fits as well."""
    if slope <= 0:
        return 1.0
    rng = np.random.default_rng([seed, 3])
    tables = rng.permuted(np.broadcast_to(y, (shuffles, len(y))), axis=1)
    errors, slopes, _ = _pieces(x, tables, breaks)
    fits = np.where(slopes > 0, errors, np.inf).min(axis=1)
    return float((1 + (fits <= error).sum()) / (1 + shuffles))


def _over(y: Array, chance: float, level: float) -> tuple[float, float]:
    """Mean less chance and its one-sided lower limit (Student); minus infinity for a single score or none."""
    from scipy.stats import t

    if len(y) < 2:
        return (float(y.mean()) - chance if len(y) else 0.0), -np.inf
    gap = float(y.mean()) - chance
    return gap, gap - float(t.ppf(level, len(y) - 1)) * float(y.std(ddof=1)) / len(y) ** 0.5


def _not_worse(errors: Array, rows: int, level: float) -> "np.ndarray[tuple[int, ...], np.dtype[np.bool_]]":
    """Breaks whose squared error is not significantly above the least.

    Student's F on one freedom less than three constants leave, since a kink is not smooth: 92 to 94 % of simulated 95 %
    intervals (16 scales, three noises) then hold the break.
    """
    from scipy.stats import f

    best, free = max(float(errors.min()), 1e-300), rows - 4
    return np.asarray(errors <= best * (1.0 + float(f.ppf(level, 1, free)) / free) + 1e-15)


def _control(x: Array, y: Array, level: float) -> Control | None:
    from scipy.stats import t

    if len(x) < 4 or len(np.unique(x)) < 3:
        return None
    centred = x - x.mean()
    power = float((centred**2).sum())
    slope = float(centred @ y / power)
    rest = y - y.mean() - slope * centred
    error = float(np.sqrt((rest**2).sum() / (len(x) - 2) / power))
    reach = float(t.ppf(0.5 + level / 2.0, len(x) - 2)) * error
    return Control(slope, slope - reach, slope + reach, len(x), not slope - reach <= 0.0 <= slope + reach)


def _words(
    verdict: str, chance: float, ends: tuple[float | None, float | None, float | None], above: float, above_low: float,
    p: float, level: float, control: Control | None, flat: float, by_size: Array,
) -> list[str]:  # fmt: skip
    out = []
    if verdict == EMERGED:
        out.append(
            f"Emerged: at {flat:.3g} until {ends[0]:.3g} ({level:.0%} interval {ends[1]:.3g} to {ends[2]:.3g}), then rising."
        )
    elif verdict == THROUGHOUT:
        falls, steps = int((np.diff(by_size) < 0).sum()), len(by_size) - 1
        exact = (
            "the mean rises from each size to the next" if not falls else f"the mean falls at {falls} of {steps} steps"
        )
        out.append(
            f"Rises at every size: no stretch at chance precedes the rise, so nothing emerges in this table; {exact}."
        )
    elif above_low <= 0:
        side = "above" if above > 0 else "below"
        limit = f" (lower limit {above_low:+.3f})" if np.isfinite(above_low) else ""
        out.append(
            f"No emergence yet: the largest sizes are {abs(above):.3f} {side} chance {chance:g}{limit}, "
            "which is not above it by this test."
        )
    else:
        out.append(f"No emergence yet: shuffled scores rise as clearly in {p:.1%} of tables.")
    if control is not None:
        place = "below the breakpoint" if verdict == EMERGED else "over all sizes"
        moved = f"the continuous metric moves by {control.slope:.3g} a tenfold scale {place} ({control.low:.3g} to {control.high:.3g})"
        if control.moves and verdict == EMERGED:
            out.append(f"Control: {moved}: the jump may be the metric's and not the model's (Schaeffer et al. 2023).")
        else:
            out.append(f"Control: {moved}{'' if control.moves else ', which may be none'}.")
    return out
