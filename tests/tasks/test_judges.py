"""Each judge reads an answer, says whether it is right, and tells wrong from unreadable."""

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from gulliver.errors import TaskError
from gulliver.inference.types import Draft
from gulliver.tasks.base import Answer, Item, Judge, judge, make_item
from gulliver.tasks.judging import JUDGES, make_judge


def outcome(spec: str | Judge, said: str, target: Any, finish: Any = "stop", **more: Any) -> str:
    made = make_judge(spec) if isinstance(spec, str) else spec
    item = make_item("one", "What?", target, made, **more)
    return judge(item, item.read(Draft(said, finish))).outcome


@pytest.mark.parametrize(
    ("spec", "said", "target", "result"),
    [
        ("number", "Answer: 1,200", "1200", "right"),
        ("number", "Answer: 12.0", 12, "right"),
        ("number", "0.3333333", "1/3", "right"),
        ("number", "0.33", "1/3", "wrong"),
        ("number(tolerance=0.05)", "0.33", "1/3", "right"),
        ("number", "-5", "5", "wrong"),
        ("number", "many", "5", "unreadable"),
        ("number", "5", "five apples", "failed"),
        ("choice(labels=['A', 'B'])", "(B)", "B", "right"),
        ("choice(labels=['A', 'B'])", "(A)", "B", "wrong"),
        ("choice(labels=['A', 'B'])", "Who knows", "B", "unreadable"),
        ("choice(labels=['Yes', 'No'])", "yes", "YES", "right"),
        ("exact", "Paris.", "Paris", "right"),
        ("exact", "paris", "Paris", "wrong"),
        ("exact(ignore_case=true)", "paris", "Paris", "right"),
        ("exact", " ", "Paris", "unreadable"),
        ("contains", "It is Paris, of course", "paris", "right"),
        ("contains", "Parish", "paris", "wrong"),
        ("contains(ignore_case=false)", "paris", "Paris", "wrong"),
        ("contains", "red and blue", ["red", "blue"], "right"),
        ("contains", "red", ["red", "blue"], "wrong"),
        (r"regex(pattern='code (\d+)')", "The code 77 is it", "77", "right"),
        (r"regex(pattern='code (\d+)')", "The code 78 is it", "77", "wrong"),
        (r"regex(pattern='code (\d+)')", "No idea", "77", "unreadable"),
        ("regex", "colour", "colou?r", "right"),
        ("regex", "tint", "colou?r", "wrong"),
        ("json_schema", '{"a": 1}', {"type": "object", "required": ["a"]}, "right"),
        ("json_schema", '{"b": 1}', '{"type": "object", "required": ["a"]}', "wrong"),
        ("json_schema", "a = 1", {"type": "object"}, "unreadable"),
    ],
)
def test_outcomes(spec: str, said: str, target: Any, result: str) -> None:
    assert outcome(spec, said, target) == result


def test_a_cut_draft_without_an_answer_is_truncated_and_with_one_is_read() -> None:
    assert outcome("number", "First we", "5", finish="length") == "truncated"
    assert outcome("number", "Answer: 5", "5", finish="length") == "right"


def test_an_answer_keeps_what_its_reader_found_and_takes_the_rest_from_its_draft() -> None:
    read = Answer("5", "read", program="2 + 3", detail="printed", votes=3, confidence=0.5)
    whole = replace(read, text="it is 5", logprob=-2.0, tokens=4)
    assert read.of(Draft("it is 5", logprob=-2.0, completion_tokens=4)) == whole


def test_a_choice_may_be_among_the_items_own_options() -> None:
    assert outcome("choice", "blue", "blue", choices=("red", "blue")) == "right"
    assert outcome("choice(labels=['A', 'B'])", "It is blue", "B", choices=("red", "blue")) == "right"


@pytest.mark.parametrize("name", JUDGES)
def test_every_judge_says_what_to_ask_for_and_reads_any_text(name: str, tmp_path: Path) -> None:
    (tmp_path / "own.py").write_text("def judge(answer, row):\n    return True\n")
    needs = {"function": "function(path='own.py')", "model": "model(name='scripted:m')"}
    made = make_judge(needs.get(name, name), tmp_path)
    item = make_item("one", "What?", "1", made, fields={"prompt": "def f():\n", "entry_point": "f"})
    assert made.kind in ("number", "choice", "text", "code", "json", "free")
    assert "step by step" in made.after_reasoning
    for written in ("", "\0", "```", "Answer:", "{", "é\ud800", "def f(", "-" * 3000):
        assert item.read(Draft(written)).status in ("read", "unreadable", "unsupported")


def test_equal_answers_are_equal_values() -> None:
    item = make_item("one", "What?", "12", make_judge("number"))
    assert {item.read(Draft(said)).value for said in ("12", "Answer: 12.0", "#### 12", "$12.00")} == {"12"}


def test_a_schema_in_a_file(tmp_path: Path) -> None:
    (tmp_path / "s.json").write_text(json.dumps({"type": "object", "required": ["a"]}))
    accepts = make_judge("json_schema(path='s.json')", tmp_path)
    equal = make_judge("json_schema(path='s.json', match=true)", tmp_path)
    assert outcome(accepts, '{"a": 2}', '{"a": 1}') == "right"
    assert outcome(equal, '{"a": 2}', '{"a": 1}') == "wrong"
    assert outcome(equal, '{"a": 1}', '{"a": 1}') == "right"


