"""Sentences asked for again: every item can be met, and its reference meets it."""

import random

import pytest

from gulliver.errors import TaskError
from gulliver.inference import Draft
from gulliver.tasks import judge, load_task
from gulliver.tasks.constrained_words import KINDS, fields_of, item_of, sentences_of, telling
from gulliver.tasks.constraints import Constraints, words_of

SENTENCES = ("A man in a black hat is talking to the camera.", "The woman put down the barbell on the floor.")


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("sentence", SENTENCES)
@pytest.mark.parametrize("seed", range(5))
def test_the_reference_meets_its_conditions_and_a_word_less_does_not(sentence: str, kind: str, seed: int) -> None:
    fields = fields_of(sentence, kind, random.Random(seed))
    wanted = Constraints.of(fields)
    assert wanted.satisfied(sentence)
    assert not wanted.satisfied(" ".join(sentence.split()[:5]))
    if kind == "places":
        (first, _), (second, _) = wanted.positions
        assert first >= 2
        assert second >= first + 2
    else:
        assert set(wanted.keywords) <= set(telling(sentence))


def test_only_plain_sentences_of_the_right_length_are_taken() -> None:
    text = f"Too short. {SENTENCES[0]} He bought 3 hats for the man in the shop. {SENTENCES[1]} How does this one end in a question?"
    assert sentences_of(text) == list(SENTENCES)


def test_what_is_asked_says_the_conditions_and_not_the_reference() -> None:
    item = item_of(SENTENCES[0], "count", "i")
    assert "exactly 11 words" in item.question
    assert f"the word '{item.fields['keywords'][0]}'" in item.question
    assert SENTENCES[0] not in item.prompt[-1].content
    assert judge(item, item.read(Draft(SENTENCES[0]))).outcome == "right"
    assert judge(item, item.read(Draft("A man talks."))).outcome == "wrong"
    assert judge(item, item.read(Draft(" "))).outcome == "unreadable"


@pytest.mark.models
def test_items_of_the_packaged_text_are_of_each_kind_and_always_the_same() -> None:
    task = load_task("constrained_words", items=30)
    assert {item.fields["kind"] for item in task.test} == set(KINDS)
    for item in task.test:
        assert judge(item, item.read(Draft(item.fields["reference"]))).outcome == "right"
        assert 8 <= len(words_of(item.fields["reference"])) <= 14
    again = load_task("constrained_words", items=30)
    assert [item.question for item in task.test] == [item.question for item in again.test]
    assert len({item.question for item in load_task("constrained_words", items=100).test}) > 90


def test_a_kind_that_is_not_there_is_refused() -> None:
    with pytest.raises(TaskError, match="places, keywords, count"):
        load_task("constrained_words(kind=rhymes)")
