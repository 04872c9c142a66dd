"""One HTML file for a study: it works offline, and nothing that a model wrote can act in it."""

import base64
import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup, escape

from gulliver.reports import numbers
from gulliver.reports.choose import Shown, choose_items
from gulliver.reports.figures import interval_bar
from gulliver.reports.forecast import check_rows, check_sentence
from gulliver.reports.marks import model_colours, strategy_shapes, swatch
from gulliver.reports.points import frontier_figures, size_curves, target_of
from gulliver.reports.safe import clean, clip, embedded_json
from gulliver.studies.result import RecipeResult, StudyResult

OUTCOMES = ("right", "wrong", "unreadable", "truncated", "unsupported", "failed")
TEXT_BUDGET = 1_100_000
TEXT_MOST = 4_000
_PAGE = Path(__file__).parent / "page"


@dataclass(frozen=True)
class Clipped:
    """Text as shown, and how many characters of it are not."""

    text: str
    missing: int


def write_report(result: StudyResult, path: Path) -> Path:
    """Write the page, making its folder; a reader sees the old file or the new one, never half.

    Returns:
        `path`, under which one HTML file of less than 2 MB lies (20 recipes on 100 items).
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(f"{path.name}.part")
    temporary.write_text(render_page(result), encoding="utf-8")
    temporary.replace(path)
    return path


def render_page(result: StudyResult) -> str:
    """The page as text."""
    script = (_PAGE / "page.js").read_text(encoding="utf-8")
    colours, shapes = model_colours(result.recipes), strategy_shapes(result.recipes)
    items = choose_items(result.recipes)
    return _environment().get_template("page.html.jinja").render(
        result=result,
        run=result.run,
        answer=result.answer,
        target=target_of(result),
        drawn=frontier_figures(result),
        models=[(name, swatch("circle", colour)) for name, colour in colours.items()],
        strategies=[(name, swatch(shape, "ink")) for name, shape in shapes.items()],
        families=size_curves(result),
        outcomes=OUTCOMES,
        items=items,
        room=_room(items),
        model_rows=[_model_row(model) for model in result.run.models],
        style=Markup((_PAGE / "page.css").read_text(encoding="utf-8")),
        script=Markup(script),
        script_hash=base64.b64encode(hashlib.sha256(script.encode()).digest()).decode(),
        data=embedded_json(result.to_json()),
    )  # fmt: skip


@cache
def _environment() -> Environment:
    environment = Environment(
        loader=FileSystemLoader(_PAGE),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        finalize=lambda value: value if isinstance(value, Markup) else clean(value),
    )
    environment.globals |= {
        "n": numbers,
        "bar": _bar,
        "shares": _shares,
        "clipped": _clipped,
        "unshared": _unshared,
        "frontier_key": _key,
        "forecast_rows": check_rows,
        "forecast_said": check_sentence,
    }
    return environment


def _bar(recipe: RecipeResult, target: Any) -> Markup:
    said = f"{numbers.share(recipe.quality)}, interval {numbers.share(recipe.low)} to {numbers.share(recipe.high)}"
    return interval_bar(recipe.quality or 0.0, recipe.low, recipe.high, target.value if target else None, said)


def _shares(recipe: RecipeResult) -> list[tuple[str, int, float]]:
    """Each outcome with its count and its share in percent; outcomes that did not occur are left out."""
    told = {name: getattr(recipe, name) for name in OUTCOMES if name != "wrong"}
    told["wrong"] = recipe.items - sum(told.values())
    return [(name, told[name], 100 * told[name] / recipe.items) for name in OUTCOMES if told[name] > 0]


def _key(recipe: RecipeResult, recipes: Sequence[RecipeResult]) -> Markup:
    return swatch(strategy_shapes(recipes)[recipe.strategy], model_colours(recipes)[recipe.model])


def _unshared(recipes: Sequence[RecipeResult]) -> tuple[float, float]:
    """FLOPs of all answers as if nothing were shared, and as computed."""
    return sum(r.flops_naive * r.items for r in recipes), sum(r.flops_computed * r.items for r in recipes)


def _room(items: Sequence[Shown]) -> int:
    """Bytes for one text, so that all texts together stay within the page's budget."""
    texts = [t for s in items for _, _, r in s.said for t in (r.text, r.program, r.detail, r.value) if t]
    texts += [t for s in items for t in (s.question, s.target)]
    wanted = sum(min(TEXT_MOST, len(str(escape(t)).encode("utf-8", "replace"))) for t in texts)
    return TEXT_MOST if wanted <= TEXT_BUDGET else TEXT_BUDGET // len(texts)


def _clipped(text: str, room: int) -> Clipped:
    return Clipped(*clip(text, room))


def _model_row(model: dict[str, Any]) -> dict[str, Any]:
    """A model's card as rows: known keys in a fixed order, the note apart, whatever else is told after them."""
    known = (
        "format",
        "digest",
        "engine",
        "engine_version",
        "parameters",
        "architecture",
        "context_length",
        "source",
        "license",
    )
    shown = {key: model[key] for key in known if model.get(key) not in (None, "", 0)}
    if "parameters" in shown:
        shown["parameters"] = f"{numbers.parameters(shown['parameters'])} ({shown['parameters']:,})"
    settings = model.get("settings") or {}
    if settings:
        shown["settings"] = ", ".join(f"{key} = {value}" for key, value in settings.items())
    labels = {"engine_version": "engine's version", "context_length": "context length", "license": "licence"}
    rows = [(labels.get(key, key), value) for key, value in shown.items()]
    return {"name": model.get("name", "?"), "note": model.get("note", ""), "rows": rows}
