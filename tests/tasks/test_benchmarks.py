"""The packaged sets, on their real data."""

import pytest

from gulliver.inference.types import Draft
from gulliver.sandbox import run
from gulliver.tasks import extract, judge, load_task
from gulliver.tasks.gsm8k import EXEMPLARS
from gulliver.tasks.hellaswag import plain
from gulliver.tasks.humaneval import EXEMPLARS as FUNCTIONS


@pytest.mark.parametrize("exemplar", EXEMPLARS, ids=lambda exemplar: exemplar.answer)
def test_an_exemplar_of_gsm8k_says_the_same_in_words_and_as_a_program(exemplar: object) -> None:
    question, answer = exemplar.question, exemplar.answer  # type: ignore[attr-defined]
    assert question.endswith("?")
    assert extract.number(exemplar.rationale) == answer  # type: ignore[attr-defined]
    value = run(f"{exemplar.program}\nsolution()").value  # type: ignore[attr-defined]
    assert extract.number(str(value)) == answer


def test_the_exemplars_of_humaneval_are_functions_that_run() -> None:
    for exemplar in FUNCTIONS:
        code = extract.code(exemplar.answer)
        assert code is not None
        assert run(code).status == "ok"


@pytest.mark.models
def test_gsm8k_has_a_hundred_items_with_numbers_for_targets() -> None:
    task = load_task("gsm8k")
    assert (len(task.test), len(task.train), task.public, task.generated) == (100, 0, True, False)
    for item in task.test:
        assert judge(item, item.read(Draft(f"So it is {item.target}.\nAnswer: {item.target}"))).outcome == "right"
        assert judge(item, item.read(Draft(f"Answer: {item.target}1"))).outcome == "wrong"
    assert len(load_task("gsm8k", items=7, seed=3).test) == 7


@pytest.mark.models
def test_no_exemplar_is_a_question_of_the_set() -> None:
    asked = {item.question for item in load_task("gsm8k").test}
    assert not asked & {exemplar.question for exemplar in EXEMPLARS}


@pytest.mark.models
@pytest.mark.parametrize("shape", ["the whole function", "the body alone"])
def test_162_of_humanevals_164_reference_solutions_pass_and_two_are_unsupported(shape: str) -> None:
    outcomes = []
    for item in load_task("humaneval").test:
        prompt, solution = item.fields["prompt"], item.fields["canonical_solution"]
        said = f"```python\n{prompt}{solution}\n```" if shape == "the whole function" else solution
        outcomes.append(judge(item, item.read(Draft(said))).outcome)
    assert (outcomes.count("right"), outcomes.count("unsupported")) == (162, 2)


@pytest.mark.models
def test_a_function_that_does_nothing_passes_none_of_humanevals_tests() -> None:
    for item in load_task("humaneval", items=30).test:
        said = f"```python\ndef {item.fields['entry_point']}(*args):\n    return None\n```"
        assert judge(item, item.read(Draft(said))).outcome == "wrong"


@pytest.mark.models
@pytest.mark.parametrize(("name", "options"), [("hellaswag", {4}), ("truthfulqa", set(range(2, 11)))])
def test_a_set_of_choices_has_a_letter_for_each_and_a_bare_text_before_them(name: str, options: set[int]) -> None:
    task = load_task(name)
    assert (len(task.test), task.public, len({item.id for item in task.test})) == (100, True, 100)
    assert {len(item.choices) for item in task.test} <= options
    for item in task.test:
        place = "ABCDEFGHIJ".index(item.target)
        assert f"\n{item.target}. {item.choices[place]}\n" in f"{item.prompt[-1].content}\n"
        assert item.cloze == item.cloze.rstrip()
        assert not item.cloze.endswith(item.choices[place])
        for letter in "ABCDEFGHIJ"[: len(item.choices)]:
            said = judge(item, item.read(Draft(f"{letter}. {item.choices['ABCDEFGHIJ'.index(letter)]}"))).outcome
            assert said == ("right" if letter == item.target else "wrong")


@pytest.mark.models
def test_the_true_choice_of_truthfulqa_is_not_always_the_first() -> None:
    targets = [item.target for item in load_task("truthfulqa").test]
    assert targets.count("A") < 40
    assert targets == [item.target for item in load_task("truthfulqa", seed=5).test]


def test_the_marks_of_a_how_to_are_taken_out() -> None:
    assert (
        plain("How to bake: [header] How to bake [title] Mix. [step] Stir.") == "How to bake: How to bake. Mix. Stir."
    )
