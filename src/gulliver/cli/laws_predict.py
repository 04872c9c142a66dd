"""`gulliver laws predict`: what a fitted law says where it was not measured."""

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

if TYPE_CHECKING:
    from gulliver.laws import Fitted, Interval


def predict(
    fit: Annotated[Path, typer.Argument(help="What gulliver laws fit --out wrote.", show_default=False)],
    at: Annotated[list[str], typer.Option("--at", help="parameters=7e9,tokens=1e12; repeatable.", show_default=False)],
    json_: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Predict from a fitted law, with an interval, and say how far beyond its table that is."""
    from gulliver.cli.laws import number
    from gulliver.laws import Fitted

    found = Fitted.read(fit)
    places = [inputs(found, word) for word in at]
    made = [(place, found.predict(place)[0], beyond(found, place)) for place in places]
    if json_:
        rows = [{"at": place, **record(i, found), "beyond": far} for place, i, far in made]
        typer.echo(
            json.dumps({"law": found.law, "output": found.form.output, "predictions": rows, "warnings": found.warnings})
        )
        return
    for place, i, far in made:
        said = ", ".join(f"{k}={v if isinstance(v, str) else number(v)}" for k, v in place.items())
        typer.echo(f"{said}: {found.form.output} {interval_text(i, found.level)}")
        for sentence in far:
            typer.echo(f"  {sentence}")
    typer.echo(f"The interval is of the law's curve; one run scatters around it by {scatter(found)}.")


def inputs(found: "Fitted", text: str) -> dict[str, Any]:
    """`ROLE=NUMBER,ROLE=NUMBER` as a mapping; roles of text stay text.

    Raises:
        LawError: it is not written so, or names what the law does not predict from.
    """
    from gulliver.laws import LawError

    known = found.form.inputs
    made: dict[str, Any] = {}
    for word in text.split(","):
        role, sign, value = (part.strip() for part in word.partition("="))
        if not sign or role not in known:
            raise LawError(
                f"{found.law} predicts from {', '.join(known)}, each written ROLE=NUMBER, not {word.strip()!r}."
            )
        made[role] = value if role in found.form.labels else amount(role, value)
    return made


def amount(name: str, text: str) -> float:
    """A number such as 7e9 or 7B.

    Raises:
        LawError: it is none.
    """
    from gulliver.laws import LawError

    units = {"k": 1e3, "m": 1e6, "b": 1e9, "t": 1e12}
    factor = units.get(text[-1:].lower(), 0.0)
    try:
        return float(text[:-1]) * factor if factor else float(text)
    except ValueError:
        raise LawError(f"{name} is a number such as 7e9 or 7B, not {text!r}.") from None


def beyond(found: "Fitted", place: dict[str, Any]) -> list[str]:
    """Sentences on inputs outside the fitted table's range."""
    out = []
    for role, value in place.items():
        low, high = found.ranges.get(role, (0.0, float("inf")))
        if role in found.form.labels or low <= value <= high:
            continue
        if value > high > 0:
            out.append(f"{role} {value:.3g} is {value / high:.3g} times the largest fitted ({high:.3g}).")
        elif value < low:
            out.append(f"{role} {value:.3g} is below the smallest fitted ({low:.3g}).")
    return out


def interval_text(i: "Interval", level: float) -> str:
    """A value with its limits."""
    from gulliver.cli.laws import number

    return (
        number(i.value)
        if i.low is None
        else f"{number(i.value)} ({level:.0%} interval {number(i.low)} to {number(i.high)})"
    )


def record(i: "Interval", found: "Fitted") -> dict[str, Any]:
    """For JSON."""
    return {"value": i.value, "low": i.low, "high": i.high, "se": i.se, "level": found.level}


def scatter(found: "Fitted") -> str:
    """A run's noise in words: a share for logarithms, a plain number otherwise."""
    return f"{found.noise:.2%}" if found.minimised.startswith("log-") else f"{found.noise:.3g}"
