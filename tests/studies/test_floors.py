"""Floors learn what labels teach, never an item's own label, and say what they were fitted to."""

import random
from collections.abc import Sequence

import pytest

from gulliver.errors import ModelError
from gulliver.models.encoder import Encoder
from gulliver.studies.floors import FloorResult, floors, folds, text_of
from gulliver.tasks.base import Item, Task, make_item
from gulliver.tasks.judges import Exact

TOPICS = {
    "billing": ["invoice", "charged", "refund", "payment", "card"],
    "shipping": ["parcel", "courier", "late", "delivery", "address"],
    "technical": ["crash", "screen", "login", "error", "update"],
}


def _no_encoder() -> Encoder:
    raise ModelError("The index cannot be reached.")


def _item(i: int, text: str, label: str) -> Item:
    return make_item(f"{i}", text, label, Exact())


def _task(pairs: Sequence[tuple[str, str]], train: Sequence[tuple[str, str]] = ()) -> Task:
    test = [_item(i, *pair) for i, pair in enumerate(pairs)]
    learned = [_item(1000 + i, *pair) for i, pair in enumerate(train)]
    labels = tuple(sorted({label for _, label in [*pairs, *train]}))
    return Task("tickets", test, learned, labels=labels)


def _tickets(n: int, seed: int = 0) -> list[tuple[str, str]]:
    source = random.Random(seed)
    labels = [source.choice(sorted(TOPICS)) for _ in range(n)]
    return [(" ".join(["please", "help", *source.choices(TOPICS[label], k=3)]), label) for label in labels]


def _share(floor: FloorResult, pairs: Sequence[tuple[str, str]]) -> float:
    assert len(floor.predictions) == len(pairs)
    return sum(said == label for said, (_, label) in zip(floor.predictions, pairs, strict=True)) / len(pairs)


def test_words_that_tell_the_label_are_learned_and_majority_stays_at_its_share() -> None:
    pairs = [*_tickets(60), ("an invoice", "billing"), ("a refund", "billing")]
    majority, tfidf = floors(_task(pairs), encoder=_no_encoder)
    assert _share(tfidf, pairs) > 0.95
    common = max(sorted(TOPICS), key=lambda label: [at for _, at in pairs].count(label))
    assert set(majority.predictions) == {common}


def test_no_item_is_predicted_from_its_own_label() -> None:
    source = random.Random(1)
    pairs = [(f"word{i} word{i + 1}", source.choice("ab")) for i in range(0, 400, 2)]
    assert _share(floors(_task(pairs), encoder=_no_encoder)[1], pairs) < 0.6


def test_a_near_tie_of_labels_is_one_constant_answer() -> None:
    pairs = [(f"word{i}", "ab"[i % 2]) for i in range(41)]
    majority = floors(_task(pairs), encoder=_no_encoder)[0]
    assert set(majority.predictions) == {"a"}
    assert majority.note == "always says 'a', the pool's own most frequent label"


def test_an_item_is_not_predicted_from_its_twin_either() -> None:
    source = random.Random(2)
    pairs = [(f"word{i}", source.choice("ab")) for i in range(150)] * 2
    assert _share(floors(_task(pairs), encoder=_no_encoder)[1], pairs) < 0.65


def test_with_train_items_the_pools_labels_are_not_used() -> None:
    pairs = _tickets(30, seed=3)
    wrong = [(text, "billing") for text, _ in pairs]
    given = floors(_task(pairs, _tickets(60, seed=4)), encoder=_no_encoder)
    blind = floors(_task(wrong, _tickets(60, seed=4)), encoder=_no_encoder)
    assert [floor.predictions for floor in given] == [floor.predictions for floor in blind]
    assert _share(given[1], pairs) > 0.95
    assert given[0].note == "fitted to 60 labelled train items"


def test_the_note_says_what_cross_fitting_needs_and_why_the_probe_is_missing() -> None:
    *_, last = floors(_task(_tickets(20)), encoder=_no_encoder)
    assert last.note.startswith("cross-fitted on the pool's own labels: needs 20 labelled items")
    assert "the probe on sentence vectors was left out: The index cannot be reached." in last.note


def test_folds_spread_each_label_and_keep_twins_together() -> None:
    labels = ["a"] * 20 + ["b"] * 10 + ["c"] * 3
    texts = [f"{i}" for i in range(33)]
    fold = folds([*texts, "0"], [*labels, "a"], 5, seed=0)
    assert fold[33] == fold[0]
    for label, least, most in (("a", 4, 4), ("b", 2, 2), ("c", 0, 1)):
        counts = [sum(f == k and at == label for f, at in zip(fold, labels, strict=False)) for k in range(5)]
        assert least <= min(counts) <= max(counts) <= most


@pytest.mark.parametrize("n", [1, 2, 3])
def test_a_handful_of_items_is_enough_to_say_something(n: int) -> None:
    task = _task([("one", "a"), ("two", "b"), ("three", "a")][:n])
    assert all(set(floor.predictions) <= set(task.labels) for floor in floors(task, encoder=_no_encoder))


def test_a_label_that_occurs_once_does_no_harm() -> None:
    pairs = [*_tickets(30), ("hello", "other")]
    assert _share(floors(_task(pairs), encoder=_no_encoder)[1], pairs) > 0.8


def test_a_task_without_labels_has_no_floors() -> None:
    assert floors(Task("free", [_item(0, "hi", "there")])) == []


def test_the_same_seed_gives_the_same_predictions() -> None:
    task = _task(_tickets(40))
    first, second = floors(task, seed=7, encoder=_no_encoder), floors(task, seed=7, encoder=_no_encoder)
    assert [floor.predictions for floor in first] == [floor.predictions for floor in second]


def test_costs_are_stated_and_a_constant_is_free() -> None:
    majority, tfidf = floors(_task(_tickets(40)), encoder=_no_encoder)
    assert (majority.flops_per_item, majority.seconds_per_item) == (0.0, 0.0)
    assert 2 * 3 * 5 <= tfidf.flops_per_item <= 2 * 3 * 9  # five words and four pairs, three labels
    assert tfidf.seconds_per_item > 0.0


def test_the_text_column_is_read_before_the_question() -> None:
    put = make_item("1", "Which label fits? late parcel", "shipping", Exact(), fields={"text": "late parcel"})
    assert text_of(put) == "late parcel"
    assert text_of(_item(2, "late parcel", "shipping")) == "late parcel"


@pytest.mark.models
def test_the_probe_knows_words_it_was_not_fitted_to() -> None:
    animals = ["a cat slept", "two horses ran", "the dog barked", "sheep grazed", "a fox hid", "our goat ate"]
    money = ["the bank lent", "taxes rose", "my salary came", "shares fell", "a loan ended", "prices climbed"]
    train = [*((text, "animals") for text in animals), *((text, "money") for text in money)]
    pairs = [("wolves howled", "animals"), ("some kittens purred", "animals"), ("her pension shrank", "money")]
    *_, probe = floors(_task(pairs, train))
    assert probe.name == "minilm-22m + linear probe"
    assert _share(probe, pairs) == 1.0
    assert 2 * 10e6 * 3 < probe.flops_per_item < 2 * 12e6 * 10
    assert probe.seconds_per_item > 0.0
