"""An ability is unforeseen when it emerged above what smaller models and their continuous metric foretell."""

import json

import numpy as np
import pytest

from gulliver.laws.emergence import EMERGED, NOT_YET, THROUGHOUT
from gulliver.papers import Measurement, load_paper
from gulliver.papers.base import report
from gulliver.papers.emergent_abilities_2022 import Ability, ability, judge, last_checkpoints, line
from gulliver.papers.published import packaged


def _m(low: float, high: float) -> Measurement:
    return Measurement("m", (low + high) / 2, low, high, 10)


ABOVE, WITHIN, OPEN = _m(0.1, 0.3), _m(-0.03, 0.03), _m(-0.3, 0.3)


def _ability(verdict: str, surprise: Measurement, explained: Measurement = OPEN) -> Ability:
    return Ability("a", verdict, 0.2, surprise, explained, None)


@pytest.mark.parametrize(
    ("found", "verdict"),
    [
        ([_ability(EMERGED, ABOVE, ABOVE), _ability(NOT_YET, OPEN)], "holds"),
        ([_ability(EMERGED, ABOVE, WITHIN)], "does not hold here"),
        ([_ability(EMERGED, WITHIN)], "does not hold here"),
        ([_ability(EMERGED, WITHIN), _ability(EMERGED, OPEN)], "cannot tell"),
        ([_ability(EMERGED, ABOVE, OPEN)], "cannot tell"),
        ([_ability(THROUGHOUT, ABOVE, ABOVE)], "cannot tell"),
        ([_ability(NOT_YET, OPEN)], "cannot tell"),
    ],
)
def test_the_verdict_follows_from_detector_and_extrapolations(found: list[Ability], verdict: str) -> None:
    assert judge(found)[0] == verdict
    assert judge(found)[1].lower().startswith(verdict)


def test_a_lines_interval_holds_what_follows_it_as_often_as_it_says() -> None:
    x, rng = np.linspace(0.0, 1.0, 12), np.random.default_rng(0)
    held = 0
    for _ in range(1000):
        y = x + rng.normal(0.0, 0.01, 12)
        _, low, high = line(x[:8], y[:8], x[8:], y[8:], 0.95)
        held += low < 0.0 < high
    assert 930 <= held <= 970


def test_a_jump_beyond_the_line_is_seen() -> None:
    x = np.linspace(0.0, 1.0, 12)
    y = x + np.random.default_rng(0).normal(0.0, 0.01, 12)
    gap, low, _ = line(x[:8], y[:8], x[8:], y[8:] + 0.5, 0.95)
    assert gap == pytest.approx(0.5, abs=0.05)
    assert low > 0.0


def test_a_planted_jump_is_an_unforeseen_ability_unless_the_metric_jumps_too() -> None:
    x = np.repeat(np.geomspace(1e8, 1e11, 9), 2)
    noise = np.random.default_rng(1).normal(0.0, 0.004, (2, 18))
    jump = np.where(x > 8e9, 0.35 * np.log10(x / 8e9), 0.0)
    metric = 3.0 - 0.3 * np.log10(x / 1e8) + noise[1]
    found = ability("sum", x, 0.25 + jump + noise[0], metric, 0.25, 0.95)
    assert found.verdict == EMERGED
    assert judge([found])[0] == "holds"
    told = ability("sum", x, 0.25 + jump + noise[0], metric - 8.0 * jump, 0.25, 0.95)
    assert told.explained.value < found.explained.value


def test_each_model_stands_for_itself_once() -> None:
    table = packaged("pythia_evals.csv")
    assert {f: last_checkpoints(table, f).rows for f in ("pythia", "opt", "bloom")} == {
        "pythia": 16,
        "opt": 8,
        "bloom": 5,
    }


def test_published_scores_at_smoke_show_lambada_rising_and_logiqa_at_chance() -> None:
    paper = load_paper("emergent-abilities-2022")
    finding = paper.experiment("smoke", lambda _: None)
    assert finding.run_on["detected"] == {"lambada, pythia": THROUGHOUT, "logiqa, pythia": NOT_YET}
    assert json.loads(json.dumps(report(paper, finding)))["verdict"] == "cannot tell"
