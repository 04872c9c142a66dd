"""The parts of the claim follow from scores of the same replies, and the evidence counted is the same for all."""

import json
from zlib import crc32

import pytest

from gulliver.papers import load_paper
from gulliver.papers.attribution_fluency_2023 import PLANS, WAYS, Plan, attributions, compared, dialogues
from gulliver.papers.base import SCALES, report
from gulliver.papers.parts import verdict
from gulliver.studies.result import ItemRecord

N = 12


class Fixed(Plan):
    """A plan that names recipes without a source."""

    def recipe(self, model: str, way: str) -> str:
        return f"{model} | {way}"


PLAN = Fixed(("small", "large"), N, 5, 3, 2, 48, "reader")


def _scores(**values: float) -> dict[str, list[float]]:
    """The same score for all items, but for a little that differs, by model and way."""
    return {
        f"{model} | {way}": [
            values[f"{model}_{way.replace(' ', '')}"] + 0.01 * (crc32(f"{model} {way} {i}".encode()) % 5)
            for i in range(N)
        ]
        for model in PLAN.models
        for way in WAYS
    }


FLAT = {f"{model}_{way.replace(' ', '')}": 0.5 for model in PLAN.models for way in WAYS}


def test_the_claim_holds_when_all_its_parts_do() -> None:
    held = _scores(**FLAT | {"small_topk": 0.7, "large_topk": 0.8, "small_recipe": 0.8})
    fluent = _scores(**FLAT | {"small_topk": 0.3, "large_topk": 0.4, "small_recipe": 0.5})
    found, parts = compared(held, fluent, PLAN)
    assert set(parts.values()) == {True}
    assert verdict(parts)[0] == "holds"
    assert len(found) == 2 * 5


def test_a_recipe_that_loses_fluency_is_a_no_and_equal_ways_stay_open() -> None:
    held = _scores(**FLAT | {"small_recipe": 0.9})
    fluent = _scores(**FLAT | {"small_recipe": 0.2})
    _, parts = compared(held, fluent, PLAN)
    assert parts["the recipe raises the small model's attribution or fluency over top k and lowers neither"] is False
    assert verdict(parts)[0] == "does not hold here"


def test_every_scale_has_a_plan_and_the_recipe_costs_more_drafts() -> None:
    assert set(PLANS) == set(SCALES)
    assert len(PLANS["laptop"].models) == 2


@pytest.mark.models
def test_replies_that_repeat_the_evidence_are_attributed_wholly() -> None:
    plan = PLANS["smoke"]
    asked = dialogues(plan)
    assert [item.question for item in asked] == [item.question for item in dialogues(plan)]
    assert [message.role for message in asked[0].prompt] == ["user", "assistant", "user"]
    from gulliver.strategies.retrieve import Retrieve

    find = Retrieve(plan.k, str(plan.source), "bm25", size=60, overlap=0, query="search").find
    texts = {"told": [find(item)[0].text for item in asked], "made up": ["Zorblax quivers mightily." for _ in asked]}
    records = {key: [ItemRecord("", "", "", "right", "", text) for text in said] for key, said in texts.items()}
    held = attributions(records, asked, plan)
    assert held["told"] == [1.0] * len(asked)
    assert held["made up"] == [0.0] * len(asked)


@pytest.mark.models
def test_smoke_runs_on_a_real_model() -> None:
    paper = load_paper("attribution-fluency-2023")
    data = json.loads(json.dumps(report(paper, paper.experiment("smoke", lambda _: None))))
    assert data["verdict"] in ("holds", "does not hold here", "cannot tell")
    fluent = [m["value"] for m in data["measurements"] if m["name"].endswith(": fluency") and " less " not in m["name"]]
    assert len(fluent) == 4
    assert all(-12 < value < 0 for value in fluent)
