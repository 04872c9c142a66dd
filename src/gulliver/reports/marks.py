"""Marks on figures: one shape a strategy, one colour a model, the same in every figure of a report."""

from collections.abc import Iterable, Sequence

from markupsafe import Markup

from gulliver.reports.safe import tag
from gulliver.studies.result import RecipeResult

COLOURS = 8
SHAPES = ("circle", "square", "triangle", "diamond", "wedge", "cross")


def numbered(names: Iterable[str]) -> dict[str, int]:
    """Each distinct name's place, in the order in which they first appear."""
    return {name: place for place, name in enumerate(dict.fromkeys(names))}


def model_colours(recipes: Sequence[RecipeResult]) -> dict[str, str]:
    """The CSS class that colours each model, from the smallest up; floors are grey."""
    bases = sorted((r for r in recipes if not r.floor), key=lambda r: r.parameters)
    colours = {name: f"c{place % COLOURS}" for name, place in numbered(r.model for r in bases).items()}
    return colours | {r.model: "floor" for r in recipes if r.floor}


def strategy_shapes(recipes: Sequence[RecipeResult]) -> dict[str, str]:
    """The shape of each strategy; shapes repeat after six."""
    names = numbered(r.strategy for r in recipes if not r.floor)
    shapes = {name: SHAPES[place % len(SHAPES)] for name, place in names.items()}
    return shapes | {r.strategy: "cross" for r in recipes if r.floor}


def mark(shape: str, x: float, y: float, size: float = 5.5, **attributes: object) -> Markup:
    """One of `SHAPES`, centred at a place; `size` is half its width, in pixels."""
    s = size
    if shape == "circle":
        return tag("circle", cx=x, cy=y, r=s, **attributes)
    if shape == "square":
        return tag("rect", x=x - 0.88 * s, y=y - 0.88 * s, width=1.76 * s, height=1.76 * s, **attributes)
    corners = {
        "triangle": ((0, -1.15), (1.1, 0.8), (-1.1, 0.8)),
        "diamond": ((0, -1.3), (1.2, 0), (0, 1.3), (-1.2, 0)),
        "wedge": ((0, 1.15), (1.1, -0.8), (-1.1, -0.8)),
        "cross": ((-0.4, -1.1), (0.4, -1.1), (0.4, -0.4), (1.1, -0.4), (1.1, 0.4), (0.4, 0.4), (0.4, 1.1), (-0.4, 1.1),
                  (-0.4, 0.4), (-1.1, 0.4), (-1.1, -0.4), (-0.4, -0.4)),
    }[shape]  # fmt: skip
    return tag("polygon", points=" ".join(f"{x + a * s:.1f},{y + b * s:.1f}" for a, b in corners), **attributes)


def swatch(shape: str, colour: str) -> Markup:
    """A mark on its own, for a legend."""
    return tag(
        "svg", mark(shape, 8, 8, class_="mark"), class_=f"swatch {colour}", viewBox="0 0 16 16", aria_hidden="true"
    )
