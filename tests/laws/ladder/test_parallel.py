"""Parallel text: a line is a task and its answer, and no test sentence is trained on."""

from collections import Counter

import pytest

from gulliver.laws import LawError
from gulliver.laws.ladder.parallel import Sentence, parallel, tasks

MADE = parallel(120_000, 50, rare=0.5)


def test_a_line_is_what_is_given_and_what_is_wanted() -> None:
    sentence = Sentence("common", "mo sees fa", "mu fu si")
    assert sentence.task("into") == ("mo sees fa =>", " mu fu si")
    assert sentence.task("out of") == ("mu fu si <=", " mo sees fa")
    assert tasks([sentence], "into") == [("\nmo sees fa =>", " mu fu si")]
    into = sum(" => " in line for line in MADE.lines)
    assert 0.45 < into / len(MADE.lines) < 0.55


def test_no_test_sentence_is_trained_on_in_either_direction() -> None:
    sides = {side for line in MADE.lines for side in line.replace(" <= ", " => ").split(" => ")}
    for part in MADE.test.values():
        assert len({s.source for s in part}) == 50
        assert not sides & {s.source for s in part}


def test_what_is_frequent_in_one_domain_is_rare_in_the_other() -> None:
    counts = {
        domain: Counter(word for s in part for word in s.target.split())
        for domain, part in parallel(1, 400).test.items()
    }
    top = [{word for word, _ in counts[domain].most_common(40)} - {"ke"} for domain in ("common", "rare")]
    assert len(top[0] & top[1]) <= 3


def test_the_same_seed_gives_the_same_text_of_about_the_size() -> None:
    assert parallel(120_000, 50, rare=0.5) == MADE
    assert parallel(120_000, 50, rare=0.5, seed=1) != MADE
    assert 120_000 <= len(MADE.text.encode()) < 120_300


def test_a_share_is_a_share() -> None:
    with pytest.raises(LawError):
        parallel(1000, 10, rare=1.5)
