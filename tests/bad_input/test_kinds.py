"""Bad input ends in one sentence and exit code 2, or is the outcome of its item; what was finished is never lost."""

import contextlib
import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.bad_input.kinds import KINDS, Kind
from tests.bad_input.page import PAGE, row, told
from tests.bad_input.place import Place, gulliver, outcomes

CODES = {"sentence": 2, "outcome": 0, "stopped": 130}
PROGRESS = re.compile(r"All \d+ items may be asked|\[\d+/\d+\] ")


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Place]:
    with contextlib.ExitStack() as stack:
        yield Place(tmp_path.resolve(), monkeypatch, stack)


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: f"{kind.number}")
def test_it_ends_as_the_page_says(kind: Kind, place: Place) -> None:
    said, text = told(kind, place)
    lines = said.err.strip().splitlines()
    assert said.code == CODES[kind.end], said.err
    assert "Traceback" not in said.err + said.out
    assert "sk-very-secret" not in said.err + said.out
    assert [line for line in lines if not PROGRESS.match(line)] == [
        line for line in lines if line.startswith("gulliver: ")
    ]
    assert sum(line.startswith("gulliver: ") for line in lines) == (kind.end != "outcome")
    if kind.end != "outcome":
        assert said.out == ""
        assert not re.search(r"[.!?] [A-Z]", text)  # one sentence
    assert row(kind, text) in PAGE.read_text(encoding="utf-8").splitlines()


def result(place: Place) -> dict[str, Any]:
    run = max((place.folder / "home" / "runs").glob("*/result.json"), key=lambda path: path.stat().st_mtime)
    data: dict[str, Any] = json.loads(run.read_text())
    return data


def number(what: str) -> Kind:
    return next(kind for kind in KINDS if kind.what == what)


@pytest.mark.parametrize(
    ("what", "least"),
    [("The disk is full while the run is written", 24), ("The disk is full while answers are kept", 0), ("Ctrl-C", 9)],
)
def test_nothing_finished_is_lost(what: str, least: int, place: Place) -> None:
    with pytest.MonkeyPatch.context() as patch:
        before = Place(place.folder, patch, place.stack)
        assert gulliver(number(what).make(before)).code != 0
    assert gulliver(place.find()).code == 0
    spent = result(place)["spent"]
    assert spent["replayed"] >= least
    assert spent["asked"] + spent["replayed"] == 24


def test_failed_items_are_told_of_and_asked_anew(place: Place) -> None:
    assert gulliver(number("Some requests fail").make(place)).code == 0
    failed = sum(outcome == "failed" for outcome, _ in outcomes(place))
    assert 0 < failed < 24
    assert any(f"{failed} of 24 items failed" in warning for warning in result(place)["warnings"])
    assert gulliver(place.find()).code == 0
    assert result(place)["spent"]["asked"] == failed


def test_there_are_thirty_kinds_at_least_and_the_page_has_no_other() -> None:
    rows = re.findall(
        r"^\| (\d+) \|.*\| (?:sentence|outcome|stopped) \|", PAGE.read_text(encoding="utf-8"), re.MULTILINE
    )
    assert len(KINDS) >= 30
    assert [int(found) for found in rows] == [kind.number for kind in KINDS]
