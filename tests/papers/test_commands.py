"""`gulliver papers` and `gulliver reproduce`."""

import json

import pytest
import typer
from typer.testing import CliRunner

from gulliver.cli.papers import papers
from gulliver.cli.reproduce import reproduce
from gulliver.errors import GulliverError
from gulliver.papers import Figure, Finding, Measurement, Paper, Scale

app = typer.Typer()
app.command()(papers)
app.command()(reproduce)


def _experiment(scale: Scale, progress: object) -> Finding:
    assert callable(progress)
    progress("asking")
    measured = (Measurement("pal less cot", 0.4, 0.2, 0.6, 100, "paired"),)
    return Finding("pal-2022", scale, "holds", measured, "Holds: it does.")


@pytest.fixture
def paper(monkeypatch: pytest.MonkeyPatch) -> Paper:
    made = Paper("pal-2022", "claim", (Figure("gap", 15.0, "points", "abstract"),), _experiment, ("smoke", "laptop"))
    monkeypatch.setattr("gulliver.papers.load_paper", lambda id: made)
    return made


def test_papers_json_lists_all_rows() -> None:
    listed = json.loads(CliRunner().invoke(app, ["papers", "--json"]).stdout)
    assert len(listed) == 119
    assert set(listed[0]) == {"id", "title", "area", "claim", "builds", "status"}


def test_papers_of_an_area_for_a_person() -> None:
    shown = CliRunner().invoke(app, ["papers", "--area", "serving"]).stdout
    assert "slm-agents-survey-2025" in shown
    assert "pal-2022" not in shown
    assert "1 publications: 0 works" in shown


def test_reproduce_prints_one_object_and_progress_elsewhere(paper: Paper) -> None:
    result = CliRunner().invoke(app, ["reproduce", paper.id, "--scale", "laptop", "--json"])
    data = json.loads(result.stdout)
    assert (data["paper"], data["scale"], data["verdict"]) == ("pal-2022", "laptop", "holds")
    assert data["published"][0]["value"] == 15.0
    assert data["measurements"][0]["low"] == 0.2
    assert "asking" in result.stderr


def test_reproduce_shows_what_was_published_beside_what_was_measured(paper: Paper) -> None:
    shown = CliRunner().invoke(app, ["reproduce", paper.id]).stdout
    assert "published: gap: 15 points (abstract)" in shown
    assert "0.400" in shown
    assert "Holds: it does." in shown


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["pal-2022", "--scale", "huge"], "no scale 'huge'; choose one of: smoke, laptop, full"),
        (["pal-2022", "--scale", "full"], "no experiment at scale full; choose one of: smoke, laptop"),
    ],
)
def test_a_scale_that_is_not_there_is_said(paper: Paper, arguments: list[str], sentence: str) -> None:
    error = CliRunner().invoke(app, ["reproduce", *arguments]).exception
    assert isinstance(error, GulliverError)
    assert sentence in str(error)


def test_an_unknown_id_is_answered_with_near_ones() -> None:
    error = CliRunner().invoke(app, ["reproduce", "pal2022"]).exception
    assert isinstance(error, GulliverError)
    assert "did you mean pal-2022" in str(error)
