"""Numbers as people read them: FLOPs, seconds, bytes, shares."""

import math

UNKNOWN = "not told"
_PREFIXES = ((1e18, "E"), (1e15, "P"), (1e12, "T"), (1e9, "G"), (1e6, "M"), (1e3, "k"))


def significant(value: float, digits: int = 3) -> str:
    """`digits` significant digits, without an exponent and without trailing zeros after the point."""
    if value == 0 or not math.isfinite(value):
        return "0" if value == 0 else "?"
    places = max(0, digits - 1 - math.floor(math.log10(abs(value))))
    text = f"{value:,.{min(places, 12)}f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


def scaled(value: float, unit: str, digits: int = 3) -> str:
    """With an SI prefix: `scaled(1.2e9, "FLOP")` is "1.2 GFLOP"."""
    for size, prefix in _PREFIXES:
        if abs(value) >= size * (1 - 0.5 * 10**-digits):
            return f"{significant(value / size, digits)} {prefix}{unit}".rstrip()
    return f"{significant(value, digits)} {unit}".rstrip()


def flops(value: float, digits: int = 3) -> str:
    """FLOPs with an SI prefix."""
    return scaled(value, "FLOP", digits)


def memory(value: float, digits: int = 3) -> str:
    """Bytes with a decimal prefix (1 GB is 10^9 bytes); 0 is "not told", since no process takes no memory."""
    return scaled(value, "B", digits) if value else UNKNOWN


def parameters(value: float) -> str:
    """A model's size as models are named: "494M", "1.54B"; 0 is "not told"."""
    if not value:
        return UNKNOWN
    for size, letter in ((1e12, "T"), (1e9, "B"), (1e6, "M"), (1e3, "k")):
        if value >= 0.9995 * size:
            return f"{significant(value / size)}{letter}"
    return significant(value)


def duration(value: float) -> str:
    """Seconds, in the unit a person would choose."""
    if value == 0:
        return "0 s"
    if value < 9.995e-4:
        return f"{significant(value * 1e6)} µs"
    if value < 0.9995:
        return f"{significant(value * 1e3)} ms"
    if value < 59.95:
        return f"{significant(value)} s"
    whole = round(value)
    if whole < 3600:
        return f"{whole // 60} min {whole % 60} s"
    return f"{whole // 3600} h {whole % 3600 // 60} min"


def share(value: float | None) -> str:
    """A quality or a probability, three decimals; None is a dash."""
    return "–" if value is None or not math.isfinite(value) else f"{value:.3f}"


def percent(value: float) -> str:
    """A share as a whole percentage."""
    return f"{100 * value:.0f} %"


def count(value: float) -> str:
    """A whole number with thousands set apart."""
    return f"{round(value):,}" if math.isfinite(value) else "?"


def money(value: float) -> str:
    """Money in the unit of the prices the study was given."""
    return significant(value)
