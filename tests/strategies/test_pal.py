import pytest

from gulliver.inference import Draft
from gulliver.spec import parse
from gulliver.strategies import parse_strategy
from gulliver.strategies.pal import ProgramReader, extract_program
from gulliver.tasks.base import Answer
from tests.strategies.contract import StrategyContract
from tests.strategies.fakes import number_item

FENCED = "Sure:\n```python\ndef solution():\n    three = 3\n    return three + 4\n```\nThat is it."


class TestPal(StrategyContract):
    text = "pal"
    replies = (FENCED,)


class TestPalVote(StrategyContract):
    text = "pal(k=1) | majority(n=3)"
    replies = (FENCED, "```python\nprint(7)\n```", "```python\nprint(8)\n```")


def read(text: str, timeout: float = 2.0) -> Answer:
    return ProgramReader(timeout)(Draft(text), number_item())


@pytest.mark.parametrize(
    "text",
    [
        FENCED,
        "```\ndef solution():\n    return 7.0\n```",
        "```python\nx = 3\ny = 4\nprint(x + y)\n```",
        "def solution():\n    a = 3\n\n    return a + 4\n\nThis adds them.",
        "```python\ndef solution():\n    return '7'",
        "```py\ndef helper(x):\n    return x + 4\n\ndef solution():\n    return helper(3)\n```",
    ],
)
def test_programs_as_models_write_them_are_run(text: str) -> None:
    answer = read(text)
    assert (answer.status, answer.value) == ("read", number_item().judge.read(Draft("7"), number_item()).value)
    assert answer.program


@pytest.mark.parametrize(
    ("text", "status"),
    [
        ("I think it is 7.", "unreadable"),
        ("```python\ndef solution():\n    return 1 / 0\n```", "unreadable"),
        ("```python\ndef solution():\n    pass\n```", "unreadable"),
        ("```python\ndef solution(:\n```", "unreadable"),
        ("```python\nwhile True:\n    pass\n```", "unreadable"),
        ("```python\nimport statistics\ndef solution():\n    return statistics.mean([7])\n```", "unsupported"),
    ],
)
def test_what_gives_no_answer_says_why(text: str, status: str) -> None:
    answer = read(text, timeout=0.3)
    assert (answer.status, answer.value) == (status, None)
    assert answer.detail


def test_exemplars_are_shown_as_programs() -> None:
    asked = parse_strategy(parse("pal(k=1)")).ask(number_item())
    assert asked.prompt[1].content == "```python\ndef solution():\n    return 1 + 2\n```"
    assert asked.runs_code


def test_the_block_that_defines_solution_is_taken() -> None:
    text = "```python\nx = 1\n```\nthen\n```python\ndef solution():\n    return 7\n```"
    assert extract_program(text) == "def solution():\n    return 7\nsolution()"
