"""A user's file becomes a task in one line, and what is wrong with it is said with its row."""

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import polars
import pytest

from gulliver.errors import TaskError
from gulliver.tasks.base import Task
from gulliver.tasks.files import load_file_task

ROWS = [{"text": f"Ticket {number}", "label": ("bug", "billing")[number % 2]} for number in range(8)]


def write(folder: Path, name: str, rows: Sequence[Mapping[str, Any]] = ROWS) -> Path:
    path = folder / name
    if path.suffix == ".parquet":
        polars.DataFrame(rows).write_parquet(path)
    elif path.suffix == ".csv":
        polars.DataFrame(rows).write_csv(path)
    else:
        path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    return path


def load(path: Path, **options: Any) -> Task:
    return load_file_task(path, **{"target": "label", "template": "Sort: {{ text }}", **options})


@pytest.mark.parametrize("name", ["t.jsonl", "t.csv", "t.parquet"])
def test_the_three_formats_give_the_same_items(tmp_path: Path, name: str) -> None:
    task = load(write(tmp_path, name), judge="choice(labels=['bug', 'billing'])")
    assert [item.question for item in task.test] == [f"Sort: Ticket {number}" for number in range(8)]
    assert [item.target for item in task.test] == [row["label"] for row in ROWS]
    assert "Reply with one of: bug, billing." in task.test[0].prompt[-1].content
    assert dict(task.test[1].fields) == ROWS[1]
    assert len({item.id for item in task.test}) == 8


def test_classes_are_the_labels_so_that_floors_take_part(tmp_path: Path) -> None:
    assert load(write(tmp_path, "t.jsonl")).labels == ("billing", "bug")


def test_many_or_numeric_targets_are_no_labels(tmp_path: Path) -> None:
    distinct = [{"text": "a", "label": f"answer {number}"} for number in range(9)]
    assert load(write(tmp_path, "d.jsonl", distinct)).labels == ()
    numbers = [{"text": "a", "label": str(number % 2)} for number in range(9)]
    assert load(write(tmp_path, "n.jsonl", numbers), judge="number").labels == ()


def test_the_digest_is_of_the_content(tmp_path: Path) -> None:
    first, second = load(write(tmp_path, "a.jsonl")), load(write(tmp_path, "b.jsonl"))
    third = load(write(tmp_path, "c.jsonl", ROWS[:7]))
    assert first.digest == second.digest != third.digest


def test_ids_of_the_rows_own_are_kept(tmp_path: Path) -> None:
    rows = [{**row, "id": f"T{number}"} for number, row in enumerate(ROWS)]
    assert [item.id for item in load(write(tmp_path, "t.jsonl", rows)).test][:2] == ["T0", "T1"]


def test_a_small_pool_is_all_test_and_a_large_one_is_split(tmp_path: Path) -> None:
    assert (len(load(write(tmp_path, "s.jsonl")).train), len(load(write(tmp_path, "s.jsonl")).dev)) == (0, 0)
    many = [{"text": str(number), "label": "x"} for number in range(1000)]
    path = write(tmp_path, "m.jsonl", many)
    one, again, other = load(path, seed=1), load(path, seed=1), load(path, seed=2)
    assert (len(one.test), len(one.dev), len(one.train)) == (600, 100, 300)
    parts = [{item.id for item in part} for part in (one.test, one.dev, one.train)]
    assert len(set.union(*parts)) == 1000
    assert [item.id for item in one.test] == [item.id for item in again.test] != [item.id for item in other.test]


def test_training_text_may_stand_in_a_file_of_its_own(tmp_path: Path) -> None:
    write(tmp_path, "train.jsonl", ROWS[:3])
    task = load(write(tmp_path, "t.jsonl"), train="train.jsonl", folder=tmp_path)
    assert (len(task.test), len(task.train)) == (8, 3)


def test_items_are_a_sample_by_seed(tmp_path: Path) -> None:
    path = write(tmp_path, "t.jsonl")
    drawn = [item.id for item in load(path, items=3, seed=5).test]
    assert len(drawn) == 3
    assert drawn == [item.id for item in load(path, items=3, seed=5).test]
    assert len(load(path, items=100).test) == 8


def test_exemplars_system_and_limits_reach_the_items(tmp_path: Path) -> None:
    write(tmp_path, "e.jsonl", [{"question": "Q", "answer": "A", "rationale": "R"}])
    item = load(
        write(tmp_path, "t.jsonl"), exemplars="e.jsonl", folder=tmp_path, system="Be brief.", max_tokens=9
    ).test[0]
    assert (item.exemplars[0].rationale, item.prompt[0].content, item.max_tokens) == ("R", "Be brief.", 9)


def test_options_may_stand_in_a_column(tmp_path: Path) -> None:
    rows = [{"q": "Which?", "options": ["red", "blue"], "label": "red"}]
    item = load(write(tmp_path, "t.jsonl", rows), template=None, question="q", choices="options").test[0]
    assert (item.question, item.choices, item.judge.kind) == ("Which?", ("red", "blue"), "choice")


@pytest.mark.parametrize(
    ("name", "content", "says"),
    [
        ("t.jsonl", '{"text": "a", "label": "b"}\n{"text": ', "line 2 is not JSON"),
        ("t.jsonl", '{"text": "a", "label": "b"}\n\n[1]\n', "line 3 is not a JSON object"),
        ("t.jsonl", '{"text": "a", "label": "b"}\n{"text": "a"}\n', "line 2 has no column 'label'"),
        ("t.jsonl", '{"text": "a", "label": ""}\n', "line 1: the target 'label' is empty"),
        ("t.jsonl", '{"body": "a", "label": "b"}\n', "line 1: the template failed"),
        ("t.jsonl", "\n", "has no rows"),
        ("t.csv", "text,label\na,b\nc\n", "line 3 has 1 of the 2 columns"),
        ("t.csv", "text,text\na,b\n", "names a column twice"),
        ("t.csv", 'text,label\n"a,b\n', "is not CSV"),
        ("t.parquet", "none", "not a Parquet file"),
        ("t.txt", "none", "not a file that can be read"),
    ],
)
def test_what_is_wrong_is_said_with_its_row(tmp_path: Path, name: str, content: str, says: str) -> None:
    (tmp_path / name).write_text(content)
    with pytest.raises(TaskError, match=says) as raised:
        load(tmp_path / name)
    assert "\n" not in str(raised.value)


@pytest.mark.parametrize(
    ("options", "says"),
    [
        ({"template": "{{ text"}, "template cannot be read"),
        ({"template": "{{ ''.__class__.__mro__ }}"}, "template failed"),
        ({"template": None}, "Say how a row is put"),
        ({"judge": "guess"}, "there are: exact, number"),
        ({"exemplars": "none.jsonl"}, "no file"),
        ({"choices": "label"}, "are no list"),
    ],
)
def test_options_that_cannot_be_used_are_said(tmp_path: Path, options: dict[str, Any], says: str) -> None:
    with pytest.raises(TaskError, match=says):
        load(write(tmp_path, "t.jsonl"), folder=tmp_path, **options)


def test_text_that_is_not_utf8_is_said(tmp_path: Path) -> None:
    (tmp_path / "t.jsonl").write_bytes(b'{"text": "\xff", "label": "a"}\n')
    with pytest.raises(TaskError, match="UTF-8"):
        load(tmp_path / "t.jsonl")
