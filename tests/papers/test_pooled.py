"""What experiments on pools share, and the verdicts of the three that rest on it."""

import json

import pytest

from gulliver.papers import Measurement, load_paper
from gulliver.papers import budget_reallocation_2024 as reallocation
from gulliver.papers import compute_optimal_inference_2024 as optimal
from gulliver.papers import t1_tool_verify_2025 as t1
from gulliver.papers.base import SCALES, report
from gulliver.papers.parts import above
from gulliver.papers.pooled import sums
from gulliver.studies.budget_answers import Difference
from gulliver.studies.budgets import Point

IDS = ("compute-optimal-inference-2024", "budget-reallocation-2024", "t1-tool-verify-2025")


def _m(low: float, high: float) -> Measurement:
    return Measurement("gain", (low + high) / 2, low, high, 100)


UP, DOWN, OPEN = _m(0.1, 0.3), _m(-0.3, -0.1), _m(-0.1, 0.1)


def point(model: str, rule: str, k: int, error: float, flops: float, items: int = 50) -> Point:
    right = tuple(float(i >= error * items) for i in range(items))
    return Point(
        model, 10 if "small" in model else 100, rule, k, error, error, error, flops, flops / 1e9, right, rule == "pass"
    )


@pytest.mark.parametrize(
    ("tested", "ranked", "verdict"),
    [
        ([UP, UP], [DOWN, DOWN], "holds"),
        ([UP, UP], [OPEN, DOWN], "cannot tell"),
        ([UP, OPEN], [DOWN, DOWN], "cannot tell"),
        ([UP, UP], [UP, UP], "does not hold here"),
        ([DOWN, DOWN], [DOWN, DOWN], "does not hold here"),
        ([], [], "does not hold here"),
    ],
)
def test_reallocation_holds_when_tests_win_and_ranking_loses(
    tested: list[Measurement], ranked: list[Measurement], verdict: str
) -> None:
    assert reallocation.judge(tested, ranked)[0] == verdict
    assert reallocation.judge(tested, ranked, scripted=True)[0] == "cannot tell"


@pytest.mark.parametrize(
    ("helped", "passes", "verdict"),
    [
        ([UP, OPEN], [UP, OPEN], "holds"),
        ([UP, DOWN], [UP, UP], "cannot tell"),
        ([OPEN, OPEN], [UP, UP], "cannot tell"),
        ([DOWN, OPEN], [UP, UP], "does not hold here"),
        ([UP, UP], [DOWN, DOWN], "does not hold here"),
        ([UP, UP], [DOWN, OPEN], "cannot tell"),
    ],
)
def test_t1_holds_when_checking_helps_and_passes_a_larger_rung(
    helped: list[Measurement], passes: list[Measurement], verdict: str
) -> None:
    assert t1.judge(helped, passes)[0] == verdict


@pytest.mark.parametrize(
    ("nearest", "better", "trees", "verdict"),
    [
        (0.2, True, [UP, OPEN], "holds"),
        (0.2, True, [OPEN], "cannot tell"),
        (0.2, True, [DOWN], "does not hold here"),
        (-0.2, False, [UP], "does not hold here"),
        (None, False, [UP], "does not hold here"),
        (0.0, False, [UP], "cannot tell"),
    ],
)
def test_the_frontier_holds_when_a_smaller_model_wins_and_searching_is_why(
    nearest: float | None, better: bool, trees: list[Measurement], verdict: str
) -> None:
    a, b = point("small", "rebase(n=4)", 1, 0.5, 1e9), point("large", "greedy", 1, 0.5, 2e9)
    found = None if nearest is None else Difference(a, b, nearest, nearest - 0.1, nearest + 0.1)
    assert optimal.judge(optimal.parts_of(found, better, trees))[0] == verdict


def test_budgets_are_bought_in_flops_and_in_seconds() -> None:
    plan = reallocation.Plan(reallocation.Wanted("small", 4, ("logprob",)), reallocation.Wanted("large", 1, ()), 50)
    points = [point("large", "greedy", 1, 0.5, 3.5e9), point("small", "sample", 1, 0.7, 1e9)]
    points += [point("small", "pass", k, 0.2, k * 1e9) for k in (2, 3, 4)]
    points += [point("small", "best_of by logprob", k, 0.8, k * 1e9) for k in (2, 3, 4)]
    tested, ranked = reallocation.comparisons(points, plan)
    assert [m.value for m in tested] == pytest.approx([0.3, 0.3])
    assert [m.value for m in ranked] == pytest.approx([-0.3, -0.3])
    assert all(m.name.startswith("3 of small") for m in (*tested, *ranked))
    assert reallocation.judge(tested, ranked)[0] == "holds"


def test_a_search_is_held_against_the_vote_of_the_same_flops() -> None:
    search = "rebase(n=4)"
    plan = optimal.Plan((optimal.Wanted("small", 4, (), (search,)), optimal.Wanted("large", 1, ())), 50)
    votes = [point("small", "sample", 1, 0.7, 1e9), *(point("small", "majority", k, 0.6, k * 1e9) for k in (2, 3, 4))]
    gains = optimal.tree_gains([*votes, point("small", search, 1, 0.3, 3.2e9)], plan)
    assert [(d.other.k, round(d.value, 3)) for d in gains] == [(3, 0.3)]


def test_checked_drafts_are_held_against_as_much_unchecked() -> None:
    plan = t1.Plan((t1._wanted("small", 8), t1.Wanted("large", 1, ())), 50)
    rows = [point("large", "greedy", 1, 0.6, 9e9), point("small", "sample", 1, 0.7, 1e9)]
    for rule in ("majority", "best_of by logprob", "t1 by calculator"):
        rows += [point("small", rule, k, 0.5, k * 1e9) for k in range(2, 9)]
    rows.append(point("small", t1.checked(4), 1, 0.3, 7.1e9))
    assert [d.other.k for d in t1.helps(rows, plan)] == [7, 8]
    assert [round(d.value, 3) for d in t1.passing(rows, plan)] == [0.3, 0.1]


def test_a_gain_is_above_or_below_nothing_only_by_its_interval() -> None:
    assert [above(m) for m in (UP, DOWN, OPEN)] == [True, False, None]


def test_sums_of_the_smoke_scale_differ() -> None:
    assert len({item.question for item in sums(12).test}) == 12


@pytest.mark.parametrize("id", IDS)
def test_smoke_runs_and_scripts_settle_nothing(
    id: str, tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GULLIVER_HOME", str(tmp_path_factory.mktemp("home")))
    paper = load_paper(id)
    said: list[str] = []
    data = json.loads(json.dumps(report(paper, paper.experiment("smoke", said.append))))
    assert data["verdict"] == "cannot tell"
    assert "scripts stand in for models" in data["sentence"]
    assert all(m["low"] <= m["value"] <= m["high"] for m in data["measurements"])
    assert data["spent"]["answers"] > 50
    assert data["published"]
    assert said
    assert set(paper.scales) == set(SCALES)
