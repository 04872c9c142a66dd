"""Likelihoods of a trained model: of parts that add up, and of the window's loss."""

from pathlib import Path

import numpy as np
import pytest

from gulliver.laws import LawError
from gulliver.laws.ladder import chains_of, run_ladder
from gulliver.laws.ladder.likelihood import Likelihood
from tests.laws.ladder.tiny import GRID, tiny


@pytest.fixture(scope="module")
def likelihood(tmp_path_factory: pytest.TempPathFactory) -> Likelihood:
    config = tiny(tmp_path_factory.mktemp("likelihood"), {"decoder": {**GRID, "tokens": [4096]}})
    run_ladder(config)
    return Likelihood(config.out / "models" / f"{chains_of(config)[0].name}-d4096")


def test_a_whole_is_the_sum_of_its_parts_whatever_is_beside_it(likelihood: Likelihood) -> None:
    whole, count = likelihood([("", "\nba do => mi"), ("", "\nba do"), ("\nba do", " => mi"), ("", "\nb")])
    assert whole[0] == pytest.approx(whole[1] + whole[2], abs=1e-4)
    assert count[0] == count[1] + count[2]
    assert likelihood([("\nba do", " => mi")])[0][0] == pytest.approx(whole[2], abs=1e-4)
    assert (whole < 0).all()


def test_what_was_trained_on_is_likelier(likelihood: Likelihood) -> None:
    nats, _ = likelihood([("\nba do", " =>"), ("\nba do", " %%")])
    assert nats[0] > nats[1]


def test_a_text_longer_than_the_windows_is_refused(likelihood: Likelihood) -> None:
    with pytest.raises(LawError, match="shorter"):
        likelihood([("", "x" * 40)])
    assert np.array_equal(likelihood([])[0], np.zeros(0))


def test_a_folder_without_a_model_is_refused(tmp_path: Path) -> None:
    with pytest.raises(LawError, match="no model"):
        Likelihood(tmp_path)