class TestFunction:
    def made(self, folder: Path, source: str) -> Judge:
        (folder / "own.py").write_text(source)
        return make_judge("function(path='own.py')", folder)

    def test_it_gets_the_answer_and_the_row(self, tmp_path: Path) -> None:
        own = self.made(tmp_path, "def judge(answer: str, row: dict) -> bool:\n    return answer == row['label']\n")
        assert outcome(own, "Answer: **red**.", "x", fields={"label": "red"}) == "right"
        assert outcome(own, "blue", "x", fields={"label": "red"}) == "wrong"

    def test_one_that_raises_or_gives_no_bool_makes_the_item_failed(self, tmp_path: Path) -> None:
        assert outcome(self.made(tmp_path, "def judge(answer, row):\n    return row['x']\n"), "a", "x") == "failed"
        other = tmp_path / "other"
        other.mkdir()
        assert outcome(self.made(other, "def judge(answer, row):\n    return 'yes'\n"), "a", "x") == "failed"

    @pytest.mark.parametrize(
        ("source", "says"),
        [
            (None, "no file"),
            ("x = 1\n", "no function judge"),
            ("def judge(:\n", "cannot be imported"),
            ("1 / 0\n", "ZeroDivisionError"),
        ],
    )
    def test_what_is_wrong_with_the_file_is_said_at_once(self, tmp_path: Path, source: str | None, says: str) -> None:
        if source is not None:
            (tmp_path / "own.py").write_text(source)
        with pytest.raises(TaskError, match=says):
            make_judge("function(path='own.py')", tmp_path)


class TestUnitTests:
    def item(self, **fields: str) -> Item:
        tests = "def check(candidate):\n    assert candidate(2) == 4\n    assert candidate(-3) == 9\n"
        shape = {"prompt": 'def square(n):\n    """n times n"""\n', "entry_point": "square"}
        return make_item("one", "Complete", tests, make_judge("unit_tests(timeout=0.5)"), fields=shape | fields)

    @pytest.mark.parametrize(
        ("said", "result"),
        [
            ("```python\ndef square(n):\n    return n * n\n```", "right"),
            ("    return n ** 2\n", "right"),
            ("return n * n", "right"),
            ("```python\n    return n * n\n```", "right"),
            ("def square(n):\n    return n * n\n\nThis squares n.", "right"),
            ("```python\ndef square(n):\n    return n + n\n```", "wrong"),
            ("```python\ndef square(n):\n    while True:\n        pass\n```", "wrong"),
            ("```python\ndef square(n)\n    return n\n```", "wrong"),
            ('```python\ndef square(n):\n    return n * n\nx = """\n```', "wrong"),
            ("```python\nfrom fractions import Fraction\ndef square(n):\n    return n * n\n```", "unsupported"),
            ("I cannot do this.", "unreadable"),
        ],
    )
    def test_outcomes(self, said: str, result: str) -> None:
        item = self.item()
        assert judge(item, item.read(Draft(said))).outcome == result

    def test_a_cut_program_is_truncated(self) -> None:
        item = self.item()
        assert judge(item, item.read(Draft("```python\ndef square(n", "length"))).outcome == "truncated"

    def test_helpers_in_the_prompt_stand_before_the_reply(self) -> None:
        prompt = "def twice(n):\n    return n + n\n\ndef square(n):\n"
        item = self.item(prompt=prompt)
        said = "```python\ndef square(n):\n    return twice(n) * n // 2\n```"
        assert judge(item, item.read(Draft(said))).outcome == "right"

    def test_plain_tests_need_no_entry_point(self) -> None:
        item = make_item("one", "Write f", "assert f(1) == 2", make_judge("unit_tests"))
        assert judge(item, item.read(Draft("```python\ndef f(x):\n    return x + 1\n```"))).outcome == "right"

    def test_the_answer_shows_program_and_outcome(self) -> None:
        answer = self.item().read(Draft("```python\ndef square(n):\n    return n\n```"))
        assert "return n" in answer.program
        assert "AssertionError" in answer.detail


@pytest.mark.parametrize(
    ("spec", "says"),
    [
        ("numbers", "there are: exact, number"),
        ("number | exact", "there are: exact, number"),
        ("number(tol=1)", "no option 'tol'"),
        ("number(tolerance=much)", "takes a number"),
        ("choice(labels=A)", "list of labels"),
        ("function", "needs path"),
        ("regex(pattern='(')", "not a regular expression"),
        ("json_schema(path='none.json')", "cannot be read"),
        ("json_schema(match=true)", "needs the schema in a file"),
        ("number(", "cannot be read"),
    ],
)
def test_a_judge_that_cannot_be_made_says_why_in_a_sentence(spec: str, says: str, tmp_path: Path) -> None:
    with pytest.raises(TaskError, match=says) as raised:
        make_judge(spec, tmp_path)
    assert "\n" not in str(raised.value)
