"""A vector of numbers told in few bits: a handful of levels, and which level each number has, by arithmetic coding.

The coder is adaptive: it counts the symbols as they come (each counted once more at the start), so no table of frequencies is
sent. What it writes can be read back (`decode`), and its length is the length of the message, not an estimate. Witten, Neal and Cleary 1987.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from gulliver.laws.base import Array, LawError

LEVEL_BITS = 16
"""A level is told as a 16-bit float."""
_TOP, _HALF, _QUARTER = (1 << 32) - 1, 1 << 31, 1 << 30


@dataclass(frozen=True)
class Told:
    """A vector as it comes out of its message.

    Attributes:
        values: what the receiver has, (d,).
        levels: the numbers they are taken from, (L,), exact in 16 bits.
        bits: of the whole message, levels and code.
    """

    values: Array
    levels: Array
    bits: int


def tell(values: Array, levels: int, rounds: int = 50) -> Told:
    """Round a vector to `levels` numbers chosen for the least squared error (Lloyd's algorithm), and code it.

    Raises:
        LawError: fewer than two levels, no numbers, or numbers that are not finite.
    """
    x = np.asarray(values, dtype=np.float64)
    if levels < 2 or x.ndim != 1 or not len(x) or not np.isfinite(x).all():
        raise LawError(f"A vector to be told needs finite numbers and at least two levels, not {levels}.")
    at = np.quantile(x, (np.arange(levels) + 0.5) / levels)
    for _ in range(rounds):
        which = nearest(x, at)
        at = np.array([x[which == k].mean() if (which == k).any() else at[k] for k in range(levels)])
    return told(x, at)


def told(values: Array, levels: Array) -> Told:
    """A vector rounded to given levels, through its code and back."""
    exact = np.asarray(levels).astype(np.float16).astype(np.float64)
    code = encode([int(k) for k in nearest(np.asarray(values, np.float64), exact)], len(exact))
    again = np.array(decode(code, len(values), len(exact)))
    return Told(exact[again], exact, LEVEL_BITS * len(exact) + len(code))


def nearest(values: Array, levels: Array) -> "np.ndarray[tuple[int, ...], np.dtype[np.int64]]":
    """Which level is nearest to each number."""
    return np.asarray(np.abs(values[:, None] - levels).argmin(axis=1), dtype=np.int64)


def encode(symbols: Sequence[int], alphabet: int) -> list[int]:
    """The code of symbols below `alphabet`, as bits."""
    counts = [1] * alphabet
    low, high, waiting = 0, _TOP, 0
    out: list[int] = []

    def write(bit: int) -> None:
        nonlocal waiting
        out.append(bit)
        out.extend([1 - bit] * waiting)
        waiting = 0

    for symbol in symbols:
        if not 0 <= symbol < alphabet:
            raise LawError(f"The symbol {symbol} is not one of {alphabet}.")
        low, high = _narrowed(low, high, counts, symbol)
        while (shift := _shift(low, high)) is not None:
            if shift == _QUARTER:
                waiting += 1
            else:
                write(int(shift == _HALF))
            low, high = 2 * (low - shift), 2 * (high - shift) + 1
        counts[symbol] += 1
    waiting += 1
    write(int(low >= _QUARTER))
    return out


def decode(code: Sequence[int], count: int, alphabet: int) -> list[int]:
    """The `count` symbols of a code that `encode` wrote."""
    counts = [1] * alphabet
    bits = iter(code)
    low, high, value = 0, _TOP, 0
    for _ in range(32):
        value = 2 * value + next(bits, 0)
    out = []
    for _ in range(count):
        total, place = sum(counts), 0
        target = ((value - low + 1) * total - 1) // (high - low + 1)
        symbol = 0
        while place + counts[symbol] <= target:
            place += counts[symbol]
            symbol += 1
        low, high = _narrowed(low, high, counts, symbol)
        while (shift := _shift(low, high)) is not None:
            low, high = 2 * (low - shift), 2 * (high - shift) + 1
            value = 2 * (value - shift) + next(bits, 0)
        counts[symbol] += 1
        out.append(symbol)
    return out


def _narrowed(low: int, high: int, counts: Sequence[int], symbol: int) -> tuple[int, int]:
    span, total, before = high - low + 1, sum(counts), sum(counts[:symbol])
    return low + span * before // total, low + span * (before + counts[symbol]) // total - 1


def _shift(low: int, high: int) -> int | None:
    """What to take off before doubling, or None while the interval is still wide."""
    if high < _HALF:
        return 0
    if low >= _HALF:
        return _HALF
    if low >= _QUARTER and high < 3 * _QUARTER:
        return _QUARTER
    return None
