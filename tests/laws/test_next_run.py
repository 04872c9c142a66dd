"""The run proposed next narrows the interval by about what was said; plans have intervals; mistakes have sentences."""

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from gulliver.laws import Fitted, LawError, find_form, fit
from gulliver.laws.next_run import noise_of_a_run, propose
from gulliver.laws.planning import plan

TRUTH = np.array([[1.82, 478.0, 2143.0, 0.347, 0.367]])
TARGET = {"parameters": 1e10, "tokens": 2e11}
NOISE = 0.01


def _loss(columns: dict[str, Any], rng: np.random.Generator) -> Any:
    exact = find_form("chinchilla").predict(TRUTH, columns)[0]
    return exact * np.exp(rng.normal(0, NOISE, len(exact)))


def _table(seed: int, rows: int = 40) -> dict[str, Any]:
    rng = np.random.default_rng(seed)
    columns = {"parameters": np.exp(rng.uniform(np.log(1e7), np.log(1e9), rows))}
    columns["tokens"] = np.exp(rng.uniform(np.log(2e8), np.log(2e10), rows))
    return {**columns, "loss": _loss(columns, rng)}


def _fit(table: dict[str, Any], starts: int = 30) -> Fitted:
    return fit(table, "chinchilla", resample="residual", bootstrap=200, starts=starts)


@pytest.fixture(scope="module")
def fitted() -> Fitted:
    return _fit(_table(0))


def test_after_the_proposed_run_the_interval_is_about_as_narrow_as_was_said() -> None:
    expected, measured, before = [], [], []
    for seed in range(5):
        rng = np.random.default_rng([seed, 7])
        table = _table(seed)
        made = propose(_fit(table), TARGET, at_least=0.1)
        run = made.best if made.reached else made.narrowest
        widths = []
        for _ in range(3):
            one = {role: np.array([v]) for role, v in run.at.items()}
            more = {role: np.append(table[role], one[role]) for role in one}
            after = _fit({**more, "loss": np.append(table["loss"], _loss(one, rng))}).predict(TARGET)[0]
            assert after.low is not None
            assert after.high is not None
            widths.append(after.high - after.low)
        expected.append(run.width)
        measured.append(float(np.mean(widths)))
        before.append(made.width)
    assert np.mean(np.array(measured) < before) > 0.5
    assert np.median(np.array(expected) / measured) == pytest.approx(1.0, abs=0.12)


def test_the_proposal_is_affordable_and_narrows_by_what_was_asked(fitted: Fitted) -> None:
    made = propose(fitted, TARGET, most_flops=1e20, at_least=0.05)
    assert made.reached
    assert made.best.narrows >= 0.05
    assert all(c.flops <= 1e20 * 1.000001 for c in made.candidates)
    assert made.best.flops == pytest.approx(6 * made.best.at["parameters"] * made.best.at["tokens"])
    assert made.narrowest.width <= made.best.width < made.width
    cheaper = [c for c in made.candidates if c.narrows >= 0.05]
    assert made.best.gain == max(c.gain for c in cheaper)


def test_the_target_itself_narrows_more_than_a_repeat_of_the_smallest_run(fitted: Fitted) -> None:
    runs = {"parameters": [1e10, 1e7], "tokens": [2e11, 2e8]}
    made = propose(fitted, TARGET, runs=runs, most_flops=1e30)
    assert made.narrowest.at["parameters"] == 1e10


def test_more_noise_makes_a_run_worth_less(fitted: Fitted) -> None:
    runs = {"parameters": [3e9], "tokens": [6e10]}
    calm, loud = (
        propose(replace(fitted, noise=fitted.noise * k, draws=fitted.draws), TARGET, runs=runs, most_flops=1e30)
        for k in (1.0, 4.0)
    )
    assert calm.best.narrows > 1.5 * loud.best.narrows


def test_hubers_noise_lies_between_that_of_squares_and_of_absolute_values(fitted: Fitted) -> None:
    assert noise_of_a_run(replace(fitted, delta=1e3)) == pytest.approx(fitted.noise**2, rel=1e-6)
    assert noise_of_a_run(replace(fitted, delta=1e-9)) == pytest.approx(np.pi / 2 * fitted.noise**2, rel=1e-3)


@pytest.mark.parametrize(
    ("change", "options", "words"),
    [
        ({"draws": np.empty((0, 5))}, {}, "bootstrap draws"),
        ({}, {"most_flops": 1.0}, "No candidate costs at most"),
        ({}, {"cost": "6*size"}, "names 'size'"),
        ({}, {"runs": {"parameters": [1e9]}}, "tokens is missing"),
        ({}, {"at_least": 2.0}, "share between"),
    ],
)
def test_mistakes_are_answered_with_a_sentence(fitted: Fitted, change: Any, options: Any, words: str) -> None:
    with pytest.raises(LawError, match=words):
        propose(replace(fitted, **change), TARGET, **options)


def test_a_law_of_unknown_cost_asks_for_it() -> None:
    scale = np.geomspace(1e3, 1e6, 12)
    score = find_form("critical_size").predict(np.array([[0.05, 0.95, 3e4, 4.0]]), {"data": scale})[0]
    found = fit(
        {"data": scale, "score": score + np.random.default_rng(0).normal(0, 0.01, 12)}, "critical_size", bootstrap=100
    )
    with pytest.raises(LawError, match="--cost"):
        propose(found, {"data": 1e7})
    assert propose(found, {"data": 1e7}, cost="data", most_flops=1e6).best.flops <= 1e6


def test_a_plan_has_the_best_split_with_its_interval(fitted: Fitted) -> None:
    best = plan(fitted, {"flops": 1e21})
    assert best["parameters"].value * best["tokens"].value == pytest.approx(1e21 / 6)
    assert best["loss"].low is not None
    assert best["loss"].low < best["loss"].value


def test_a_law_without_a_split_says_so_and_a_budget_must_be_positive(fitted: Fitted) -> None:
    with pytest.raises(LawError, match="positive flops"):
        plan(fitted, {"flops": 0.0})
    scale = np.geomspace(1e7, 1e11, 12)
    found = fit({"scale": scale, "score": 0.2 + 0.01 * np.log10(scale)}, "threshold", bootstrap=0)
    with pytest.raises(LawError, match="use predict"):
        plan(found, {"flops": 1e21})
