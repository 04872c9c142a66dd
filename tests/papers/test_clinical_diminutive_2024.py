"""The verdict follows from every size; both ways have one budget; the commonest label is a floor."""

import json
from pathlib import Path

import pytest

from gulliver.models.base import Card, Model
from gulliver.papers import Measurement, load_paper
from gulliver.papers.base import report
from gulliver.papers.clinical_diminutive_2024 import (
    PLANS,
    Plan,
    difference,
    interaction,
    judge,
    says_commonest,
)
from gulliver.studies.recipe import parse_recipe
from gulliver.tasks.base import Task, make_item
from gulliver.tasks.judges import Choice


def _m(low: float, high: float) -> Measurement:
    return Measurement("m", (low + high) / 2, low, high, 10)


NEAR, FAR, OPEN, HIGHER = _m(-0.05, 0.05), _m(-0.3, -0.12), _m(-0.2, 0.1), _m(0.1, 0.3)
ALMOST, LOWER = _m(-0.08, -0.02), _m(-0.2, -0.02)
LEARNED, NOTHING = _m(0.05, 0.2), _m(-0.1, 0.1)


@pytest.mark.parametrize(
    ("gaps", "loras", "fulls", "verdict"),
    [
        ([NEAR, NEAR], [LEARNED, LEARNED], [LEARNED, LEARNED], "holds"),
        ([HIGHER], [LEARNED], [NOTHING], "holds"),  # above full tuning is more than near it
        ([ALMOST], [LEARNED], [LEARNED], "holds"),  # below, and yet it approaches
        ([NEAR, FAR], [LEARNED, LEARNED], [LEARNED, LEARNED], "does not hold here"),
        ([LOWER], [NOTHING], [LEARNED], "does not hold here"),
        ([LOWER], [LEARNED], [LEARNED], "cannot tell"),
        ([NEAR, OPEN], [LEARNED, LEARNED], [LEARNED, LEARNED], "cannot tell"),
        ([NEAR, NEAR], [LEARNED, NOTHING], [LEARNED, NOTHING], "cannot tell"),  # equal in having learned nothing
        ([FAR], [NOTHING], [NOTHING], "cannot tell"),
        ([NEAR], [NOTHING], [LEARNED], "cannot tell"),
    ],
)
def test_the_verdict_follows_from_every_size(
    gaps: list[Measurement], loras: list[Measurement], fulls: list[Measurement], verdict: str
) -> None:
    found, why = judge(gaps, loras, fulls)
    assert found == verdict
    assert why.lower().startswith(verdict)


def test_the_commonest_label_is_that_of_the_train_split() -> None:
    judged = Choice(("ham", "spam"))
    made = [make_item(str(i), "?", label, judged) for i, label in enumerate(["ham", "spam", "spam", "ham", "spam"])]
    task = Task("t", made[:3], train=made[2:], dev=())
    assert says_commonest(task, 2) == [False, True]


def test_differences_share_the_error_of_all_sizes() -> None:
    first, second = [True] * 60 + [False] * 40, [True] * 40 + [False] * 60
    one, three = (difference("d", first, second, Plan(tuple((cut, 1) for cut in range(n)), 100)) for n in (1, 3))
    assert one.value == three.value == pytest.approx(0.2)
    assert three.low < one.low
    assert three.high > one.high


def test_the_interaction_is_the_difference_of_differences() -> None:
    yes, no = [True] * 50, [False] * 50
    half = [True, False] * 25
    found = interaction(no, half, yes, yes)
    assert found.value == pytest.approx(-0.5)
    assert found.low < -0.5 < found.high < 0.0
    assert interaction(half, yes, half, yes).value == 0.0


def test_the_budget_is_the_same_for_both_ways() -> None:
    plan = PLANS["laptop"]
    for cut, steps in plan.sizes:
        for option in (f"steps={steps}", "batch=4", "max_length=256"):
            assert option in plan.lora(cut)
            assert option in plan.full(cut)


def test_the_layers_are_left_out_before_the_tuning() -> None:
    for text in PLANS["laptop"].recipes[3:]:
        assert next(call.name for call, _ in parse_recipe(text, _stub).transforms) == "skip_attention"


def _stub(name: str) -> Model:
    card = Card(name, "f", name, architecture="llama", format="Q4_1", layers=30)
    return Model(name, card, "openvino", "1", location=Path("/nowhere/x.gguf"))


@pytest.mark.models
@pytest.mark.timeout(600)  # two trainings, and a busy machine
def test_the_smoke_experiment_tunes_a_real_model_of_two_layers() -> None:
    paper = load_paper("clinical-diminutive-2024")
    finding = paper.experiment("smoke", lambda _: None)
    assert finding.verdict in ("holds", "does not hold here", "cannot tell")
    found = {m["name"]: m["value"] for m in json.loads(json.dumps(report(paper, finding)))["measurements"]}
    assert 0 < found["35M: share of weights that LoRA trains"] < 0.02
