"""Prices: the short form, the table with a batch share, and which one the ledger counts."""

from typing import Any

import pytest

from gulliver.errors import StudyError
from gulliver.studies.config import make_study
from gulliver.studies.prices import Price, read_prices


def test_the_two_number_form_has_no_batch_price() -> None:
    assert read_prices({"m": [1, 2]})["m"] == Price(1.0, 2.0)
    assert Price(1.0, 2.0).at(batch=True) == (1.0, 2.0)


def test_a_batch_costs_its_share() -> None:
    price = read_prices({"m": {"prompt": 1, "completion": 4, "batch": 0.5}})["m"]
    assert price.at(batch=False) == (1.0, 4.0)
    assert price.at(batch=True) == (0.5, 2.0)


@pytest.mark.parametrize(
    "bad",
    [3, [1], [1, -2], [1, True], {"prompt": 1}, {"prompt": 1, "completion": 2, "bulk": 1},
     {"prompt": 1, "completion": 2, "batch": 0}, {"prompt": 1, "completion": 2, "batch": 1.5}],
)  # fmt: skip
def test_a_price_that_is_none_is_refused_by_name(bad: Any) -> None:
    with pytest.raises(StudyError, match=r"\[prices\] m "):
        read_prices({"m": bad})


def test_asking_for_batch_prices_needs_one() -> None:
    data = {"study": {"task": "gsm8k", "target": 0.5, "models": ["m"], "batch": True}, "prices": {"m": [1, 2]}}
    with pytest.raises(StudyError, match="batch"):
        make_study(data)
