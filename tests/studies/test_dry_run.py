"""A forecast: what it asks, what it says, that it is paid once, and how it is set against what was spent."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from gulliver.errors import StudyError
from gulliver.models import load_model
from gulliver.studies import find
from gulliver.studies.config import make_study
from gulliver.studies.dry_run import dry_run
from gulliver.studies.forecast import Forecast, find_forecast
from gulliver.studies.preparing import Prepared, prepare

POOR = "scripted:poor?accuracy=0.2&parameters=1e6&spread=0.5&tokens=20"
FAIR = "scripted:fair?accuracy=0.7&parameters=1e7&spread=0.5&tokens=20"
GOOD = "scripted:good?accuracy=0.97&parameters=1e8&spread=0.5&tokens=20"


@pytest.fixture(autouse=True)
def own_home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GULLIVER_HOME", str(tmp_path / "home"))


@pytest.fixture
def sums(tmp_path: Path) -> Path:
    rows = [{"q": f"What is {a} + {a * 7 % 50}?", "a": a + a * 7 % 50} for a in range(3, 153)]
    path = tmp_path / "sums.jsonl"
    path.write_text("\n".join(map(json.dumps, rows)))
    return path


def prepared(sums: Path, **options: Any) -> Prepared:
    task = {"file": str(sums), "template": "{{ q }}", "target": "a", "judge": "number"}
    tables = {key: options.pop(key) for key in ("prices", "limits") if key in options}
    study = {"target": 0.6, "models": [POOR, FAIR, GOOD], **options}
    return prepare(make_study({"study": study, "task": task, **tables}), load_model)


def forecast(study: Prepared, pilot: int = 8) -> Forecast:
    return dry_run(study, pilot=pilot, simulations=60)


def test_the_pilot_asks_the_first_items_and_the_study_does_not_pay_for_them_again(sums: Path) -> None:
    study = prepared(sums, race=False)
    made = forecast(study)
    assert made.paid.asked == 3 * 8
    result = find(study).result
    assert (result.spent.asked, result.spent.replayed) == (3 * 142, 3 * 8)
    first = {item.id for item in study.items[:8]}
    assert {record.item for record in result.recipes[0].records[:8]} == first


def test_a_second_dry_run_asks_nothing(sums: Path) -> None:
    study = prepared(sums)
    made = forecast(study)
    again = forecast(study)
    assert again.paid.asked == 0
    assert again.spans["requests"].median == pytest.approx(made.spans["requests"].median, rel=0.5)
    assert again.spans["elapsed"].high > 0


def test_without_a_race_only_lengths_are_uncertain(sums: Path) -> None:
    made = forecast(prepared(sums, race=False))
    requests = made.spans["requests"]
    assert requests.low == requests.median == requests.high == 3 * 142
    tokens = made.spans["completion_tokens"]
    assert 0 < tokens.low < tokens.median < tokens.high
    assert tokens.high < 2 * tokens.median


def test_what_is_stored_is_free_and_stands_apart(sums: Path) -> None:
    study = prepared(sums)
    spent = find(study).result.spent
    made = forecast(study)
    assert made.paid.asked == 8  # of the one recipe that the race did not come to
    assert made.free["requests"].median == spent.asked
    assert made.spans["requests"].high == 0
    assert made.answers[0][2] == 1.0


def test_shared_draws_are_paid_once(sums: Path) -> None:
    strategies = ["cot | majority(n=3)", "cot | majority(n=5)"]
    study = prepared(sums, models=[FAIR], strategies=strategies, race=False)
    made = forecast(study)
    assert made.paid.asked == 5 * 8
    assert made.spans["requests"].median == pytest.approx(5 * 142, rel=0.02)  # some may fail and be asked twice
    assert made.spans["requests"].low == pytest.approx(5 * 142)
    assert find(study).result.spent.asked == 5 * 142


def test_the_answer_that_comes_out_was_given_a_chance(sums: Path) -> None:
    study = prepared(sums)
    made = forecast(study)
    assert sum(chance for _, _, chance in made.answers) == pytest.approx(1.0)
    result = find(study).result
    assert result.forecast is not None
    assert result.forecast.chance > 0
    rows = {row.recipe: row for row in made.recipes}
    assert rows[f"{POOR} | direct"].rejected > 0.5
    assert rows[f"{POOR} | direct"].reached == 1.0
    assert rows[f"{GOOD} | direct"].reached < 1.0


def test_a_run_is_set_against_its_forecast(sums: Path) -> None:
    study = prepared(sums, prices={GOOD: {"prompt": 1, "completion": 2, "batch": 0.5}})
    made = forecast(study)
    first = find(study).result
    assert first.forecast is not None
    spent = {q.name: q.spent for q in first.forecast.quantities}
    assert (spent["requests"], spent["completion_tokens"]) == (first.spent.asked, first.spent.completion_tokens)
    assert set(spent) == set(made.spans)
    assert spent["elapsed"] == first.spent.elapsed
    again = find(study).result
    assert again.spent.asked == 0
    assert again.forecast == first.forecast


def test_spending_in_two_starts_is_added_up(sums: Path) -> None:
    whole = prepared(sums, race=False)
    forecast(whole)
    find(prepared(sums, race=False, models=[POOR]))  # the same requests, paid by a start of another study
    result = find(whole).result
    assert result.spent.asked == 2 * 142
    assert result.forecast is not None
    spent = {q.name: q.spent for q in result.forecast.quantities}
    assert spent["requests"] == 3 * 142
    assert spent["elapsed"] is None


def test_without_texts_nothing_changes(sums: Path) -> None:
    study = prepared(sums, keep_text=False)
    made = forecast(study)
    result = find(study).result
    assert made.paid.asked == 24
    assert result.forecast is not None
    assert {q.name: q.spent for q in result.forecast.quantities}["requests"] == result.spent.asked


def test_a_reference_is_forecast_too(sums: Path) -> None:
    study = prepared(sums, target=f"within 0.1 of {GOOD} | direct", models=[FAIR])
    made = forecast(study)
    assert made.paid.asked == 16
    result = find(study).result
    requests = made.spans["requests"]
    assert requests.low <= result.spent.asked <= requests.high


def test_limits_bound_what_is_forecast(sums: Path) -> None:
    free = forecast(prepared(sums, race=False))
    bounded = forecast(prepared(sums, race=False, limits={"flops": free.spans["flops"].median / 4}))
    assert bounded.spans["flops"].high < free.spans["flops"].low
    assert bounded.answers[0][0] in ("not settled", "meets")


def test_both_prices_are_forecast(sums: Path) -> None:
    prices = {name: {"prompt": 1, "completion": 2, "batch": 0.25} for name in (POOR, FAIR, GOOD)}
    for batch in (False, True):
        made = forecast(prepared(sums, prices=prices, batch=batch))
        assert made.spans["money_batch"].median == pytest.approx(made.spans["money_now"].median / 4)
        assert made.money == ("money_batch" if batch else "money_now")


def test_the_forecast_is_read_back_as_it_was(sums: Path) -> None:
    made = forecast(prepared(sums))
    assert find_forecast(made.run) == made
    assert find_forecast("no-such-run") is None


def test_a_recipe_that_cannot_be_asked_says_why_and_stops_nothing(sums: Path) -> None:
    gone = "openai:gone@http://127.0.0.1:9/v1"
    study = prepared(sums, models=[FAIR], recipes=[f"{gone} | direct"])
    study.recipes[-1].model.options.update(retries=0)  # type: ignore[attr-defined]
    made = forecast(study)
    (row,) = [r for r in made.recipes if r.recipe.startswith("openai")]
    assert "No server answers" in row.note
    assert row.meets == 0


@pytest.mark.parametrize("pilot", [1, 2, 3])
def test_a_tiny_pilot_gives_a_wide_forecast(sums: Path, pilot: int) -> None:
    made = forecast(prepared(sums), pilot)
    assert made.paid.asked == 3 * pilot
    tokens = made.spans["completion_tokens"]
    assert np.isfinite(tokens.high)
    assert tokens.high > 2 * tokens.low


def test_no_pilot_is_refused(sums: Path) -> None:
    with pytest.raises(StudyError, match="at least 1"):
        forecast(prepared(sums), 0)
