"""A best size that grows slower than FLOPs, and a loss that levels off: each by its interval."""

import json
from pathlib import Path

import numpy as np
import pytest

from gulliver.laws import Table
from gulliver.papers import Measurement, load_paper
from gulliver.papers.base import report
from gulliver.papers.plm_compute_optimal_2024 import PLANS, best_size, floor, gains_of, judge


def _m(low: float, high: float) -> Measurement:
    return Measurement("m", (low + high) / 2, low, high, 20)


SLOWER, FASTER, OPEN = _m(0.4, 0.8), _m(1.1, 1.5), _m(0.4, 1.2)
FLAT, STEEP, SOME = _m(0.001, 0.008), _m(0.02, 0.03), _m(0.005, 0.02)
MOST, LITTLE = _m(0.7, 0.9), _m(0.1, 0.4)


@pytest.mark.parametrize(
    ("sizes", "exponents", "gain", "floor_", "verdict"),
    [
        (6, [SLOWER, SLOWER], FLAT, MOST, "holds"),
        (4, [SLOWER, SLOWER], FLAT, MOST, "cannot tell"),
        (6, [SLOWER, FASTER], FLAT, MOST, "cannot tell"),
        (6, [SLOWER, OPEN], FLAT, MOST, "cannot tell"),
        (6, [FASTER, FASTER], FLAT, MOST, "does not hold here"),
        (6, [SLOWER], STEEP, MOST, "does not hold here"),
        (6, [SLOWER], SOME, MOST, "cannot tell"),
        (6, [SLOWER], FLAT, LITTLE, "does not hold here"),
    ],
)
def test_the_verdict_follows_from_exponent_gain_and_floor(
    sizes: int, exponents: list[Measurement], gain: Measurement, floor_: Measurement, verdict: str
) -> None:
    found, why = judge(sizes, 5, exponents, [gain], [floor_])
    assert found == verdict
    assert why.lower().startswith(verdict)


def _runs() -> Table:
    """Six sizes for five budgets, by a law whose best size grows as FLOPs to the power 0.37 / 0.72 and whose floor is 1.8."""
    sizes, budgets = (g.ravel() for g in np.meshgrid(np.geomspace(2e4, 2e6, 6), np.geomspace(1e11, 1e13, 5)))
    tokens = budgets / 6 / sizes
    loss = 1.8 + 30 * sizes**-0.35 + 100 * tokens**-0.37
    loss *= np.exp(np.random.default_rng(0).normal(0.0, 0.001, len(loss)))
    columns = {"parameters": sizes, "all_parameters": sizes, "tokens": tokens, "flops": budgets, "loss": loss}
    columns["loss_se"] = np.full(len(loss), 0.002)
    return Table(columns, {"model": tuple(f"{size:.0f}" for size in sizes)})


def test_runs_by_a_known_law_give_its_exponent_gain_and_floor() -> None:
    runs = _runs()
    exponent = best_size("decoder", runs, 200)[0]
    assert exponent.value == pytest.approx(0.37 / 0.72, abs=0.08)
    assert 0.2 < exponent.low < exponent.high < 1.0
    found = floor("decoder", runs, 200)
    lowest = float(runs.columns["loss"].min())
    assert found.low < 1.8 / lowest < found.high
    gains = gains_of("decoder", runs)
    assert len(gains) == 4
    assert gains[0].value > gains[-1].value > 0


def test_every_budget_of_the_laptop_has_three_sizes_or_more() -> None:
    plan = PLANS["laptop"]
    for budget in range(len(plan.budgets)):
        assert (
            sum(any(_near(plan.budgets[budget], size, count) for count in plan.tokens(size)) for size in plan.sizes)
            >= 3
        )


def _near(budget: float, size: str, count: int) -> bool:
    from gulliver.laws.ladder import Shape

    width, _, depth = size.partition("x")
    flops = Shape(int(width), int(depth), 258, 128).step_flops(8) * count / 1024
    return abs(np.log(flops / budget)) < 0.05


def test_smoke_trains_on_a_grammar_and_says_so(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("GULLIVER_HOME", str(tmp_path))
    paper = load_paper("plm-compute-optimal-2024")
    finding = paper.experiment("smoke", lambda _: None)
    data = json.loads(json.dumps(report(paper, finding), allow_nan=False))
    assert data["verdict"] == "cannot tell"
    assert "4 sizes for 2 budgets" in data["sentence"]
    assert "4 families of proteins (concentration 0.5) generated from a stated grammar" in data["run_on"]["text"]
    assert data["spent"]["flops"] > 3e9
