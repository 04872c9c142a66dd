"""Speeds are measured on real engines, small; what they are held against is a peak of this machine."""

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from gulliver.errors import ModelError
from gulliver.inference.speeds import Load, Round, Speed, at_hand, fastest, measure
from gulliver.models import peaks
from gulliver.models.base import Card, Model
from gulliver.models.load import load_model
from tests.models.tiny_causal import tiny_causal

SMALL = Load(prompt=42, written=4, streams=3, rounds=2)


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    monkeypatch.setenv("GULLIVER_HOME", str(tmp_path / "home"))
    return f"gguf:{tiny_causal(tmp_path / 'tiny.gguf', context=1024)}"


def test_a_round_has_rates_and_peaks_and_shares_are_their_ratios(here: str) -> None:
    heard: list[Round] = []
    machine = peaks.Machine("int8", rows=8, widths=((64, 64),), size=1 << 20)
    speed = measure(load_model(here), SMALL, heard.append, machine)
    assert speed.rounds == tuple(heard)
    assert (len(heard), speed.engine, speed.kernel) == (2, "openvino", "int8")
    assert all(value > 0 for value in vars(heard[0]).values())
    assert speed.matmul_share == pytest.approx(sum(each.flops / each.matmul for each in heard) / 2)
    assert speed.memory_share == pytest.approx(sum(each.bytes / each.bandwidth for each in heard) / 2)


def test_a_machine_reads_and_multiplies_in_each_format() -> None:
    for kind in ("int8", "fp32"):
        machine = peaks.Machine(kind, rows=16, widths=((64, 64), (64, 96)), size=1 << 20)
        assert machine.matmul(times=2) > 1e6
        assert machine.bandwidth(times=2) > 1e6


@pytest.mark.parametrize(
    ("engine", "format_", "options", "kernel", "byte"),
    [
        ("openvino", "Q4_1", {}, "int8", 1.0),
        ("openvino", "Q8_0", {"exact": "true"}, "fp32", 1.0),
        ("openvino", "F16, F32", {}, "fp32", 1.0),
        ("llamacpp", "Q4_K, Q6_K", {}, "int8", 1.0),
        ("torch", "fp32, from Q4_1", {"precision": "fp32"}, "fp32", 4.0),
        ("torch", "bf16, from Q4_1", {"precision": "bf16"}, "bf16", 2.0),
    ],
)
def test_peak_and_bytes_are_those_of_what_the_kernel_computes(
    tmp_path: Path, engine: str, format_: str, options: dict[str, str], kernel: str, byte: float
) -> None:
    file = tmp_path / "weights"
    file.write_bytes(b"x" * 1000)
    card = Card("m", "f", "d", parameters=1000, embedding_parameters=200, output_parameters=200, format=format_)
    model = Model("m", card, engine, "1", file, options)
    assert peaks.kernel_format(model) == kernel
    assert peaks.weight_bytes(model) == pytest.approx(800 * byte)


def test_the_fastest_for_many_need_not_be_the_fastest_for_one() -> None:
    one = Speed("llamacpp:m", "llamacpp", "Q4_1", "int8", 300, 140, 280, 0.2, 0.6)
    many = Speed("m", "openvino", "Q4_1", "int8", 1500, 100, 770, 0.6, 0.4)
    assert fastest([one, many]) == (many, one)


def test_an_engine_that_cannot_run_it_says_why_and_the_others_are_measured(
    here: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    import importlib.util

    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    models, why = at_hand(here)
    assert [model.engine for model in models] == ["openvino"]
    assert set(why) == {"torch", "llamacpp"}
    assert all("pip install" in reason for reason in why.values())
    with pytest.raises(ModelError, match="not run by an engine here"):
        at_hand("openai:m@http://127.0.0.1:1/v1")
    with pytest.raises(ModelError, match="No engine here runs"):
        at_hand("gguf:/nowhere.gguf")


def test_the_command_prints_one_json_with_its_choice(here: str, monkeypatch: pytest.MonkeyPatch) -> None:
    import importlib.util

    from gulliver.cli.models import app

    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    small = peaks.Machine("int8", rows=8, widths=((64, 64),), size=1 << 20)
    monkeypatch.setattr(peaks, "Machine", lambda kind: small)
    options = ["--prompt", "42", "--written", "4", "--streams", "2", "--rounds", "1"]
    done = CliRunner().invoke(app, ["bench", here, *options, "--json"], catch_exceptions=False)
    told = json.loads(done.stdout)
    assert told["fastest"] == {"many": here, "one": here}
    assert told["engines"][0]["stream"] > 0
    text = CliRunner().invoke(app, ["bench", here, *options], catch_exceptions=False).stdout
    assert "Fastest for a study" in text


def test_the_benchmark_sets_each_share_beside_its_goal() -> None:
    from benchmarks.limits import rows

    one = Round(prompt=1000, stream=50, together=400, flops=3e11, bytes=5e9, matmul=4e11, bandwidth=1e10)
    prompt, decoding = rows(Speed("m", "openvino", "Q8_0", "int8", 1000, 50, 400, 0.75, 0.5, (one,)))
    assert (prompt["ours"], prompt["theirs"], prompt["ratio"], prompt["goal"]) == (300.0, 400.0, 0.75, 0.7)
    assert (decoding["ours"], decoding["theirs"], decoding["ratio"], decoding["goal"]) == (5.0, 10.0, 0.5, 0.6)
    assert decoding["name"] == "decoding, m, openvino"
