"""Recipes with transforms: what they learn from, and what their making is weighed against."""

from dataclasses import replace
from pathlib import Path

import pytest

from gulliver.errors import SpecError, StudyError
from gulliver.models.base import Card, Model
from gulliver.spec import parse
from gulliver.strategies import parse_strategy
from gulliver.studies.making import Making, check_material, completion, told
from gulliver.studies.recipe import Recipe, parse_recipe
from gulliver.studies.result import ItemRecord, RecipeResult
from gulliver.tasks import load_task
from gulliver.tasks.base import make_item
from gulliver.tasks.judges import Number
from gulliver.training.base import TrainingCost


def row(recipe: str) -> RecipeResult:
    return RecipeResult(
        recipe, "m", "direct", "f", 1, 0.5, 0.0, 1.0, 0, 0, 0, 0, 0, 0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0, 1.0, "meets"
    )  # fmt: skip


def model(name: str) -> Model:
    return Model(name, Card(name, "f", "0" * 64, architecture="llama", format="Q8_0"), "openvino", "1")


def open_weights(name: str) -> Model:
    return replace(model(name), location=Path("/nowhere/x.gguf"))


def test_transforms_stand_between_the_model_and_the_strategy() -> None:
    recipe = parse_recipe("m | lora(rank=4) | int4 | direct", open_weights)
    assert [str(call) for call, _ in recipe.transforms] == ["lora(rank=4)", "int4"]
    assert recipe.strategy.text == "direct"
    assert recipe.learns


def test_a_transform_that_changes_nothing_is_left_out() -> None:
    assert parse_recipe("m | int8 | cot", open_weights).text == "m | cot"
    assert parse_recipe("m | lora | int8 | direct", open_weights).text == "m | lora | int8 | direct"


def test_a_transform_after_the_strategy_gets_a_sentence() -> None:
    with pytest.raises(SpecError, match="must stand right after"):
        parse_recipe("m | cot | int4", open_weights)


def test_a_model_without_weights_here_cannot_be_changed() -> None:
    with pytest.raises(SpecError, match="no weights here"):
        parse_recipe("m | int4", model)


def test_a_task_without_a_train_split_cannot_be_learned() -> None:
    recipe = parse_recipe("m | lora", open_weights)
    task = load_task("intents")
    check_material(recipe, task)
    with pytest.raises(StudyError, match="none apart from its test items"):
        check_material(recipe, replace(task, train=()))


def test_what_is_learned_fits_the_way_of_asking() -> None:
    item = make_item("1", "2 + 2?", 4, Number(), fields={"rationale": "Two and two."})
    assert completion(item, parse_strategy(parse("direct"))) == "4"
    assert completion(item, parse_strategy(parse("cot"))) == "Two and two.\nAnswer: 4"
    with pytest.raises(StudyError, match="needs a column 'program'"):
        completion(item, parse_strategy(parse("pal")))


def test_tuning_is_weighed_against_the_cheapest_dearer_recipe_that_is_as_good() -> None:
    tuned = replace(row("a | lora | direct"), strategy="direct", quality=0.8, flops_computed=10.0, items=10)
    others = [
        replace(row("a | direct"), strategy="direct", quality=0.1, flops_computed=10.0, items=10),
        replace(row("b | direct"), quality=0.5, flops_computed=20.0, items=10),
        replace(row("c | direct"), quality=0.9, flops_computed=110.0, items=10),
        replace(row("d | direct"), quality=0.9, flops_computed=1000.0, items=10),
    ]
    recipe = parse_recipe("a | lora", open_weights)
    makings = {tuned.recipe: Making(recipe, TrainingCost(flops=1000.0, seconds=3.0), 0.0, 0.0, "", False)}
    found = told(makings, tuned, [tuned, *others])
    assert (found.pays_after, found.against) == (10, "c | direct")
    best = told(makings, tuned, [tuned, *others[:2]])
    assert (best.pays_after, best.against) == (100, "b | direct")
    assert told(makings, tuned, [tuned, others[0]]).pays_after is None


def test_flips_are_counted_on_items_that_both_answered() -> None:
    before = [ItemRecord(str(i), "?", "1", "right" if i < 2 else "wrong", "1", "1") for i in range(4)]
    after = [ItemRecord(str(i), "?", "1", "right" if i == 2 else "wrong", "1", "1") for i in range(3)]
    tuned = replace(row("a | lora | direct"), strategy="direct", records=tuple(after), items=3)
    parent = replace(row("a | direct"), strategy="direct", records=tuple(before), items=4)
    recipe: Recipe = parse_recipe("a | lora", open_weights)
    makings = {tuned.recipe: Making(recipe, TrainingCost(), 0.0, 0.0, "", False)}
    found = told(makings, tuned, [tuned, parent])
    assert (found.flips, found.both) == (3, 3)
    assert isinstance(tuned, RecipeResult)
