"""A simple text has only frequent words, and an item's distractors are about as frequent as the true word."""

import pytest

from gulliver.laws import LawError
from gulliver.laws.simple_language import choose, cloze_items, frequent, sentences, simple, words

PLAY = """# Act 1

**KING**
The king is _aside_ here. The king is not
mad! O!

**FOOL**  [Exit]
The king's fool is very mad indeed.
"""


def test_sentences_are_speech_without_names_and_directions() -> None:
    assert sentences(PLAY) == ["The king is here.", "The king is not mad!", "The king's fool is very mad indeed."]


def test_simple_sentences_have_only_frequent_words() -> None:
    found = sentences(PLAY)
    vocabulary = frequent(found, 6)
    assert vocabulary == ["is", "the", "king", "mad", "fool", "here"][:4] + vocabulary[4:]
    assert simple(found, ["the", "king", "is", "here", "mad"]) == ["The king is here."]
    assert simple(found, frequent(found, len({w for s in found for w in words(s)}))) == found
    with pytest.raises(LawError, match="different words"):
        frequent(found, 100)


ALPHABET = [f"{a}{b}" for a in "bcdfghjklm" for b in "aeiou"]
TEXT = [f"This is about the {word}." for word in ALPHABET]


def test_distractors_are_neighbours_in_frequency() -> None:
    items = cloze_items([*TEXT, *TEXT], ALPHABET, 100, near=5)
    assert len(items) == 50  # each sentence once
    for item in items:
        true, *others = item.options
        assert item.before == "This is about the"
        assert len({true, *others}) == 4
        ranks = [ALPHABET.index(word) for word in item.options]
        assert max(ranks) - min(ranks) <= 10
    assert len(cloze_items(TEXT, ALPHABET, 7)) == 7
    assert cloze_items(TEXT, ALPHABET, 7) == cloze_items(TEXT, ALPHABET, 7)


def test_the_likeliest_ending_is_chosen_and_a_tie_is_wrong() -> None:
    items = cloze_items(TEXT, ALPHABET, 10)
    for item in items:
        true = f"{item.before} {item.options[0]}{item.after}"
        assert true in TEXT
        assert choose([item], lambda texts, true=true: [float(text == true) for text in texts]) == [True]
        assert choose([item], lambda texts, true=true: [-float(text == true) for text in texts]) == [False]
    assert not any(choose(items, lambda texts: [0.0 for _ in texts]))


def test_no_item_is_said() -> None:
    with pytest.raises(LawError, match="cloze"):
        cloze_items(["No stop at the end"], ALPHABET, 5)
