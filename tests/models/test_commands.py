import json
import re
from pathlib import Path

import pytest
from typer import Typer
from typer.testing import CliRunner

from gulliver.cli.doctor import cpu_features, cpu_name, doctor, extras_missing, rapl_readable
from gulliver.cli.models import app, short
from gulliver.models.ladder import rungs
from tests.models.tiny import tiny_gguf


def _json(app: Typer, *arguments: str) -> object:
    done = CliRunner().invoke(app, arguments, catch_exceptions=False)
    assert done.exit_code == 0
    return json.loads(done.stdout)


def test_list_names_every_rung_and_whether_it_is_here(home: Path) -> None:
    rows = _json(app, "list", "--json")
    assert isinstance(rows, list)
    assert [row["name"] for row in rows] == [rung.name for rung in rungs()]
    assert not any(row["pulled"] for row in rows)
    assert rows[0]["parameters"] == 134_515_008


def test_the_list_for_people_names_every_rung(home: Path) -> None:
    text = CliRunner().invoke(app, ["list"], catch_exceptions=False).stdout
    assert all(rung.name in text for rung in rungs())


def test_show_gives_the_card(home: Path, tmp_path: Path) -> None:
    path = tiny_gguf(tmp_path / "tiny.gguf")
    shown = _json(app, "show", f"gguf:{path}", "--json")
    assert isinstance(shown, dict)
    assert shown["location"] == str(path)
    assert shown["layers"] == 1
    text = CliRunner().invoke(app, ["show", f"gguf:{path}"], catch_exceptions=False).stdout
    assert re.search(rf"parameters +{shown['parameters']:,}", text)


def test_pull_of_a_file_that_is_here_says_where(home: Path, tmp_path: Path) -> None:
    path = tiny_gguf(tmp_path / "tiny.gguf")
    done = CliRunner().invoke(app, ["pull", f"gguf:{path}"], catch_exceptions=False)
    assert done.stdout.strip() == str(path)


def test_doctor_says_what_is_here_and_what_is_missing(home: Path) -> None:
    cli = Typer()
    cli.command()(doctor)
    found = _json(cli, "--json")
    assert isinstance(found, dict)
    assert found["home"] == str(home)
    assert found["cores"] >= 1
    assert 0 < found["memory"]["available"] <= found["memory"]["total"]
    assert found["models"] == []
    assert set(found["engines"]) == {"openvino", "torch", "llamacpp", "vllm", "endpoint", "scripted"}
    text = CliRunner().invoke(cli, [], catch_exceptions=False).stdout
    for extra in found["extras_missing"]:
        assert f"pip install 'gulliver[{extra}]'" in text


def test_extras_are_missing_when_a_module_is(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("gulliver.cli.doctor.has_module", lambda name: name != "uvicorn")
    assert extras_missing() == {"serve": ["uvicorn"]}


def test_cpu_features_are_read_from_linux_words(tmp_path: Path) -> None:
    info = tmp_path / "cpuinfo"
    info.write_text("model name\t: Some CPU\nflags\t\t: fpu avx2 avx512_bf16 amx_bf16\n")
    assert cpu_features(info) == ["avx2", "avx512_bf16", "amx_bf16"]
    assert cpu_name(info) == "Some CPU"
    assert cpu_features(tmp_path / "none") == []


def test_energy_is_readable_only_when_the_counter_is(tmp_path: Path) -> None:
    assert not rapl_readable(tmp_path)
    (tmp_path / "intel-rapl:0").mkdir()
    (tmp_path / "intel-rapl:0" / "energy_uj").write_text("123\n")
    assert rapl_readable(tmp_path)


@pytest.mark.parametrize(
    ("count", "text"),
    [(0, "unknown"), (134_515_008, "135M"), (999_885_952, "1.00B"), (1_543_714_304, "1.54B")],
)
def test_sizes_are_said_as_people_say_them(count: int, text: str) -> None:
    assert short(count) == text
