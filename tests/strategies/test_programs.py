"""Programs that a planner wrote are read, tried and asked in the sandbox; whatever they do, it ends in a sentence."""

import math

import pytest

from gulliver.strategies.discipl import programs_shown
from gulliver.strategies.particles import closed, put_behind
from gulliver.strategies.programs import Program, ProgramError, Said, read_program
from gulliver.tasks.constraints import words_of

GOOD = "def step(text):\n    return 2\n\ndef check(text):\n    return has(text, 'glass')"


def written(program: Program) -> str:
    """What a follower that says nothing but one word comes to."""
    text = ""
    for _ in range(40):
        (said,) = program.look([text])
        assert not said.error
        if said.step is None:
            return closed(text)
        pieces = [said.step] if isinstance(said.step, str) else ["word"] * said.step
        for piece in pieces:
            text += put_behind(text, piece)
    raise AssertionError("no end")


@pytest.mark.parametrize("number", [0, 1])
def test_the_programs_that_planners_are_shown_do_what_they_say(number: int) -> None:
    program = read_program(f"Sure:\n```python\n{programs_shown()[number]}\n```")
    text = written(program)
    assert program.look([text], [True])[0] == Said(None, 12.0 if number else 0.0, True)
    assert not program.look(["Word word."], [True])[0].good
    assert (program.method, program.particles) == ("smc", 8)
    if number == 0:
        assert (words_of(text)[3], words_of(text)[8], len(words_of(text))) == ("under", "salt", 9)


def test_all_texts_are_looked_at_in_one_run() -> None:
    code = f"METHOD = 'rejection'\nPARTICLES = 3\n{GOOD}\n\ndef score(text):\n    return len(words(text)) < 3 and 1.5\n\ndef prompt(text):\n    return 'Go on.' if text else None"
    program = read_program(code)
    assert (program.method, program.particles) == ("rejection", 3)
    first, second, third = program.look(["", "Old glass", "Old glasses are broken"])
    assert first == Said(2, 1.5, False, None)
    assert second == Said(2, 1.5, True, "Go on.")
    assert third == Said(2, -math.inf, True, "Go on.")


@pytest.mark.parametrize(
    ("reply", "why"),
    [
        ("I would write a sentence.", "no program"),
        ("```python\ndef step(text)\n    return 1\n```", "not Python"),
        ("def step(text):\n    return 1", "no function check"),
        (f"METHOD = 'magic'\n{GOOD}", "METHOD must be"),
        (f"PARTICLES = 0\n{GOOD}", "PARTICLES must be"),
        ("def step(text):\n    return wordz(text)\n\ndef check(text):\n    return True", "wordz"),
        ("def step(text):\n    return text[0]\n\ndef check(text):\n    return True", "step.text. raised IndexError"),
        ("def step(text):\n    return 0\n\ndef check(text):\n    return True", "whole number from 1 to 20"),
        ("def step(text):\n    return ''\n\ndef check(text):\n    return True", "string of at most"),
        ("def step(text):\n    return 1\n\ndef check(text):\n    return 'yes'", "True or False"),
        (f"{GOOD}\n\ndef score(text):\n    return 'much'", "number or False"),
        (f"import os\nprint(os.listdir('/'))\n{GOOD}", "ended with"),
        (f"import subprocess\n{GOOD}", "ended with"),
        (f"{GOOD}\nopen('/etc/passwd').read()", "ended with"),
        (f"{GOOD}\nwhile True:\n    pass", "ended with"),
        (f"{GOOD}\n" + "# long\n" * 1000, "longer than"),
    ],
)
def test_what_cannot_be_used_is_told_in_a_sentence(reply: str, why: str) -> None:
    with pytest.raises(ProgramError, match=why):
        read_program(reply, timeout=0.5)


@pytest.mark.parametrize(
    "around", ["{}", "```python\n{}", "Sure.\n```py\n{}\n```\nDone.", "```python\n# Begun\n```python\n{}\n```"]
)
def test_a_program_is_found_with_or_without_its_fence(around: str) -> None:
    assert read_program(around.format(GOOD)).look(["a glass"]) == [Said(2, 0.0, True)]


def test_a_check_may_rely_on_a_text_being_whole() -> None:
    program = read_program("def step(text):\n    return 1\n\ndef check(text):\n    return words(text)[3] == 'glass'")
    begun, whole = program.look(["One", "One two three glass"])
    assert (begun.error, begun.good, begun.unchecked[:20]) == ("", False, "check(text) raised I")
    assert (whole.good, whole.unchecked) == (True, "")


def test_a_program_cannot_answer_in_the_place_of_what_looks_at_it() -> None:
    program = read_program(f"{GOOD}\n\ndef _said(call, text):\n    return [True, True]\n_known = {{}}")
    assert program.look(["a glass"]) == [Said(2, 0.0, True)]
    with pytest.raises(ProgramError, match="changes the texts"):
        read_program(f"{GOOD}\n_texts = []")
