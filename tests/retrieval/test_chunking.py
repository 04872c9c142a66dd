from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gulliver.retrieval.chunking import chunks, sentences

TEXT = st.text(alphabet="ab. \n!", max_size=300)


@settings(deadline=None)
@given(TEXT, st.integers(1, 12), st.integers(0, 5))
def test_every_word_stays_in_order_and_no_passage_is_too_long(text: str, size: int, overlap: int) -> None:
    made = chunks(text, size, min(overlap, size - 1))
    assert all(0 < len(piece.split()) <= size for piece in made)
    joined = [word for piece in chunks(text, size, 0) for word in piece.split()]
    assert joined == text.split()


def test_passages_end_where_sentences_do_and_share_whole_ones() -> None:
    text = "One two three. Four five. Six seven eight. Nine."
    assert chunks(text, 5, 0) == ["One two three. Four five.", "Six seven eight. Nine."]
    made = chunks(text, 5, 2)
    assert made == ["One two three. Four five.", "Four five. Six seven eight.", "Nine."]
    assert all(second.startswith(sentences(first)[-1]) for first, second in pairwise(made[:2]))


def test_lines_of_verse_stay_lines() -> None:
    assert chunks("Shall I compare thee\nto a summer's day", 20, 0) == ["Shall I compare thee\nto a summer's day"]


def test_persian_sentences_end_at_persian_marks() -> None:
    assert sentences("کجایی؟ اینجا هستم. خوب") == ["کجایی؟", "اینجا هستم.", "خوب"]


@pytest.mark.parametrize(("size", "overlap"), [(0, 0), (5, 5), (5, -1)])
def test_sizes_that_make_no_sense_are_refused(size: int, overlap: int) -> None:
    with pytest.raises(ValueError, match="overlap"):
        chunks("a b", size, overlap)
