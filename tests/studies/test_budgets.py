"""Points of error against budget are what the strategies do, and answers follow from them."""

import math
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from gulliver.inference import Cost
from gulliver.studies import measure
from gulliver.studies.budget_answers import added, at_budget, beats_single, best_at, differences
from gulliver.studies.budget_pools import ModelPool, Priced, Wanted, draw_pools
from gulliver.studies.budgets import Point, budget_points
from gulliver.tasks.base import Task, make_item
from gulliver.tasks.judges import Number

SMALL = "scripted:small?accuracy=0.6&parameters=1e6&family=s"
LARGE = "scripted:large?accuracy=0.5&parameters=1e8&family=s"


def task(n: int = 30) -> Task:
    items = [make_item(f"s{a}", f"What is {a} + {a % 13}?", str(a + a % 13), Number()) for a in range(n)]
    return Task("sums", items)


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("store") / "s.sqlite"


@pytest.fixture(scope="module")
def pools(place: Path) -> list[ModelPool]:
    wanted = [Wanted(SMALL, 6, ("logprob", "tool"), ("rebase(n=3)",)), Wanted(LARGE, 2)]
    return draw_pools(wanted, task(), store=place)


@pytest.fixture(scope="module")
def points(pools: list[ModelPool]) -> list[Point]:
    return budget_points(pools)


def named(points: list[Point], model: str, rule: str, k: int = 1) -> Point:
    return next(p for p in points if (p.model, p.rule, p.k) == (model, rule, k))


def test_the_last_point_of_a_rule_is_what_its_strategy_measures(place: Path, points: list[Point]) -> None:
    recipe = f"{SMALL} | cot | majority(n=6)"
    records = measure([recipe], task(), store=place)[recipe]
    found = named(points, SMALL, "majority", 6)
    # Equal votes go to the draw that came first, which the point averages over orders.
    assert found.error == pytest.approx(sum(r.outcome != "right" for r in records) / 30, abs=0.12)
    assert found.flops == pytest.approx(sum(r.flops for r in records) / 30)


def test_draws_cost_in_proportion_and_a_search_what_it_asked(pools: list[ModelPool], points: list[Point]) -> None:
    one, six = named(points, SMALL, "sample"), named(points, SMALL, "majority", 6)
    assert six.flops == pytest.approx(6 * one.flops)
    search = named(points, SMALL, "rebase(n=3)")
    assert search.flops == pytest.approx(np.mean([item.whole["rebase(n=3)"][1].flops for item in pools[0].items]))
    assert named(points, LARGE, "greedy").flops > 50 * named(points, SMALL, "greedy").flops


def test_a_prompt_that_is_kept_is_read_once_however_many_draws_are_taken() -> None:
    # Ten draws of 100 FLOPs each, of which 30 are the prompt's, read before: 70 were computed for each.
    draw = Priced.of(Cost(10, flops_naive=1000.0, flops_computed=700.0, seconds=7.0), 10)
    assert (draw.flops, draw.shared) == (100.0, 30.0)
    assert [draw.times(k).flops for k in (1, 2, 10)] == [100.0, 170.0, 730.0]
    assert [draw.times(k).seconds for k in (1, 10)] == pytest.approx([1.0, 7.3])
    plain = Priced.of(Cost(4, flops_naive=400.0, flops_computed=400.0, seconds=4.0), 4)
    assert plain.times(3) == Priced(300.0, 3.0)
    assert Priced.of(Cost(seconds=2.0)).times(3).seconds == 6.0


def test_a_second_look_asks_nothing(place: Path, pools: list[ModelPool], monkeypatch: pytest.MonkeyPatch) -> None:
    from gulliver.models.engines import scripted

    monkeypatch.setattr(scripted.ScriptedClient, "ask", lambda *_: pytest.fail("a model was asked"))
    again = draw_pools([Wanted(SMALL, 6, ("logprob", "tool"), ("rebase(n=3)",)), Wanted(LARGE, 2)], task(), store=place)
    assert again == pools


def test_passing_is_an_upper_bound_that_no_strategy_exceeds(points: list[Point]) -> None:
    for point in points:
        if point.k > 1:
            assert named(points, point.model, "pass", point.k).error <= point.error + 1e-9
    assert all(point.oracle == (point.rule == "pass") for point in points)


def flat(model: str, parameters: int, rule: str, right: list[float], flops: float, k: int = 1) -> Point:
    error = 1.0 - sum(right) / len(right)
    return Point(model, parameters, rule, k, error, error, error, flops, flops / 1e9, tuple(right))


def test_an_item_answered_in_a_bad_hour_makes_nothing_slow(pools: list[ModelPool], points: list[Point]) -> None:
    first, *rest = pools[0].items
    late = replace(first, greedy=replace(first.greedy, seconds=1000.0))
    found = budget_points([replace(pools[0], items=(late, *rest)), pools[1]])
    assert named(found, SMALL, "greedy").seconds == pytest.approx(named(points, SMALL, "greedy").seconds, rel=0.2)


