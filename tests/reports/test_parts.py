"""What pages say besides the result: where cost went, every pair, and the target's line."""

from dataclasses import replace

import pytest

from gulliver.reports.axes import target_of
from gulliver.reports.document import study_document
from gulliver.reports.items import columns
from gulliver.reports.pairs import all_pairs
from gulliver.reports.spending import parts_of
from gulliver.studies.comparison import compare_recipes
from gulliver.studies.result import ItemRecord, MakingResult
from tests.reports.made import make_result


def _recipe(outcomes: str, judge: float = 0.0) -> object:
    names = {"r": "right", "w": "wrong", "u": "unreadable"}
    records = tuple(ItemRecord(f"i{i}", "q", "t", names[letter], "", "x", flops=100.0, seconds=2.0, judge_flops=judge) for i, letter in enumerate(outcomes))  # fmt: skip
    return replace(
        make_result(items=1).recipes[0], records=records, items=len(records), parameters=1, tokens=20.0, flops_computed=100.0, flops_naive=150.0, seconds=2.0, making=MakingResult(flops=70.0, seconds=9.0),
    )  # fmt: skip


def test_the_parts_of_a_cost_add_up_to_what_was_computed() -> None:
    parts = parts_of(_recipe("rrwu", judge=5.0))  # type: ignore[arg-type]
    assert parts.prompt + parts.written + parts.discarded == pytest.approx(400.0)
    assert parts.discarded == 100.0
    assert parts.written == pytest.approx(300.0 * 0.4)  # 20 tokens of one parameter, of 100 FLOPs an item
    assert (parts.judging, parts.tuning, parts.shared) == (20.0, 70.0, 200.0)
    assert (parts.answer_seconds, parts.discarded_seconds, parts.tuning_seconds) == (6.0, 2.0, 9.0)


def test_a_recipe_that_was_not_run_cost_nothing() -> None:
    parts = parts_of(make_result().recipes[-1])
    assert parts.prompt == parts.written == parts.discarded == 0.0


def test_pairs_are_what_the_command_compares() -> None:
    result = make_result(items=40, raced=False)
    result = replace(result, run=replace(result.run, race=False))
    pairs = all_pairs(result)
    assert len(pairs) == 12 * 11 // 2
    done = compare_recipes((result, result.recipes[2]), (result, result.recipes[5]))
    assert pairs["2-5"]["difference"] == done.difference
    assert (pairs["2-5"]["low"], pairs["2-5"]["high"], pairs["2-5"]["p_value"]) == (done.low, done.high, done.p_value)
    assert pairs["2-5"]["flops"]["value"] == pytest.approx(done.flops.value if done.flops else None)


def test_where_patience_is_spent_the_recommended_recipe_was_compared_first() -> None:
    result = make_result()
    chosen = next(i for i, r in enumerate(result.recipes) if r.recipe == result.answer.recipe)
    few, every = all_pairs(result, patience=130), all_pairs(result)
    raced = [key for key, pair in few.items() if pair["anytime"]]
    assert 0 < len(raced) < sum(pair["anytime"] for pair in every.values())
    assert all(str(chosen) in key.split("-") for key in raced)


def test_columns_have_a_letter_an_item_and_a_dot_where_none_was_asked() -> None:
    result = make_result()
    made = columns(result.recipes)
    assert {len(letters) for letters in made["outcomes"]} == {len(made["ids"])}
    short = next(i for i, r in enumerate(result.recipes) if 0 < r.items < 100)
    assert made["outcomes"][short].count(".") == 100 - result.recipes[short].items


def test_a_target_within_a_margin_stands_below_the_reference() -> None:
    result = make_result()
    reference = next(r for r in result.recipes if r.quality)
    run = replace(result.run, target=None, target_text=f"within 0.02 of {reference.recipe}")
    found = target_of(replace(result, run=run))
    assert found is not None
    assert found.value == pytest.approx((reference.quality or 0) - 0.02)
    assert target_of(replace(result, run=replace(run, target_text="within 0.02 of another"))) is None


def test_a_document_is_plain_data_with_the_same_number_of_parts_as_recipes() -> None:
    made = study_document(make_result())
    assert len(made["parts"]) == len(made["result"]["recipes"])
    assert made["computed"] < made["naive"]
