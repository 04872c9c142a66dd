"""The items shown are those that tell recipes apart, and every kind of failure is among them."""

from dataclasses import replace

from gulliver.reports.choose import choose_items
from gulliver.studies.result import ItemRecord, RecipeResult
from tests.reports.made import make_result


def recipe(name: str, outcomes: dict[str, str]) -> RecipeResult:
    records = tuple(ItemRecord(item, f"q {item}", "1", outcome, "1", "said") for item, outcome in outcomes.items())
    return replace(make_result().recipes[0], recipe=name, records=records)


def test_disagreement_comes_first_and_ties_keep_the_order_of_the_study() -> None:
    a = recipe("a", {"same": "right", "split": "right", "also": "wrong"})
    b = recipe("b", {"same": "right", "split": "wrong", "also": "right"})
    assert [s.item for s in choose_items([a, b])] == ["split", "also", "same"]


def test_items_asked_of_more_recipes_come_before_those_asked_of_few() -> None:
    a = recipe("a", {"one": "right", "two": "right"})
    b = recipe("b", {"two": "right"})
    assert [s.item for s in choose_items([a, b])] == ["two", "one"]


def test_rare_outcomes_are_shown_although_recipes_agree_on_them() -> None:
    outcomes = {f"i{i}": "right" for i in range(30)} | {"odd": "unsupported", "cut": "truncated"}
    a = recipe("a", outcomes)
    b = recipe("b", {f"i{i}": "wrong" for i in range(30)} | {"odd": "unsupported", "cut": "truncated"})
    shown = choose_items([a, b])
    assert len(shown) == 20
    assert {"odd", "cut"} <= {s.item for s in shown}


def test_each_shown_item_names_the_recipes_rows() -> None:
    result = make_result()
    shown = choose_items(result.recipes)
    assert len(shown) == 20
    assert len({s.item for s in shown}) == 20
    for number, r, record in shown[0].said:
        assert result.recipes[number - 1] is r
        assert record.item == shown[0].item


def test_no_records_no_items() -> None:
    assert choose_items([replace(r, records=()) for r in make_result().recipes]) == []
