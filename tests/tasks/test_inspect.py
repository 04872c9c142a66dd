"""Datasets of inspect_ai become tasks; what they ask for and cannot have is one sentence."""

import contextlib
import csv
import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from gulliver.errors import TaskError
from gulliver.inference.types import Draft
from gulliver.tasks import judge, load_task
from gulliver.tasks.base import Task, make_item
from gulliver.tasks.inspect_scorers import Score

SAMPLES: list[dict[str, Any]] = [
    {"input": "Capital of France?", "target": "Paris", "id": "fr", "metadata": {"land": "FR"}},
    {"input": "Capital of Peru?", "target": ["Lima", "Ciudad de los Reyes"]},
]
CHOICES = [{"input": "Which flies?", "choices": ["cow", "kite", "stone"], "target": "B"}]
CHAT = [
    {
        "input": [
            {"role": "system", "content": "Be brief."},
            {"role": "user", "content": "Hi."},
            {"role": "assistant", "content": "Hello."},
            {"role": "user", "content": [{"type": "text", "text": "2 + 2?"}]},
        ],
        "target": "4",
    }
]


def load(folder: Path, samples: list[Any], options: str = "", name: str = "s.json") -> Task:
    path = folder / name
    if name.endswith(".json"):
        path.write_text(json.dumps(samples))
    elif name.endswith(".jsonl"):
        path.write_text("".join(json.dumps(sample) + "\n" for sample in samples))
    else:
        with path.open("w", newline="") as stream:
            writer = csv.DictWriter(stream, ["input", "target", "choices", "id", "metadata"])
            writer.writeheader()
            writer.writerows(
                [{k: json.dumps(v) if isinstance(v, list | dict) else v for k, v in s.items()} for s in samples]
            )
    return load_task(f"inspect:{name}{options}", folder=folder)


def outcomes(task: Task, *said: str) -> list[str]:
    return [judge(item, item.read(Draft(text))).outcome for item, text in zip(task.test, said, strict=True)]


@pytest.mark.parametrize("name", ["s.json", "s.jsonl", "s.csv"])
def test_the_three_formats_give_the_same_samples(tmp_path: Path, name: str) -> None:
    task = load(tmp_path, SAMPLES, name=name)
    assert [item.question for item in task.test] == ["Capital of France?", "Capital of Peru?"]
    assert task.test[0].id == "fr"
    assert outcomes(task, "It is **Paris**.", "Ciudad de los Reyes!") == ["right", "right"]
    assert outcomes(task, "Paris it is", "lima") == ["wrong", "right"]


def test_choices_get_letters_and_the_target_is_one(tmp_path: Path) -> None:
    for samples in (CHOICES, [{**CHOICES[0], "target": "kite"}], [{**CHOICES[0], "target": ["B"]}]):
        item = load(tmp_path, samples).test[0]
        assert (item.target, item.choices) == ("B", ("cow", "kite", "stone"))
        assert item.question == "Which flies?\n\nA. cow\nB. kite\nC. stone"
        assert judge(item, item.read(Draft("ANSWER: B"))).outcome == "right"
    assert load(tmp_path, CHOICES, name="s.csv").test[0].choices == ("cow", "kite", "stone")


def test_a_conversation_is_put_as_it_is_and_to_strategies_as_one_text(tmp_path: Path) -> None:
    item = load(tmp_path, CHAT).test[0]
    assert [message.role for message in item.prompt] == ["system", "user", "assistant", "user"]
    assert item.prompt[-1].content == "2 + 2?"
    assert item.question == "user: Hi.\n\nassistant: Hello.\n\nuser: 2 + 2?"


def test_metadata_are_fields_and_columns_may_have_other_names(tmp_path: Path) -> None:
    assert load(tmp_path, SAMPLES).test[0].fields["land"] == "FR"
    renamed = [{"q": "2 + 2?", "a": "4"}]
    assert outcomes(load(tmp_path, renamed, "(input=q, target=a, scorer=numeric)"), "4.0") == ["right"]


def test_a_judge_of_gullivers_takes_the_scorers_place(tmp_path: Path) -> None:
    assert outcomes(load(tmp_path, CHAT, "(judge=number)"), "It is 4, I think") == ["right"]


