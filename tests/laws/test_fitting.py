"""Fits: published numbers, intervals, hold-out, comparison, and warnings where a table does not say enough."""

import os
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from gulliver.laws import Fitted, LawError, compare, find_form, fit

SHARED = Path(os.environ.get("GULLIVER_SHARED") or Path(__file__).parents[3] / "shared") / "data"
RUNS = SHARED / "chinchilla_runs.csv"
needs_runs = pytest.mark.skipif(not RUNS.is_file(), reason="the published runs are not here")


def saturating(rows: int = 40, noise: float = 0.01, seed: int = 0) -> dict[str, Any]:
    rng = np.random.default_rng(seed)
    x = np.geomspace(1e3, 1e9, rows)
    group = [f"m{i % 8}" for i in range(rows)]
    return {"x": x, "loss": (1.7 + 60 * x**-0.3) * np.exp(noise * rng.standard_normal(rows)), "model": group}


def chinchilla(**options: Any) -> Fitted:
    return fit(
        RUNS,
        "chinchilla",
        mapping={"parameters": "Model Size", "flops": "Training FLOP"},
        derive=["tokens=flops/(6*parameters)"],
        drop_highest=("loss", 5),
        **options,
    )


@needs_runs
def test_the_refit_of_chinchilla_is_found_with_its_errors() -> None:
    found = chinchilla()
    c = found.constants
    assert found.rows == 240
    assert found.objective <= 0.0010183
    assert c["alpha"].value == pytest.approx(0.3473, abs=0.001)
    assert c["beta"].value == pytest.approx(0.3672, abs=0.001)
    assert c["E"].value == pytest.approx(1.8172, abs=0.002)
    assert c["A"].value == pytest.approx(478, abs=5)
    assert c["B"].value == pytest.approx(2143, abs=60)
    assert c["alpha"].se == pytest.approx(0.0154, rel=0.15)
    assert c["beta"].se == pytest.approx(0.0206, rel=0.15)
    assert found.warnings == ()


@needs_runs
def test_larger_runs_are_predicted_from_smaller_ones() -> None:
    held = chinchilla(bootstrap=0, hold_out=("flops", 30)).held_out
    assert held is not None
    assert held["rows"] == 30
    assert held["mean_absolute_relative_error"] < 0.02


def test_held_out_runs_are_counted_in_the_curves_interval_and_in_that_of_a_run() -> None:
    x = np.geomspace(1e3, 1e9, 60)
    table = {"x": x, "loss": 30.0 * x**-0.12 * np.exp(0.05 * np.random.default_rng(3).standard_normal(60))}
    held = fit(table, "power", bootstrap=200, starts=16, hold_out=("x", 20)).held_out
    assert held is not None
    assert held["inside"] >= 17
    assert held["inside_curve"] < held["inside"]
    bare = fit(table, "power", bootstrap=0, starts=16, hold_out=("x", 20)).held_out
    assert bare is not None
    assert "inside" not in bare


@pytest.mark.parametrize("resample", ["case", "residual", "block:model"])
def test_every_way_to_resample_gives_an_interval_around_the_value(resample: str) -> None:
    found = fit(saturating(), "saturating", bootstrap=200, resample=resample)
    assert found.draws.shape == (200, 3)
    for constant in found.constants.values():
        assert constant.low is not None
        assert constant.high is not None
        assert constant.low < constant.value < constant.high


def test_profile_and_bootstrap_intervals_agree_where_both_hold() -> None:
    profile = fit(saturating(60), "saturating", objective="log-least-squares", intervals="profile", bootstrap=0)
    drawn = fit(saturating(60), "saturating", objective="log-least-squares", bootstrap=1000)
    for name, mine in profile.constants.items():
        other = drawn.constants[name]
        assert None not in (mine.low, mine.high, other.low, other.high)
        assert mine.high - mine.low == pytest.approx(other.high - other.low, rel=0.35)  # type: ignore[operator]


def test_a_profile_of_a_line_is_students_interval() -> None:
    rng = np.random.default_rng(3)
    x = np.geomspace(1, 1e4, 25)
    y = np.log(5.0) - 0.2 * np.log(x) + 0.05 * rng.standard_normal(25)
    found = fit({"x": x, "loss": np.exp(y)}, "power", objective="log-least-squares", intervals="profile", bootstrap=0)
    from scipy.stats import linregress, t

    line = linregress(np.log(x), y)
    half = t.ppf(0.975, 23) * line.stderr
    b = found.constants["b"]
    assert (b.value, b.low, b.high) == pytest.approx((-line.slope, -line.slope - half, -line.slope + half), rel=1e-4)


