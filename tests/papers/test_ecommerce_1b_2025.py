"""The verdict follows from the intervals, and the laptop's run asks what the example study asks."""

import json
from pathlib import Path

import pytest

from gulliver.models.base import Card, Model
from gulliver.papers import Measurement, load_paper
from gulliver.papers.base import report
from gulliver.papers.ecommerce_1b_2025 import FAR, PLANS, Plan, comparisons, judge, speeds
from gulliver.papers.running import as_studied
from gulliver.papers.speed import Rates
from gulliver.studies.config import read_study
from gulliver.studies.making import gather
from gulliver.studies.preparing import prepare
from gulliver.studies.recipe import parse_recipe
from gulliver.studies.result import ItemRecord
from gulliver.tasks import load_task
from gulliver.transforms.making import made_folder

STUDY = Path(__file__).parents[2] / "examples" / "intents.toml"
TEMPLATE = "{% for message in messages %}{{ message['content'] }}\n{% endfor %}"


def _m(low: float, high: float) -> Measurement:
    return Measurement("m", (low + high) / 2, low, high, 10)


EQUAL, ABOVE, BELOW, OPEN = _m(-0.03, 0.04), _m(0.1, 0.3), _m(-0.3, -0.1), _m(-0.1, 0.1)
FAST, SLOW, UNCLEAR = _m(1.8, 2.2), _m(1.1, 1.3), _m(1.2, 1.9)
KEPT = _m(-0.05, 0.05)


@pytest.mark.parametrize(
    ("matches", "faster", "verdict"),
    [
        ([ABOVE], [FAST], "holds"),
        ([EQUAL], [FAST], "holds"),
        ([BELOW, ABOVE], [FAST, FAST], "holds"),
        ([BELOW, ABOVE], [FAST, SLOW], "does not hold here"),  # the one that is as good is not the one that is fast
        ([ABOVE], [SLOW], "does not hold here"),
        ([BELOW], [FAST], "does not hold here"),
        ([OPEN], [FAST], "cannot tell"),
        ([ABOVE], [UNCLEAR], "cannot tell"),
    ],
)
def test_the_verdict_follows_from_the_intervals(
    matches: list[Measurement], faster: list[Measurement], verdict: str
) -> None:
    found, why = judge(matches, faster, [KEPT for _ in matches])
    assert found == verdict
    assert why.lower().startswith(verdict)


def test_what_four_bits_cost_is_said_and_decides_nothing() -> None:
    found, why = judge([ABOVE], [FAST], [BELOW])
    assert found == "holds"
    assert "1 of them answer fewer right" in why


def test_the_cost_of_four_bits_is_taken_from_the_last_build() -> None:
    plan = PLANS["laptop"]
    assert plan.builds[0] == ""
    assert plan.builds[-1] == PLANS["smoke"].builds[-1] == "int4"


def _records(right: str) -> list[ItemRecord]:
    return [ItemRecord(str(i), "", "", "right" if m == "1" else "wrong", "", "") for i, m in enumerate(right)]


def test_differences_are_of_the_recipes_they_name() -> None:
    plan = Plan((("s", "lora"),), "L", 8, 1)
    marks = {
        "s": "00000000",
        "L": "11000000",
        "s | lora": "11111111",
        "s | lora | int8": "11111111",
        "s | lora | int4": "00111111",
    }
    records = {f"{text} | direct": _records(right) for text, right in marks.items()}
    matches, gains, lost = comparisons(records, plan)
    assert [m.value for m in (*matches, *gains, *lost)] == [0.75, 1.0, 0.0, -0.25]
    assert "L prompted" in matches[0].name
    assert ["int8" in lost[0].name, "int4" in lost[1].name] == [True, True]


def test_speeds_are_paired_by_model_and_bits() -> None:
    plan = Plan((("s", "lora"), ("t", "lora")), "L", 8, 1)
    by_bits = {"": 10.0, "int8": 15.0, "int4": 20.0}
    rates = [[by_bits[bits] * size] * 3 for size in (4.0, 1.0) for bits in plan.builds] + [[5.0] * 3]
    faster, others = speeds(Rates(tuple(tuple(row) for row in rates)), plan)
    assert [m.value for m in faster] == [2.0, 2.0]
    assert [m.value for m in others] == [1.5, 16.0, 1.5, 4.0]
    assert faster[0].low > FAR


def _stub(name: str) -> Model:
    card = Card(name, "f", name, architecture="llama", format="Q4_K", chat_template=TEMPLATE, eos="<end>")
    return Model(name, card, "openvino", "1", location=Path("/nowhere/x.gguf"))


def test_the_laptop_replays_the_example_study_and_asks_only_the_large_model_anew() -> None:
    plan = PLANS["laptop"]
    study = prepare(read_study(STUDY), _stub)
    task = as_studied(load_task(plan.task), study.config.seed)
    assert [item.prompt for item in study.items[: study.limit]] == [item.prompt for item in task.test[: plan.items]]
    known = {recipe.text for recipe in study.recipes}
    mine = [parse_recipe(text, _stub) for text in plan.recipes]
    assert [recipe.text for recipe in mine if recipe.text not in known] == [f"{plan.large} | direct"]
    for recipe in mine:
        if recipe.learns:
            folders = {
                made_folder(recipe.model, *recipe.transforms[0], gather(recipe, each, study.config.seed))
                for each in (task, study.task)
            }
            assert len(folders) == 1


@pytest.mark.models
@pytest.mark.timeout(600)  # a training, a rewriting, some ten loads, and a busy machine
def test_the_smoke_experiment_tunes_and_quantises_a_real_model() -> None:
    paper = load_paper("ecommerce-1b-2025")
    finding = paper.experiment("smoke", lambda _: None)
    assert finding.verdict in ("holds", "does not hold here", "cannot tell")
    found = {m["name"]: m["value"] for m in json.loads(json.dumps(report(paper, finding)))["measurements"]}
    builds = [PLANS["smoke"].build(0, bits) for bits in PLANS["smoke"].builds]
    assert found[f"{builds[0]}: file"] > 2 * found[f"{builds[1]}: file"]
    assert all(found[f"{text}: peak memory"] > 100 for text in builds)
