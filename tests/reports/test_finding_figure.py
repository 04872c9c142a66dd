"""What an experiment found, drawn: each measurement in the band of its kind, and at its place."""

import re
import xml.etree.ElementTree as ET
from pathlib import Path

import pytest
from typer.testing import CliRunner

from gulliver.cli.app import app
from gulliver.errors import GulliverError
from gulliver.papers.base import Measurement
from gulliver.reports.finding_figure import finding_svg

ROWS = [
    Measurement("share", 0.5, 0.4, 0.6, 10),
    Measurement("one less other", 0.2, 0.1, 0.3, 10),
    Measurement("FLOPs an item", 2e9, 2e9, 2e9, 10),
    Measurement("slope", -3.0, -4.0, -2.0, 10),
]


def drawn(rows: list[Measurement]) -> ET.Element:
    return ET.fromstring(str(finding_svg("a title", rows)))


def test_each_kind_has_a_band_and_colour_of_its_own() -> None:
    dots = [node for node in drawn(ROWS).iter() if node.tag.endswith("circle")]
    assert len({dot.get("fill") for dot in dots}) == 4


def test_a_share_lies_where_the_axis_says() -> None:
    rows = [Measurement("none", 0.0, 0.0, 0.1, 9), ROWS[0], Measurement("all", 1.0, 0.9, 1.0, 9)]
    at = [float(dot.get("cx", "")) for dot in drawn(rows).iter() if dot.tag.endswith("circle")]
    assert at[1] == pytest.approx((at[0] + at[2]) / 2, abs=0.1)


def test_names_are_text_and_long_ones_are_cut_in_the_middle() -> None:
    long = Measurement(f"<b>{'x' * 200}</b> the end", 0.5, 0.4, 0.6, 1)
    text = str(finding_svg("<script>", [long]))
    assert "<b>" not in text
    assert "<script" not in text
    assert re.search(r"x … x+&lt;/b&gt; the end<", text)


def test_nothing_measured_is_an_empty_picture() -> None:
    assert drawn([]).tag.endswith("svg")


def test_reproduce_writes_the_picture(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GULLIVER_HOME", str(tmp_path))
    output = tmp_path / "finding.svg"
    found = CliRunner().invoke(app, ["reproduce", "pal-2022", "-o", str(output)])
    assert found.exit_code == 0, found.output
    assert "pal-2022, smoke" in output.read_text()
    with pytest.raises(GulliverError, match=r"ending in \.html or \.svg"):
        CliRunner().invoke(app, ["reproduce", "pal-2022", "-o", "x.png"], catch_exceptions=False)