def test_an_interval_stays_within_what_a_constant_can_be() -> None:
    x = np.geomspace(0.3, 5.0, 12)
    error = 0.05 - 0.04 * np.exp(-x) + 0.02 * np.random.default_rng(5).standard_normal(12)
    found = fit({"loss": x, "error": np.abs(error)}, "loss_to_error", bootstrap=200)
    epsilon = found.constants["epsilon"]
    assert epsilon.low is not None
    assert epsilon.high is not None
    assert 0.0 <= epsilon.low <= epsilon.high <= 2.0


def test_huber_has_no_profile() -> None:
    with pytest.raises(LawError, match="need a likelihood"):
        fit(saturating(), "saturating", intervals="profile", bootstrap=0)


def test_the_better_law_is_named_by_both_criteria() -> None:
    ranked = compare(saturating(), ["power", "saturating"])
    assert ranked[0].law == "saturating"
    assert ranked[0].weight is not None
    assert ranked[0].weight > 0.99


def test_a_floor_that_was_never_reached_is_said_to_be_unknown() -> None:
    x = np.geomspace(1e3, 1e5, 30)
    noise = np.exp(0.02 * np.random.default_rng(0).standard_normal(30))
    found = fit({"x": x, "loss": 100 * x**-0.3 * noise}, "saturating", bootstrap=200)
    assert any("E" in w and ("identified" in w or "limit" in w) for w in found.warnings)


def test_constants_that_trade_places_are_said_to_be_flat() -> None:
    size = np.geomspace(1e6, 1e9, 40)
    loss = find_form("chinchilla").predict(
        np.array([[1.8, 400.0, 2000.0, 0.34, 0.34]]), {"parameters": size, "tokens": 20 * size}
    )[0]
    found = fit({"parameters": size, "tokens": 20 * size, "loss": loss}, "chinchilla", bootstrap=0)
    assert any("identified" in w for w in found.warnings)


def test_a_fit_is_the_same_after_a_journey_through_json() -> None:
    found = fit(saturating(), "saturating", bootstrap=100)
    again = Fitted.from_json(found.to_json())
    assert again == found
    here, there = found.predict(x=1e10)[0], again.predict(x=1e10)[0]
    assert (here.value, here.low, here.high) == pytest.approx((there.value, there.low, there.high), rel=1e-6)


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"law": "power"}', '{"law": "nope", "constants": {}}'])
def test_other_json_is_no_fit(text: str) -> None:
    with pytest.raises(LawError, match="no fitted law"):
        Fitted.from_json(text)


def test_a_prediction_needs_every_input_and_a_positive_one() -> None:
    found = fit(saturating(), "saturating", bootstrap=0)
    with pytest.raises(LawError, match="x is missing"):
        found.predict()
    with pytest.raises(LawError, match="positive"):
        found.predict(x=-1.0)


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        ({"objective": "nope"}, "no objective"),
        ({"delta": 0.0}, "delta must be positive"),
        ({"resample": "nope"}, "Resampling is"),
        ({"resample": "block:nope"}, "no column 'nope'"),
        ({"intervals": "nope"}, "Intervals are"),
        ({"hold_out": ("x", 40)}, "cannot be held out"),
        ({"hold_out": ("y", 4)}, "no column 'y'"),
    ],
)
def test_an_option_that_cannot_be_is_one_sentence(options: dict[str, Any], sentence: str) -> None:
    with pytest.raises(LawError, match=sentence):
        fit(saturating(), "saturating", **{"bootstrap": 20, **options})


def test_an_unknown_law_lists_those_there_are() -> None:
    with pytest.raises(LawError, match="chinchilla"):
        fit(saturating(), "nope")


def test_draws_too_large_to_square_have_an_interval_and_no_standard_error() -> None:
    from gulliver.laws.fitted import interval

    found = interval(1e200, np.geomspace(1e180, 1e299, 100), 0.95)
    assert found.low is not None
    assert found.se is None
