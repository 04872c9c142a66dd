"""One HTML file for a study: it works offline, and nothing that a model wrote can act in it."""

import base64
from functools import cache
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined, Template
from markupsafe import Markup

from gulliver.reports import numbers
from gulliver.reports.assets import PAGE, inline_policy, script, style
from gulliver.reports.document import study_document
from gulliver.reports.items import columns, packed, packed_texts
from gulliver.reports.pairs import all_pairs
from gulliver.reports.safe import clean, embedded_json
from gulliver.studies.result import StudyResult


def write_report(result: StudyResult, path: Path) -> Path:
    """Write the page, making its folder; a reader sees the old file or the new one, never half.

    Returns:
        `path`, under which one HTML file lies: less than 2 MB for 20 recipes on 100 items, less than 10 MB on 2,000.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(f"{path.name}.part")
    temporary.write_text(render_page(result), encoding="utf-8")
    temporary.replace(path)
    return path


def render_page(result: StudyResult) -> str:
    """The page as text."""
    document = study_document(result)
    found = document.pop("result")
    return shell("report.html.jinja").render(
        result=result,
        run=result.run,
        policy=Markup(inline_policy()),
        style=Markup(style()),
        script=Markup(script()),
        data=embedded_json(found),
        more=embedded_json({**document, "pairs": all_pairs(result)}),
        columns=_base64(packed(columns(result.recipes))),
        texts=_base64(packed_texts(result.recipes)) if result.run.keep_text else "",
    )


@cache
def shell(name: str) -> Template:
    """A page's frame; what is put into it is escaped and cleaned."""
    environment = Environment(
        loader=FileSystemLoader(PAGE),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        finalize=lambda value: value if isinstance(value, Markup) else clean(value),
    )
    environment.globals |= {"n": numbers}
    return environment.get_template(name)


def _base64(data: bytes) -> Markup:
    return Markup(base64.b64encode(data).decode())
