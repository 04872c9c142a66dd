"""The arithmetic of `benchmarks.cascade`, on a pool whose truth is known."""

import random
from pathlib import Path

import pytest
from benchmarks.cascade import Row, answered, quality_of, resplit, result_of

from gulliver.studies.cascading import parts_of
from gulliver.studies.recipe import parse_recipe
from gulliver.studies.running import run_async
from gulliver.studies.thresholds import Seen
from gulliver.tasks.base import make_item
from gulliver.tasks.judges import Number


def pool(items: int = 600, informed: bool = True) -> list[Row]:
    """The small model is right as often as it says (or by chance), the larger 9 times in 10 and ten times dearer."""
    chance = random.Random(0)
    rows = []
    for _ in range(items):
        sure = chance.random()
        right = chance.random() < (sure if informed else 0.5)
        rows.append(Row(Seen(sure, right, chance.random() < 0.9), 1.0, 10.0))
    return rows


def test_the_target_is_held_and_costs_less_than_the_larger_model_and_more_than_a_shuffled_router_gets() -> None:
    found = result_of(pool(), 300, 0.9, resplits=40)
    assert found["met"]
    assert found["set"] == 40
    assert found["ratio"] < 1
    assert found["over_shuffled_router"] > 0.04


def test_a_confidence_that_tells_nothing_gains_nothing_over_a_shuffled_router() -> None:
    found = result_of(pool(informed=False), 300, 0.8, resplits=40)
    assert abs(found["over_shuffled_router"]) < 0.03


def test_without_a_threshold_the_larger_model_is_asked_for_everything() -> None:
    rows = pool()
    split = resplit(rows, 300, 0.99, 0)
    assert (split.threshold, split.cost, split.own) == (None, 1.0, 0.0)
    assert split.pool == quality_of(rows, None) == pytest.approx(0.9, abs=0.03)


def test_the_pool_is_what_both_models_answered_and_paid(tmp_path: Path) -> None:
    items = [make_item(f"{n}", f"What is {n} + 2?", n + 2, Number()) for n in range(30)]
    small, large = "scripted:small?accuracy=0.5&parameters=1e6", "scripted:large?accuracy=1&parameters=1e7"
    recipe = parse_recipe(f"{small} | cot | cascade(to='{large}', n=4)")
    rows = run_async(answered(*parts_of(recipe), items, str(tmp_path / "s.sqlite")))
    assert all(row.seen.fallback for row in rows)
    assert 5 < sum(row.seen.recipe for row in rows) < 25
    assert {row.seen.confidence for row in rows} <= {0.25, 0.5, 0.75, 1.0}
    assert all(0 < row.small < row.large for row in rows)
