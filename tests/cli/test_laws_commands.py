"""`gulliver laws` from a fit on: predict, plan, next, plot, emergence, vocabulary."""

import json
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import numpy as np
import pytest
from typer.testing import CliRunner

from gulliver.cli.app import app
from gulliver.errors import GulliverError
from gulliver.laws import find_form
from tests.laws.published import published


def _run(*arguments: str) -> str:
    done = CliRunner().invoke(app, ["laws", *arguments], catch_exceptions=False)
    assert done.exit_code == 0, done.output
    return done.output


def _json(*arguments: str) -> Any:
    return json.loads(_run(*arguments, "--json"))


def _csv(path: Path, columns: dict[str, Any]) -> Path:
    rows = zip(*columns.values(), strict=True)
    path.write_text("\n".join([",".join(columns), *(",".join(str(v) for v in row) for row in rows)]))
    return path


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A table of 40 runs and the Chinchilla law fitted to it."""
    made = tmp_path_factory.mktemp("laws")
    rng = np.random.default_rng(0)
    columns = {"parameters": np.exp(rng.uniform(16, 21, 40)), "tokens": np.exp(rng.uniform(19, 24, 40))}
    exact = find_form("chinchilla").predict(np.array([[1.82, 478.0, 2143.0, 0.347, 0.367]]), columns)[0]
    _csv(made / "runs.csv", {**columns, "loss": exact * np.exp(rng.normal(0, 0.005, 40))})
    _run("fit", str(made / "runs.csv"), "--resample", "residual", "--bootstrap", "200", "--out", str(made / "fit.json"))
    return made


def test_a_prediction_has_its_interval_and_says_how_far_it_reaches(folder: Path) -> None:
    made = _json(
        "predict", str(folder / "fit.json"), "--at", "parameters=70B,tokens=1.4T", "--at", "parameters=1e8,tokens=2e9"
    )
    far, near = made["predictions"]
    assert made["law"] == "chinchilla"
    assert far["low"] < far["value"] < far["high"]
    assert any("times the largest fitted" in s for s in far["beyond"])
    assert near["beyond"] == []
    assert "one run scatters" in _run("predict", str(folder / "fit.json"), "--at", "parameters=1e8,tokens=2e9")


def test_a_plan_spends_the_budget(folder: Path) -> None:
    made = _json("plan", str(folder / "fit.json"), "--flops", "1e21")["plan"]
    assert made["parameters"]["value"] * made["tokens"]["value"] == pytest.approx(1e21 / 6)
    assert made["loss"]["low"] < made["loss"]["value"] < made["loss"]["high"]


def test_the_next_run_is_proposed_with_the_width_to_expect(folder: Path) -> None:
    arguments = ("next", str(folder / "fit.json"), "--at", "parameters=10B,tokens=200B", "--flops", "1e20")
    made = _json(*arguments)
    assert made["best"]["flops"] <= 1.0001e20
    assert made["best"]["width"] < made["width"]
    assert len(made["candidates"]) == 5
    assert "FLOPs, width" in _run(*arguments)


def test_the_next_run_is_chosen_among_ones_own_candidates(folder: Path) -> None:
    own = _csv(folder / "own.csv", {"parameters": [1e8, 2e8], "tokens": [1e9, 4e9]})
    made = _json("next", str(folder / "fit.json"), "--at", "parameters=10B,tokens=200B", "--runs", str(own))
    assert made["best"]["at"]["parameters"] in (1e8, 2e8)


def test_a_plot_is_one_file_that_loads_nothing(folder: Path) -> None:
    html, svg = folder / "law.html", folder / "law.svg"
    table = ("--table", str(folder / "runs.csv"))
    made = _json("plot", str(folder / "fit.json"), "--output", str(html), *table)
    _run("plot", str(folder / "fit.json"), "--output", str(svg), "--x", "tokens", "--at", "parameters=1e9")
    page = html.read_text()
    assert len(made["curves"]) == 3
    assert page.count("<circle") == 40
    assert page.count("<polygon") == 3
    assert "http" not in page.replace("http://www.w3.org/2000/svg", "")
    picture = ElementTree.fromstring(svg.read_text())
    assert picture.tag.endswith("svg")
    assert len(picture.findall(".//{*}polyline")) == 1


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("predict", "FIT", "--at", "parameters=7e9"), "tokens is missing"),
        (("predict", "FIT", "--at", "size=7e9"), "ROLE=NUMBER"),
        (("predict", "none.json", "--at", "parameters=7e9"), "There is no file"),
        (("plan", "FIT", "--flops", "much"), "a number such as"),
        (("plan", "RUNS", "--flops", "1e21"), "no fitted law"),
        (("next", "FIT", "--at", "parameters=7e9,tokens=1e11", "--flops", "1"), "No candidate costs"),
        (("plot", "FIT", "--output", "law.pdf"), "ending in .html or .svg"),
        (("plot", "FIT", "--output", "law.svg", "--x", "loss"), "can be drawn along"),
        (("emergence", "RUNS", "--score", "mmlu", "--chance", "0.25"), "no column 'mmlu'"),
        (("vocabulary", "RUNS", "--parameters", "7B"), "--map vocabulary=COLUMN"),
    ],
)
def test_mistakes_are_answered_with_one_sentence(folder: Path, arguments: tuple[str, ...], words: str) -> None:
    named = [{"FIT": str(folder / "fit.json"), "RUNS": str(folder / "runs.csv")}.get(a, a) for a in arguments]
    with pytest.raises(GulliverError, match=words) as raised:
        CliRunner().invoke(app, ["laws", *named], catch_exceptions=False)
    assert "\n" not in str(raised.value)


def test_in_published_scores_lambada_rises_at_every_size_and_a_task_at_chance_has_not_emerged() -> None:
    """The published table holds no MMLU; LogiQA, four options too, is its task that stays at chance."""
    table = str(published("pythia_opt_bloom_evals.csv"))
    chosen = ("--where", "shot=zero-shot", "--where", "model=pythia-*", "--where", "step=143000")
    lambada = _json(
        "emergence", table, "--score", "lambada_openai:acc", "--chance", "0", "--control", "lambada_openai:ppl", *chosen
    )
    assert lambada["verdict"] == "rises at every size"
    assert lambada["falls"] == 0
    assert list(lambada["sizes"].values()) == sorted(lambada["sizes"].values())
    assert lambada["control"]["moves"]
    logiqa = _json("emergence", table, "--score", "logiqa:acc", "--chance", "0.25", *chosen)
    assert logiqa["verdict"] == "no emergence yet"
    assert logiqa["breakpoint"] is None
    text = _run("emergence", table, "--score", "logiqa:acc", "--chance", "0.25", *chosen)
    assert "No emergence yet" in text
    with pytest.raises(GulliverError, match=r"no score 'mmlu:acc'; it has: arc_challenge:acc"):
        CliRunner().invoke(
            app, ["laws", "emergence", table, "--score", "mmlu:acc", "--chance", "0.25"], catch_exceptions=False
        )


def test_the_vocabulary_is_said_by_each_approach_and_convention() -> None:
    names = {"parameters": "Non_vocab_parameters", "vocabulary": "vocab_size", "width": "embed_dim"}
    names |= {"characters": "num_characters", "flops": "FLOPs", "loss": "Lossu"}
    mapped = [word for role, column in names.items() for word in ("--map", f"{role}={column}")]
    made = _json("vocabulary", str(published("vocabulary_runs.csv")), "--parameters", "7B", "--bootstrap", "0", *mapped)
    assert made["flop_identity"]["V"] < 1e-12
    assert {o["approach"] for o in made["optima"]} == {"isoflops", "derivative", "parametric"}
    assert {o["convention"] for o in made["optima"] if o["approach"] == "parametric"} == {
        "tokens per character at V",
        "tokens per character at V/1000",
    }