GOOD, EVEN = [1.0] * 36 + [0.0] * 4, [1.0, 0.0] * 20


def test_a_cheaper_and_better_use_beats_the_single_answer_and_a_tie_cannot_be_told() -> None:
    single = flat("large", 100, "greedy", EVEN, 1e12)
    beaten = beats_single([single, flat("small", 10, "majority", GOOD, 5e11, 8)], "large")
    assert [d.point.name for d in beaten.better] == ["small, majority of 8"]
    assert beaten.better[0].low > 0
    assert "is beaten for fewer FLOPs by small, majority of 8" in beaten.sentence
    tied = beats_single([single, flat("small", 10, "majority", EVEN[::-1], 5e11, 8)], "large")
    assert not tied.better
    assert "cannot be told" in tied.sentence
    worse = beats_single(
        [flat("large", 100, "greedy", GOOD, 1e12), flat("small", 10, "greedy", [0.0] * 40, 1e10)], "large"
    )
    assert worse.sentence.startswith("Nothing cheaper beats")


def test_what_costs_more_or_knows_the_answer_or_is_as_large_does_not_count() -> None:
    single = flat("large", 100, "greedy", EVEN, 1e12)
    dear = flat("small", 10, "majority", GOOD, 2e12, 64)
    oracle = replace(flat("small", 10, "pass", GOOD, 5e11, 4), oracle=True)
    same = flat("large", 100, "sample", GOOD, 5e11)
    found = beats_single([single, dear, oracle, same], "large")
    assert found.nearest is None
    assert "No use of a smaller model costs fewer" in found.sentence


def test_the_best_at_a_budget_is_affordable_and_gets_no_worse_with_more() -> None:
    ways = [
        flat("small", 10, "greedy", EVEN, 1e10),
        flat("small", 10, "majority", GOOD, 8e10, 8),
        flat("large", 100, "greedy", EVEN, 1e11),
    ]
    best = best_at(ways, budgets=5)
    assert all(one.point.flops <= one.budget * 1.001 for one in best)
    assert [one.point.error for one in best] == sorted((one.point.error for one in best), reverse=True)
    assert best[-1].point.name == "small, majority of 8"
    assert all(0 <= one.sure <= 1 for one in best)


def test_a_strategy_is_held_against_the_vote_that_its_flops_buy() -> None:
    votes = [flat("m", 1, "majority", EVEN, k * 1e9, k) for k in (2, 4, 8)]
    search = flat("m", 1, "rebase(n=4)", GOOD, 5e9)
    fewer, more = (flat("m", 1, "best_of by tool", EVEN[::-1], k * 1e9, k) for k in (2, 8))
    oracle = replace(flat("m", 1, "pass", GOOD, 8e9, 8), oracle=True)
    cheap = flat("other", 1, "mcts(n=1)", GOOD, 1e9)
    found = added([*votes, search, fewer, more, oracle, cheap])
    assert [(d.point.rule, d.point.k, d.other.k, d.told) for d in found] == [
        ("rebase(n=4)", 1, 4, "better"),
        ("best_of by tool", 8, 8, "cannot tell"),
    ]


def test_differences_hold_together_and_are_wider_for_more_pairs() -> None:
    rng = np.random.default_rng(0)
    ways = [flat("m", 1, f"r{i}", rng.random(40).round().tolist(), 1e9) for i in range(20)]
    one = differences([(ways[0], ways[1])])[0]
    many = differences([(ways[0], other) for other in ways[1:]])[0]
    assert many.high - many.low > one.high - one.low
    assert one.value == many.value
    assert one.low < one.value < one.high
    assert differences([]) == []


def test_false_alarms_of_many_comparisons_are_rare() -> None:
    rng = np.random.default_rng(1)
    alarms = 0
    for _ in range(40):
        ways = [flat("m", 1, f"r{i}", (rng.random(40) < 0.5).astype(float).tolist(), 1e9) for i in range(12)]
        alarms += any(d.low > 0 or d.high < 0 for d in differences([(way, ways[0]) for way in ways[1:]]))
    assert alarms <= 6  # 2 expected of 40; more than 6 has a chance below 1 in 200


def test_a_budget_buys_the_most_draws_it_can() -> None:
    ways = [flat("m", 1, "sample", EVEN, 1e9), *(flat("m", 1, "majority", EVEN, k * 1e9, k) for k in (2, 3, 4))]
    bought = [at_budget(ways, "m", "majority", most) for most in (0.5e9, 1e9, 3.5e9, math.inf)]
    assert [one and one.k for one in bought] == [None, 1, 3, 4]
