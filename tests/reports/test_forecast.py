"""A forecast on the terminal and in the page: what is expected, and how it came out."""

from dataclasses import replace

from rich.console import Console

from gulliver.reports import render_answer, render_forecast
from gulliver.reports.document import study_document
from gulliver.reports.forecast import check_rows, check_sentence
from gulliver.studies.forecast import Forecast, RecipeForecast, Span
from gulliver.studies.result import ForecastCheck, Quantity, Spent
from tests.reports.made import make_result

CHECK = ForecastCheck(
    "2026-01-02T03:04:05+00:00",
    0.9,
    0.42,
    (
        Quantity("flops", 1e12, 2e12, 4e12, 3e12),
        Quantity("elapsed", 60.0, 90.0, 120.0, 150.0),
        Quantity("joules", 1.0, 2.0, 3.0),
    ),
)


def written(renderable: object) -> str:
    console = Console(width=160, record=True, file=None, force_terminal=False)
    with console.capture() as told:
        console.print(renderable)
    return told.get()


def made(asked: int = 24) -> Forecast:
    span = Span(1.0, 2.0, 4.0)
    rows = (
        RecipeForecast("m | [red]direct\x1b[0m", 8, 3, 8, 1.0, 0.25, 0.5, Span(32, 64, 96), span),
        RecipeForecast("m | cot", 0, 0, 0, 0.0, 0.0, 0.0, None, None, "no server answers"),
    )
    answers = (("meets", "m | [red]direct\x1b[0m", 0.6), ("none", None, 0.3), ("not settled", None, 0.1))
    spans = {"requests": span, "flops": Span(1e12, 2e12, 3e12), "elapsed": span, "money_now": span, "money_batch": span}
    paid = Spent(asked, flops=1e9, elapsed=3.0, money=0.5)
    return Forecast(
        "r-1", "2026", 0.0, 8, 0.9, 400, paid, spans, {"requests": span}, answers, rows, "money_batch", "runs/r-1"
    )


def test_a_forecast_says_what_is_likely_and_what_the_pilot_cost() -> None:
    text = written(render_forecast(made()))
    assert "1 TFLOP to 3 TFLOP" in text
    assert "none meets the target (30 %)" in text
    assert "24 requests" in text
    assert "as a batch" in text
    assert "m | cot: no server answers" in text


def test_what_others_wrote_is_not_markup_and_holds_no_control_code() -> None:
    text = written(render_forecast(made()))
    assert "[red]" in text
    assert "\x1b" not in text


def test_a_pilot_that_asked_nothing_cost_nothing() -> None:
    assert "it cost nothing" in written(render_forecast(made(asked=0)))


def test_how_a_forecast_came_out_is_counted() -> None:
    assert check_sentence(CHECK) == (
        "1 of 2 quantities lie in their 90 % intervals, not time by the clock; the answer that came out had been given 42 %."
    )
    assert [row[3] for row in check_rows(CHECK)] == ["3 TFLOP", "2 min 30 s", "not told"]


def test_nothing_spent_cannot_be_held_against_it() -> None:
    unknown = replace(CHECK, quantities=(Quantity("elapsed", 1.0, 2.0, 3.0),))
    assert "Nothing was spent" in check_sentence(unknown)


def test_the_page_and_the_terminal_set_it_against_what_was_spent() -> None:
    result = replace(make_result(), forecast=CHECK)
    shown = study_document(result)["forecast"]
    assert shown["said"] == check_sentence(CHECK)
    assert "1 TFLOP to 4 TFLOP" in [row[2] for row in shown["rows"]]
    assert "1 of 2 quantities" in written(render_answer(result))
    assert study_document(make_result())["forecast"] is None


def test_the_terminal_tells_both_prices_and_which_one_counts() -> None:
    result = make_result()
    spent = replace(result.spent, money=0.5, money_now=1.0, money_batch=0.5)
    batch = replace(result, spent=spent, run=replace(result.run, batch=True))
    assert "money 0.5 as a batch within a day (1 asked at once)" in " ".join(written(render_answer(batch)).split())
