"""Answers are found in what small models write, and nothing they write is too strange."""

import json
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gulliver.inference.types import Draft
from gulliver.tasks import extract
from gulliver.tasks.base import make_item
from gulliver.tasks.judges import Number
from gulliver.tasks.numbers import canonical
from tests.tasks.answers import LETTERS, NUMBERS, TEAMS, TEXTS

LABELS = ("A", "B", "C", "D")
TEAM_NAMES = ("billing", "bug", "account", "shipping", "other")


def test_the_hand_checked_sample_is_large_enough() -> None:
    assert len(NUMBERS) + len(LETTERS) + len(TEAMS) + len(TEXTS) >= 60


@pytest.mark.parametrize(("written", "says"), NUMBERS)
def test_numbers(written: str, says: str | None) -> None:
    assert extract.number(written) == says


@pytest.mark.parametrize(("written", "says"), LETTERS)
def test_letters(written: str, says: str | None) -> None:
    assert extract.choice(written, LABELS) == says


@pytest.mark.parametrize(("written", "says"), TEAMS)
def test_labels_of_words(written: str, says: str | None) -> None:
    assert extract.choice(written, TEAM_NAMES) == says


@pytest.mark.parametrize(("written", "says"), TEXTS)
def test_short_texts(written: str, says: str | None) -> None:
    assert extract.text(written) == says


def test_an_option_may_be_named_by_its_text() -> None:
    assert extract.choice("It is Paris, of course", LABELS, ("London", "Paris", "Rome", "Bern")) == "B"


def test_of_nested_labels_the_longest_counts() -> None:
    assert extract.choice("not spam", ("spam", "not spam")) == "not spam"


@pytest.mark.parametrize(
    ("written", "value"),
    [
        ('{"a": 1}', {"a": 1}),
        ('Here you are:\n```json\n{"a": [1, 2]}\n```\nDone.', {"a": [1, 2]}),
        ('Sure {not json} but {"a": 1} and {"b": 2}', {"a": 1}),
        ("[1, 2]", [1, 2]),
        ("{'a': 1}", None),
        ('{"a": ', None),
        ("[" * 5000, None),
        ("none", None),
    ],
)
def test_json(written: str, value: object) -> None:
    assert extract.json_value(written) == value


@pytest.mark.parametrize(
    ("written", "code"),
    [
        ("```python\ndef f(x):\n    return x\n```", "def f(x):\n    return x"),
        ("Use this:\n```\ndef f(x):\n    return x\n```\nor\n```python\nprint(f(1))\n```", "def f(x):\n    return x"),
        (
            "```python\ndef f(x):\n    return 1\n```\nBetter:\n```python\ndef f(x):\n    return 2\n```",
            "def f(x):\n    return 2",
        ),
        ("def f(x):\n    return x\n\nThis function returns x.", "def f(x):\n    return x\n"),
        ("import math\n\ndef f(x):\n    return math.pi", "import math\n\ndef f(x):\n    return math.pi"),
        ("```python\ndef f(x):\n    return x", "def f(x):\n    return x"),
        ("```bash\nls\n```", None),
        ("I cannot write code.", None),
    ],
)
def test_code(written: str, code: str | None) -> None:
    assert extract.code(written, "f") == code


@given(
    st.integers(-(10**30), 10**30),
    st.sampled_from(["{}", "Answer: {}", "#### {}", "The answer is {}.", "**{}**", "\\boxed{{{}}}"]),
)
def test_an_integer_is_read_back_from_any_setting(value: int, setting: str) -> None:
    assert extract.number(setting.format(value)) == str(value)
    assert extract.number(setting.format(f"{value:,}")) == str(value)


@given(st.decimals(-(10**6), 10**6, places=3, allow_nan=False))
def test_trailing_zeros_are_of_no_account(value: object) -> None:
    assert extract.number(f"Answer: {value}00") == extract.number(f"{value}")


@given(st.fractions())
def test_a_canonical_number_is_read_as_itself(value: Fraction) -> None:
    written = canonical(value)
    if len(written) <= 50:
        assert extract.number(written) == written


_PIECES = st.sampled_from(
    [
        "Answer:",
        "####",
        "\\boxed{",
        "}",
        "1,2",
        "3/0",
        "-",
        "−",
        "$",
        ".",
        "e9",
        "```",
        "{",
        "[",
        "A",
        "(B)",
        "not",
        "\n",
    ]
)


@given(
    st.one_of(
        st.text(), st.lists(st.one_of(_PIECES, st.text(max_size=3))).map("".join), st.lists(_PIECES).map(" ".join)
    )
)
def test_no_extractor_raises_on_any_text(written: str) -> None:
    number = extract.number(written)
    assert number is None or float(number) == float(number)
    assert extract.choice(written, LABELS) in (None, *LABELS)
    assert extract.choice(written, TEAM_NAMES) in (None, *TEAM_NAMES)
    assert extract.text(written) != ""
    extract.json_value(written)
    extract.code(written, "f")
    extract.body(written)


@pytest.mark.parametrize(
    "written",
    [
        "answer " * 5_000,
        "1," * 10_000,
        "answer" + " " * 20_000,
        "\\boxed{" * 5_000,
        "-" * 20_000,
        "{" * 10_000,
        "not " * 10_000,
        "```\n" * 8_000,
        "1 " * 10_000,
    ],
)
@pytest.mark.timeout(10)
def test_a_long_repetition_is_read_in_good_time(written: str) -> None:
    extract.number(written)
    extract.choice(written, LABELS)
    extract.choice(written, TEAM_NAMES)
    extract.text(written)
    extract.json_value(written)
    extract.code(written, "f")


REAL = [json.loads(line) for line in (Path(__file__).parent / "real_answers.jsonl").read_text("utf-8").splitlines()]


@pytest.mark.parametrize("row", REAL, ids=lambda row: row["item"])
def test_answers_that_a_real_model_gave_are_read_as_a_person_reads_them(row: dict[str, Any]) -> None:
    """48 drafts of Qwen2.5-Coder-0.5B on GSM8K, greedy, at most 256 tokens; what each says was written down by hand.

    Nearly half were cut by the limit before they gave an answer: none is to be read out of those.
    """
    item = make_item(row["item"], "?", "1", Number())
    answer = item.read(Draft(row["text"], "length" if row["cut"] else "stop"))
    assert (answer.value, answer.status) == (row["says"], "truncated" if row["cut"] else "read")
