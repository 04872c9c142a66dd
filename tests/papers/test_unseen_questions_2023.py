"""The parts follow from the same items' outcomes, and the kind that is tested is never trained on."""

import json

import pytest

from gulliver.papers import load_paper
from gulliver.papers.base import SCALES, report
from gulliver.papers.corpora import countries
from gulliver.papers.parts import verdict
from gulliver.papers.unseen_questions_2023 import PLANS, compared, task
from gulliver.studies.result import ItemRecord


def _records(right: int, n: int = 40) -> list[ItemRecord]:
    return [ItemRecord(str(i), "", "", "right" if i < right else "wrong", "", "") for i in range(n)]


@pytest.mark.parametrize(
    ("right", "want"),
    [
        ({"ranked": 36, "rationale": 20, "passages": 22, "both": 30, "nothing": 18}, "holds"),
        ({"ranked": 36, "rationale": 20, "passages": 35, "both": 30, "nothing": 18}, "cannot tell"),
        ({"ranked": 20, "rationale": 20, "passages": 36, "both": 20, "nothing": 18}, "does not hold here"),
        (
            {"ranked": 36, "rationale": 20, "passages": 22, "nothing": 9, "learner": 30, "tuned learner": 10},
            "does not hold here",
        ),
    ],
)
def test_the_verdict_follows_from_paired_outcomes(right: dict[str, int], want: str) -> None:
    found, parts = compared({name: _records(count) for name, count in right.items()})
    assert verdict(parts)[0] == want
    assert ("tuned learner" in right) == any("training with passages" in part for part in parts)
    assert found[0].value == (right["ranked"] - right["rationale"]) / 40


@pytest.mark.models
def test_tested_questions_are_of_another_kind_and_their_answers_are_true() -> None:
    plan = PLANS["laptop"]
    made = task(plan)
    heights = {c.name: c.metres for c in countries()}
    for item in made.test:
        first, second = item.question.partition(", ")[2].rstrip("?").split(" or ")
        assert item.target == max(first, second, key=heights.__getitem__)
    assert not any("higher" in item.question for item in made.train)
    firsts = [f", {item.target} or " in item.question for item in made.test]
    assert sum(firsts) * 2 == len(firsts)
    assert set(PLANS) == set(SCALES)


@pytest.mark.models
@pytest.mark.timeout(300)
def test_smoke_runs_on_a_real_model() -> None:
    paper = load_paper("unseen-questions-2023")
    data = json.loads(json.dumps(report(paper, paper.experiment("smoke", lambda _: None))))
    assert data["verdict"] in ("holds", "does not hold here", "cannot tell")
    assert data["spent"]["answers"] == 15
    assert {m["n"] for m in data["measurements"] if m["name"].endswith("share right")} == {3}
