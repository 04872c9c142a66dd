"""The grammar of customers' messages: what is tuned on is never what is asked."""

import pytest

from gulliver.errors import TaskError
from gulliver.tasks import load_task
from gulliver.tasks.intents_grammar import HELD_OUT, LABELS, PRODUCTS, TEMPLATES


def test_every_language_says_every_intent_in_as_many_ways() -> None:
    assert {len(ways) for by_label in TEMPLATES.values() for ways in by_label.values()} == {4 + HELD_OUT}
    assert all(tuple(by_label) == LABELS for by_label in TEMPLATES.values())
    assert set(PRODUCTS) == set(TEMPLATES)


def test_no_wording_is_used_twice() -> None:
    ways = [way for by_label in TEMPLATES.values() for ways in by_label.values() for way in ways]
    assert len(set(ways)) == len(ways)


def test_splits_are_apart_and_the_same_for_a_seed() -> None:
    task, again, other = load_task("intents"), load_task("intents"), load_task("intents", seed=1)
    questions = [{item.question for item in split} for split in (task.train, task.dev, task.test)]
    assert not questions[0] & questions[1] | questions[0] & questions[2] | questions[1] & questions[2]
    assert [len(q) for q in questions] == [640, 64, 400]
    assert task.digest == again.digest != other.digest


def test_labels_stand_in_equal_shares() -> None:
    task = load_task("intents", items=160)
    counts = [sum(item.target == label for item in task.test + task.dev) for label in LABELS]
    assert max(counts) - min(counts) <= 1


def test_unknown_languages_and_too_many_messages_get_a_sentence() -> None:
    with pytest.raises(TaskError, match="speaks en, de, fr, es"):
        load_task("intents(languages=['xx'])")
    with pytest.raises(TaskError, match="too few distinct"):
        load_task("intents(languages=en, train=9999999)")
