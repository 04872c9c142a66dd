"""What is served: what a study found, put as the study put it, or a recipe as written."""

import asyncio
import json
from pathlib import Path

import httpx
import pytest

import gulliver
from gulliver.errors import GulliverError, StudyError
from gulliver.models import load_model
from gulliver.models.base import Message
from gulliver.serving.choose import choose, made, with_strategies
from gulliver.serving.question import asked_item
from gulliver.studies.config import read_study
from tests.serving.hostile import CHAT
from tests.serving.place import ask, serving

STUDY = """
[study]
name = "sums"
target = 0.8
models = ["scripted:weak?accuracy=0.3", "scripted:strong?accuracy=1&parameters=1e7"]
strategies = ["cot"]
floors = false

[task]
file = "sums.jsonl"
template = "What is {{ a }} + {{ b }}?"
target = "sum"
judge = "number"
"""


@pytest.fixture
def study(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("GULLIVER_HOME", str(tmp_path / "home"))
    rows = [{"a": n, "b": n + 1, "sum": 2 * n + 1} for n in range(60)]
    (tmp_path / "sums.jsonl").write_text("\n".join(json.dumps(row) for row in rows))
    (tmp_path / "sums.toml").write_text(STUDY)
    return tmp_path / "sums.toml"


def test_a_study_is_served_as_it_was_measured(study: Path) -> None:
    with pytest.raises(StudyError, match="no finished run"):
        choose(str(study), load_model)
    done = gulliver.find(study)
    found = choose(str(study), load_model)
    assert found.recipe.text == done.recipe
    assert found.run == done.result.run.id
    record = next(r for recipe in done.result.recipes if recipe.recipe == done.recipe for r in recipe.records)
    with serving(study.parent / "place", str(study)) as place:
        reply = httpx.post(f"{place.root}{CHAT}", json=ask(record.question)).json()
    assert reply["model"] == done.recipe
    assert reply["choices"][0]["message"]["content"] == record.text  # the very answer that was judged
    assert reply["choices"][0]["gulliver"]["value"] == record.value
    assert reply["choices"][0]["gulliver"]["flops"] == record.flops


def test_a_run_of_a_file_of_the_users_is_served_by_its_study(study: Path) -> None:
    done = gulliver.find(study)
    with pytest.raises(StudyError, match="TOML file"):
        choose(done.result.run.id, load_model)


def test_a_run_of_a_task_that_has_a_name_is_served_by_its_id(study: Path) -> None:
    done = gulliver.find(
        task="gym:chain_sum", target=0.05, models=["scripted:m?accuracy=1"], strategies=["direct"], floors=False
    )
    assert done.recipe is not None
    found = choose(done.result.run.id, load_model)
    assert found.recipe.text == done.recipe
    assert found.task is not None
    assert found.task.digest == done.result.run.task_digest
    assert choose("latest", load_model).run == done.result.run.id


def test_a_run_of_a_task_with_options_is_served_by_its_study(study: Path) -> None:
    done = gulliver.find(
        task="gym:chain_sum(min_terms=2, max_terms=2)",
        target=0.05,
        models=["scripted:m?accuracy=1"],
        strategies=["direct"],
        floors=False,
    )
    with pytest.raises(StudyError, match="TOML file"):  # its name alone gives other items
        choose(done.result.run.id, load_model)


def test_a_study_that_found_nothing_has_nothing_to_serve(study: Path) -> None:
    study.write_text(STUDY.replace("accuracy=1&", "accuracy=0.2&"))
    gulliver.find(read_study(study))
    with pytest.raises(StudyError, match="found no recipe"):
        choose(str(study), load_model)


def test_the_question_is_put_as_the_task_puts_it(study: Path) -> None:
    gulliver.find(study)
    pattern = asyncio.run(made(choose(str(study), load_model))).pattern
    turns = [
        Message("system", "Be short."),
        Message("user", "hi"),
        Message("assistant", "yes"),
        Message("user", "1 + 1?"),
    ]
    item = asked_item(pattern, turns)
    assert item.question == "1 + 1?"
    assert item.prompt == (*turns[:3], Message("user", "1 + 1?\n\nReply with the final number alone."))
    assert item.target is None
    assert item.judge == pattern.judge


def test_other_strategies_of_the_model_are_named_after_the_recipe() -> None:
    served = asyncio.run(made(choose("scripted:m | cot", load_model)))
    assert list(with_strategies(served, ["pal"])) == [
        "scripted:m | cot",
        "scripted:m | cot@direct",
        "scripted:m | cot@pal",
    ]


@pytest.mark.parametrize(
    ("what", "told"),
    [
        ("scripted:m | likelihood", "choices"),
        ("scripted:m | few_shot", "exemplars"),
        ("scripted:m | majority(n=1000)", "at most 64"),
        ("scripted:m | nonsense", "no strategy"),
        ("no-such-run", "no run"),
    ],
)
def test_what_cannot_be_served_is_said_before_anything_is_loaded(what: str, told: str, study: Path) -> None:
    with pytest.raises(GulliverError, match=told):
        with_strategies(asyncio.run(made(choose(what, load_model))), ())


def test_a_program_is_run_and_its_value_is_the_answer(tmp_path: Path) -> None:
    with serving(tmp_path, "scripted:m | pal") as place:
        reply = httpx.post(f"{place.root}{CHAT}", json=ask()).json()["choices"][0]
    assert reply["gulliver"]["status"] == "unreadable"  # the script writes no program, and that is said
    assert reply["message"]["content"]


def test_a_recipe_may_have_one_more_name() -> None:
    import asyncio

    from gulliver.serving.room import open_room

    async def run() -> tuple[str, list[str]]:
        room = await open_room(choose("scripted:m | direct", load_model), alias="gpt-4o-mini")
        await room.close()
        return room.find("gpt-4o-mini").name, list(room.served)

    name, names = asyncio.run(run())
    assert name == "scripted:m | direct"
    assert "gpt-4o-mini" in names
