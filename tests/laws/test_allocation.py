"""What a fitted law says of the best size agrees with the publications' formulas."""

import numpy as np
import pytest

from gulliver.laws import LawError, fit
from gulliver.laws.allocation import size_exponent, unfinished
from gulliver.laws.registry import find_form

SIZES, TOKENS = (g.ravel() for g in np.meshgrid(np.geomspace(1e4, 1e7, 7), np.geomspace(1e5, 1e8, 5)))


def _runs(law: str, truth: tuple[float, ...]) -> dict[str, np.ndarray]:
    columns = {"parameters": SIZES, "tokens": TOKENS}
    loss = find_form(law).predict(np.array([truth]), columns)[0]
    return {**columns, "loss": loss * np.exp(np.random.default_rng(0).normal(0.0, 0.002, len(loss)))}


def test_kaplans_exponent_and_how_early_the_best_model_stops() -> None:
    fitted = fit(_runs("kaplan_nd", (8.8e13, 5.4e13, 0.076, 0.095)), "kaplan_nd", bootstrap=100)
    a, early = size_exponent(fitted), unfinished(fitted, 1e14)
    assert a.low is not None
    assert a.high is not None
    assert a.low < 0.095 / (0.076 + 0.095) < a.high
    assert early.value == pytest.approx((1 + 0.076 / 0.095) ** 0.095 - 1, rel=0.05)


def test_chinchillas_exponent_and_excess() -> None:
    truth = (1.8, 480.0, 2100.0, 0.35, 0.37)
    fitted = fit(_runs("chinchilla", truth), "chinchilla", bootstrap=0)
    assert size_exponent(fitted).value == pytest.approx(0.37 / 0.72, abs=0.02)
    assert size_exponent(fitted).low is None
    best = fitted.form.plan(fitted.theta, {"flops": 1e14})
    assert best is not None
    end = fitted.predict(parameters=float(best["parameters"][0]), tokens=1e300)[0].value
    assert unfinished(fitted, 1e14).value == pytest.approx(float(best["loss"][0]) / end - 1)


def test_a_law_of_one_column_has_no_best_size() -> None:
    fitted = fit({"x": SIZES, "loss": SIZES**-0.1}, "power", bootstrap=0)
    with pytest.raises(LawError, match="plans no size"):
        size_exponent(fitted)
    with pytest.raises(LawError, match="no law of parameters and tokens"):
        unfinished(fitted, 1e14)
