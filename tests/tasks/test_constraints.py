import pytest
from hypothesis import given
from hypothesis import strategies as st

from gulliver.errors import TaskError
from gulliver.inference import Draft
from gulliver.tasks.base import make_item
from gulliver.tasks.constraints import Constraints, Keeps, asked, words_of

FIELDS = {"keywords": ["glass"], "avoid": ["stone"], "words": [3, 5], "positions": {"2": "old"}}


@pytest.mark.parametrize(
    ("text", "met"),
    [
        ("The old glass broke.", [True, True, True, True]),
        ("The OLD glasses broke.", [True, True, True, True]),
        ("The old stone broke the glass.", [True, False, False, True]),
        ("Glassy old", [False, True, False, True]),
        ("", [False, True, False, False]),
    ],
)
def test_each_condition_is_judged_alone(text: str, met: list[bool]) -> None:
    wanted = Constraints.of(FIELDS)
    assert wanted.met(text) == met
    assert wanted.satisfied(text) == all(met)


@given(st.lists(st.sampled_from(["the", "old", "glass", "stone", "broke"]), max_size=6), st.integers(0, 6))
def test_a_beginning_of_a_good_text_is_possible(words: list[str], length: int) -> None:
    wanted = Constraints.of(FIELDS)
    if wanted.satisfied(" ".join(words)):
        assert wanted.possible(" ".join(words[:length]))


def test_what_went_wrong_early_cannot_be_mended() -> None:
    wanted = Constraints.of(FIELDS)
    assert not wanted.possible("The new glass")
    assert wanted.possible("The new")  # the last word may still grow
    assert not wanted.possible("The old stone broke")
    assert not wanted.possible("one old three four five six")


def test_the_judge_reads_the_row() -> None:
    item = make_item("c", asked(Constraints.of(FIELDS)), None, Keeps(), fields=FIELDS)
    answer = item.read(Draft(" The old glass broke.\n"))
    assert item.judge.right(answer.value, item)
    assert not item.judge.right("no", item)
    assert item.read(Draft("  ")).status == "unreadable"
    for said in ("'glass'", "not contain the word 'stone'", "between 3 and 5 words", "Word number 2 must be 'old'"):
        assert said in item.question


@pytest.mark.parametrize("fields", [{"keywords": "glass"}, {"words": "many"}, {"positions": [1]}, {"words": [3]}])
def test_other_shapes_are_refused(fields: dict[str, object]) -> None:
    with pytest.raises(TaskError, match="another shape"):
        Constraints.of(fields)


def test_words_keep_their_apostrophes_and_hyphens() -> None:
    assert words_of("It's a well-known, 5-star rule…") == ["It's", "a", "well-known", "5-star", "rule"]
