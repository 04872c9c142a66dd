"""Tables: roles, maps, formulas, and one sentence for each thing that can be wrong."""

from contextlib import suppress
from pathlib import Path

import numpy as np
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gulliver.laws import LawError, Table, find_form, read_table
from gulliver.laws.base import Form

_GOOD = {"parameters": [1e6, 2e6, 3e6], "flops": [6e12, 12e12, 18e12], "loss": [3.0, 2.5, 2.2]}


@pytest.fixture
def power() -> Form:
    return find_form("kaplan_n")


def test_csv_parquet_frame_and_mapping_are_one_table(tmp_path: Path) -> None:
    frame = pl.DataFrame({**_GOOD, "family": ["a", "a", "b"]})
    frame.write_csv(tmp_path / "runs.csv")
    frame.write_parquet(tmp_path / "runs.parquet")
    for source in (tmp_path / "runs.csv", str(tmp_path / "runs.parquet"), frame, frame.to_dict(as_series=False)):
        table = read_table(source)
        assert table.rows == 3
        assert table.columns["loss"].tolist() == _GOOD["loss"]
        assert table.labels["family"] == ("a", "a", "b")


def test_a_column_can_be_mapped_to_a_role(power: Form) -> None:
    table = read_table(
        {"size": [1.0, 2.0, 3.0], "loss": [9.0, 9.0, 9.0], "final": [3, 2, 1]}, {"parameters": "size", "loss": "final"}
    )
    assert table.check(power).columns["loss"].tolist() == [3.0, 2.0, 1.0]


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"loss": [3.0, None, 2.0]}, "Row 2 .* no finite number in 'loss'"),
        ({"loss": [3.0, 2.0, float("nan")]}, "Row 3 .* no finite number"),
        ({"parameters": [1e6, 0.0, 3e6]}, "Row 2 .* has 0 in 'parameters', which must be positive"),
        ({"loss": ["3", "two", "1"]}, "column 'loss' of numbers, which the table has as text"),
    ],
)
def test_a_bad_number_is_named_with_its_row(power: Form, change: dict[str, list[object]], sentence: str) -> None:
    with pytest.raises(LawError, match=sentence):
        read_table({**_GOOD, **change}).check(power)


def test_a_missing_role_says_what_there_is(power: Form) -> None:
    with pytest.raises(LawError, match=r"needs a column 'parameters' .* it has: size, loss; map one"):
        read_table({"size": [1, 2, 3], "loss": [3, 2, 1]}).check(power)


def test_too_few_rows_are_counted(power: Form) -> None:
    with pytest.raises(LawError, match="2 constants and needs at least 3 rows, and the table has 2"):
        read_table({"parameters": [1, 2], "loss": [3, 2]}).check(power)


def test_a_file_that_cannot_be_read_is_one_sentence(tmp_path: Path) -> None:
    (tmp_path / "bad.parquet").write_bytes(b"nonsense")
    with pytest.raises(LawError, match=r"bad.parquet cannot be read"):
        read_table(tmp_path / "bad.parquet")
    with pytest.raises(LawError, match="no file"):
        read_table(tmp_path / "none.csv")
    with pytest.raises(LawError, match="no column 'x'"):
        read_table(_GOOD, {"loss": "x"})


def test_a_formula_makes_a_column() -> None:
    table = read_table(_GOOD).derive("tokens = flops / (6 * parameters)").derive("half=-sqrt(tokens)**2 * -0.5")
    np.testing.assert_allclose(table.columns["tokens"], 1e6)
    np.testing.assert_allclose(table.columns["half"], 5e5)


@pytest.mark.parametrize(
    "formula",
    ["tokens", "tokens=", "=2", "t=__import__('os')", "t=loss.real", "t=loss[0]", "t=a+", "t=nope*2", "t=log(1,2)"],
)
def test_what_is_no_formula_is_refused(formula: str) -> None:
    with pytest.raises(LawError):
        read_table(_GOOD).derive(formula)


@given(st.text(max_size=30))
def test_any_text_makes_a_column_or_one_sentence(text: str) -> None:
    made = None
    with suppress(LawError):
        made = read_table(_GOOD).derive(f"t={text}")
    assert made is None or made.columns["t"].shape == (3,)


@given(st.lists(st.floats(0.1, 10.0), min_size=2, max_size=20), st.data())
def test_dropping_the_highest_leaves_the_rest_in_order(values: list[float], data: st.DataObject) -> None:
    count = data.draw(st.integers(0, len(values) - 1))
    kept = Table({"loss": np.array(values)}).drop_highest("loss", count).columns["loss"].tolist()
    assert sorted(kept) == sorted(values)[: len(values) - count]
    remaining = iter(values)
    assert all(v in remaining for v in kept)


def test_more_cannot_be_dropped_than_there_is() -> None:
    with pytest.raises(LawError, match="3 rows cannot be dropped from 3"):
        read_table(_GOOD).drop_highest("loss", 3)
