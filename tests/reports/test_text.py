"""The answer in a terminal: everything said, nothing acted on."""

from io import StringIO
from pathlib import Path

import pytest
from rich.console import Console

from gulliver.reports import render_answer
from gulliver.studies.result import StudyResult
from tests.reports.made import changed_texts, make_result


def shown(result: StudyResult, width: int = 120) -> str:
    console = Console(file=StringIO(), width=width, force_terminal=False)
    console.print(render_answer(result, Path("/runs/x/report.html")))
    assert isinstance(console.file, StringIO)
    return console.file.getvalue()


def test_it_says_sentence_recipes_frontier_costs_warnings_and_where_the_report_lies() -> None:
    result = make_result()
    text = shown(result)
    joined = " ".join(text.replace("│", " ").split())
    assert result.answer.sentence in joined
    for wanted in (
        *(r.recipe for r in result.recipes),
        "Frontier:",
        "1,843 requests asked",
        *result.warnings,
        "/runs/x/report.html",
    ):
        assert wanted in joined
    assert f"→  {result.answer.recipe}" in text


@pytest.mark.parametrize("width", [60, 80, 200])
def test_no_line_is_wider_than_the_terminal(width: int) -> None:
    assert max(len(line) for line in shown(make_result(), width).splitlines()) <= width


def test_names_are_neither_markup_nor_control_codes() -> None:
    text = shown(changed_texts(make_result(), lambda t: f"{t}[red]\x1b[2J\x07[/nope]"), 300)
    assert "\x1b" not in text
    assert "\x07" not in text
    assert "[red]" in text