@pytest.mark.parametrize(
    ("scorer", "said", "outcome"),
    [
        ("match", "The answer is 42.", "right"),
        ("match", "42 it is", "wrong"),
        ("begin", "42 it is", "right"),
        ("any", "It is 42, surely", "right"),
        ("includes", "It is 42, surely", "right"),
        ("includes", "It is 41, surely", "wrong"),
        ("numeric", "so 42.0", "right"),
        ("numeric", "none", "wrong"),
        ("exact", "The 42!", "right"),
        ("exact", "It is 42", "wrong"),
        ("answer_word", "ANSWER: 42 apples", "right"),
        ("answer_line", "Thinking.\nANSWER: 42\nDone.", "right"),
        ("answer_line", "42", "unreadable"),
        ("answer_letter", "Answer: (B) or so", "wrong"),
    ],
)
def test_scorers_compare_as_documented(scorer: str, said: str, outcome: str) -> None:
    item = make_item("i", "q", "42", Score(scorer))
    assert judge(item, item.read(Draft(said))).outcome == outcome


def test_a_pattern_reads_its_group() -> None:
    item = make_item("i", "q", "x", Score("pattern", r"<a>(\w+)</a>"))
    assert [judge(item, item.read(Draft(said))).outcome for said in ("<a>X</a>", "<a>y</a>", "x")] == [
        "right",
        "wrong",
        "unreadable",
    ]


@pytest.mark.parametrize(
    ("samples", "options", "says"),
    [
        ([{"target": "a"}], "", "record 1 has no input"),
        ([{"input": "q"}], "", "record 1 has no 'target'"),
        ([{**SAMPLES[0], "sandbox": "docker"}], "", "has 'sandbox'"),
        ([{**SAMPLES[0], "files": {"a": "b"}}], "", "has 'files'"),
        ([{**CHOICES[0], "target": "Z"}], "", "no letter of its choices"),
        ([{**CHOICES[0], "target": ["A", "B"]}], "", "several right choices"),
        ([{**CHOICES[0], "choices": "cow"}], "", "no list of 2 to 26"),
        (SAMPLES, "(scorer=choice)", "no choices for the scorer"),
        (SAMPLES, "(scorer=model_graded_qa)", "no scorer 'model_graded_qa' here; there are: choice, match"),
        (SAMPLES, "(scorer=pattern)", "needs pattern="),
        (SAMPLES, "(scorer=match, judge=number)", "give one of them"),
        (SAMPLES, "(colour=red)", "no option 'colour'"),
        ([{**CHAT[0], "input": [{"role": "tool", "content": "x"}]}], "", "role 'tool'"),
        ([{**CHAT[0], "input": [{"role": "user", "content": [{"type": "image"}]}]}], "", "not text alone"),
        ([{**CHAT[0], "input": CHAT[0]["input"][:3]}], "", "does not end with words of the user"),
        ([{**SAMPLES[0]}, {**SAMPLES[0]}], "", "the same 'id'"),
        (["text"], "", "record 1 is not a JSON object"),
        ([], "", "has no records"),
        ({"input": "q"}, "", "no list of records"),
    ],
)
def test_what_cannot_be_used_is_said_in_a_sentence(tmp_path: Path, samples: Any, options: str, says: str) -> None:
    with pytest.raises(TaskError, match=says) as raised:
        load(tmp_path, samples, options)
    assert "\n" not in str(raised.value)


ODD = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(), st.text(max_size=4), st.sampled_from(["user", "text"])),
    lambda inner: st.one_of(
        st.lists(inner, max_size=3),
        st.dictionaries(st.sampled_from(["role", "content", "type", "text", "a"]), inner, max_size=3),
    ),
    max_leaves=8,
)


@settings(deadline=None, max_examples=200, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.sampled_from(["input", "target", "choices", "id", "metadata", "files"]), ODD, st.booleans())
def test_a_field_of_any_kind_is_taken_or_refused(tmp_path: Path, field: str, value: Any, choose: bool) -> None:
    sample = {**(CHOICES if choose else SAMPLES)[0], field: value}
    with contextlib.suppress(TaskError):
        task = load(tmp_path, [sample])
        assert outcomes(task, "B")[0] in ("right", "wrong", "unreadable")


def test_a_file_that_is_no_json_is_said_with_its_line(tmp_path: Path) -> None:
    (tmp_path / "s.json").write_text('[{"input": "q",\n "target": }]')
    with pytest.raises(TaskError, match=r"s\.json is not JSON: .* \(line 2\)"):
        load_task("inspect:s.json", folder=tmp_path)
    with pytest.raises(TaskError, match="no file"):
        load_task("inspect:none.json", folder=tmp_path)
