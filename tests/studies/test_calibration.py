"""Calibration figures: known values, exact confidences pass, overstated ones do not."""

import numpy as np
import pytest

from gulliver.studies.calibration import auroc, binned, brier, calibration, ece


def test_figures_of_a_table_worked_by_hand() -> None:
    said, was = np.array([0.2, 0.2, 0.8, 0.8]), np.array([0.0, 1.0, 1.0, 1.0])
    assert ece(said, was, 2) == pytest.approx((2 * 0.3 + 2 * 0.2) / 4)
    assert brier(said, was) == pytest.approx((0.04 + 0.64 + 0.04 + 0.04) / 4)
    assert auroc(said, was) == pytest.approx((0.5 + 1 + 1) / 3)


def test_bins_hold_about_as_many_items_and_never_part_equal_confidences() -> None:
    said = np.array([0.5] * 50 + list(np.linspace(0.6, 1.0, 50)))
    parts = binned(said, 10)
    assert sum(map(len, parts)) == 100
    assert sum(0.5 in said[p] for p in parts) == 1
    assert len(binned(np.linspace(0, 1, 100), 10)) == 10
    assert [len(p) for p in binned(np.full(7, 0.3), 10)] == [7]


@pytest.mark.parametrize("seed", range(3))
def test_exact_confidences_pass_and_overstated_ones_do_not(seed: int) -> None:
    rng = np.random.default_rng(seed)
    truth = rng.random(600)
    right = (rng.random(600) < truth).tolist()
    exact = calibration(truth.tolist(), right)
    assert exact.ece.value < 0.06
    assert exact.ece.low <= exact.ece.value <= exact.ece.high
    assert exact.brier.value == pytest.approx(1 / 6, abs=0.03)
    loud = calibration(np.sqrt(np.sqrt(truth)).tolist(), right)
    assert not loud.calibrated
    assert loud.ece.value > 0.2
    assert loud.auroc is not None
    assert exact.auroc is not None
    assert loud.auroc.value == pytest.approx(exact.auroc.value)  # order is kept


def test_exact_confidences_are_called_so_about_as_often_as_stated() -> None:
    passed = 0
    for seed in range(40):
        rng = np.random.default_rng(seed)
        truth = rng.random(60)
        passed += calibration(truth.tolist(), (rng.random(60) < truth).tolist(), seed=seed).calibrated
    assert passed >= 33  # 38 expected


def test_one_outcome_alone_has_no_discrimination() -> None:
    found = calibration([0.5, 0.9], [True, True])
    assert found.auroc is None
    assert found.to_json()["auroc"] is None


@pytest.mark.parametrize(("said", "was"), [([], []), ([0.5], [True, False]), ([1.5], [True]), ([float("nan")], [True])])
def test_what_is_no_confidence_is_refused(said: list[float], was: list[bool]) -> None:
    with pytest.raises(ValueError, match="confidence"):
        calibration(said, was)
