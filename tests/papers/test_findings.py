"""Findings are kept by publication and scale, and stand beside what was published."""

from dataclasses import replace
from pathlib import Path

import pytest

from gulliver.papers import load_paper
from gulliver.papers.base import Finding, Measurement
from gulliver.papers.findings import bibliography, keep_finding, kept_findings

FOUND = Finding("pal-2022", "smoke", "cannot tell", (Measurement("share right", 0.3, 0.1, 0.6, 10),), "Cannot tell.")


@pytest.fixture(autouse=True)
def own_home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("GULLIVER_HOME", str(tmp_path))
    return tmp_path


def test_the_largest_scale_comes_first_and_a_later_finding_takes_an_earlier_ones_place() -> None:
    paper = load_paper("pal-2022")
    keep_finding(paper, FOUND)
    keep_finding(paper, replace(FOUND, scale="laptop", verdict="holds"))
    keep_finding(paper, replace(FOUND, verdict="does not hold here"))
    assert [(f["scale"], f["verdict"]) for f in kept_findings("pal-2022")] == [("laptop", "holds"), ("smoke", "does not hold here")]  # fmt: skip


def test_a_file_that_cannot_be_read_is_no_finding(own_home: Path) -> None:
    (own_home / "findings").mkdir()
    (own_home / "findings" / "pal-2022-smoke.json").write_text("{")
    assert kept_findings("pal-2022") == []


def test_every_publication_is_listed_and_those_that_can_be_run_with_their_published_numbers() -> None:
    keep_finding(load_paper("pal-2022"), FOUND)
    rows = {row["id"]: row for row in bibliography()}
    assert len(rows) == 119
    pal = rows["pal-2022"]
    assert pal["findings"][0]["measurements"][0]["value"] == 0.3
    assert pal["published"][0]["source"]
    assert all(row["published"] == [] for row in rows.values() if row["status"] == "planned")
