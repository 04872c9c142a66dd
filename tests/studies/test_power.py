"""What the items can settle, said before anything is spent."""

import numpy as np

from gulliver.studies.boundaries import Design, accepting, rejecting
from gulliver.studies.power import power_sentence, resolvable_gap


def test_a_recipe_that_far_away_is_settled_nine_times_in_ten() -> None:
    gap = resolvable_gap(300, None, 0.6, 0.01)
    rng = np.random.default_rng(0)
    n = np.arange(1, 301)
    for rate in (0.6 + gap, 0.6 - gap):
        right = (rng.random((4000, 300)) < rate).cumsum(axis=1)
        met = right >= accepting(0.6, None, 0.01, Design()).table(300)[1:]
        missed = n - right >= rejecting(0.6, None, (0.01,), Design()).table(300)[1:]
        assert (met | missed).any(axis=1).mean() >= 0.885
    assert 0.02 < gap < 0.2


def test_more_items_a_weaker_level_and_a_nearly_exhausted_pool_resolve_more() -> None:
    assert resolvable_gap(800, None, 0.5, 0.01) < resolvable_gap(200, None, 0.5, 0.01)
    assert resolvable_gap(200, None, 0.5, 0.05) < resolvable_gap(200, None, 0.5, 0.001)
    assert resolvable_gap(200, 220, 0.5, 0.01) < resolvable_gap(200, None, 0.5, 0.01)


def test_a_pool_that_may_be_asked_whole_resolves_anything() -> None:
    assert resolvable_gap(100, 100, 0.5, 0.01) == 0.0
    assert "settles any recipe exactly" in power_sentence(100, 100, 0.5, 0.01)


def test_too_few_items_are_said() -> None:
    assert resolvable_gap(5, None, 0.9, 0.001) == 1.0
    assert "too few" in power_sentence(5, None, 0.9, 0.001)
    assert "90 % power" in power_sentence(400, None, 0.5, 0.01)
