"""Information capacity follows from bytes, bits and FLOPs alone; a sibling's bits follow from a shared capacity."""

import json
import math
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from typer.testing import CliRunner

from gulliver.cli.app import app
from gulliver.laws import LawError
from gulliver.laws.capacity import (
    Scored,
    capacities,
    equal_bias,
    flops_per_token,
    siblings,
    windows_of,
)
from gulliver.models.base import Card

TEXT = "To be, or not to be, that is the question: whether 'tis nobler in the mind to suffer. " * 40


def _scored(
    name: str, parameters: int, complexity: float, bits_per_byte: float, family: str = "f", windows: int = 20
) -> Scored:
    noise = np.random.default_rng(0).uniform(0.9, 1.1, windows)
    size = np.full(windows, 400.0)
    return Scored(name, family, parameters, 2.0**complexity, size, size / 4.0, size * bits_per_byte * noise)


def test_capacity_is_bits_saved_a_token_over_log2_of_its_flops() -> None:
    scored = Scored("m", "f", 1, 2.0**30, np.array([400.0, 800.0]), np.array([100.0, 200.0]), np.array([400.0, 800.0]))
    (line,) = capacities([scored])
    assert line.bytes_per_token == 4.0
    assert line.bits_per_byte == 1.0
    assert line.saved == 32.0 - 4.0
    assert line.capacity == pytest.approx(28.0 / 30.0)
    assert capacities([scored], bias=-13.0)[0].capacity == pytest.approx(0.5)


def test_limits_hold_the_value() -> None:
    (line,) = capacities([_scored("m", 1, 30.0, 1.2)])
    assert line.low < line.capacity < line.high


def test_siblings_of_one_capacity_are_foretold_exactly() -> None:
    small, large = _scored("a", 1, 30.0, 1.2), _scored("b", 2, 32.0, 1.2)
    saved = float(small.saved()) * 32.0 / 30.0
    exact = Scored(
        "b", "f", 2, 2.0**32, large.size, large.tokens, small.bits * (32.0 - saved) / (32.0 - float(small.saved()))
    )
    (pair,) = siblings([exact, small])
    assert (pair.smaller, pair.larger, pair.sizes) == ("a", "b", 2)
    assert pair.error == pytest.approx(0.0, abs=1e-12)
    assert pair.equal_bias == pytest.approx(0.0, abs=1e-9)
    assert pair.unchanged > 0.0


def test_models_of_different_families_are_not_paired() -> None:
    assert siblings([_scored("a", 1, 30.0, 1.2), _scored("b", 2, 32.0, 1.0, family="g")]) == []


@given(st.floats(20, 35), st.floats(0.1, 5), st.floats(0.3, 3), st.floats(0.3, 3))
def test_some_bias_makes_any_two_sizes_alike(complexity: float, more: float, first: float, second: float) -> None:
    a, b = _scored("a", 1, complexity, first), _scored("b", 2, complexity + more, second)
    bias = equal_bias(a, b)
    one, other = capacities([a, b], bias)
    assert one.capacity == pytest.approx(other.capacity, abs=1e-9 * (1.0 + abs(bias)))


def test_no_bias_makes_models_of_one_cost_alike() -> None:
    assert equal_bias(_scored("a", 1, 30.0, 1.2), _scored("b", 2, 30.0, 1.0)) == math.inf


def test_windows_are_spread_over_the_text_and_scored_from_the_second_word() -> None:
    found = windows_of(TEXT, 4, 200)
    assert len(found) == 4
    assert found[0].before == "To"
    assert found[0].scored.startswith(" be,")
    assert all(150 < w.size <= 200 for w in found)
    assert (found[-1].before + found[-1].scored).strip() in TEXT


@pytest.mark.parametrize("text", ["too short", "x" * 5000])
def test_text_without_two_windows_of_words_is_refused(text: str) -> None:
    with pytest.raises(LawError, match="two windows"):
        windows_of(text, 4, 200)


def test_flops_of_a_token_grow_with_the_weights_and_need_them() -> None:
    card = Card("m", "f", "0", parameters=10**6, active_parameters=10**6)
    assert flops_per_token(card) == pytest.approx(2e6, rel=0.01)
    with pytest.raises(LawError, match="does not say its parameters"):
        flops_per_token(Card("m", "f", "0"))


def test_a_table_from_one_command(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GULLIVER_HOME", str(tmp_path / "home"))
    text = tmp_path / "text.txt"
    text.write_text(TEXT)
    models = ["scripted:small?accuracy=0.5&parameters=1000000", "scripted:large?accuracy=0.9&parameters=9000000"]
    arguments = ["laws", "capacity", *models, "--text", str(text), "--windows", "4", "--characters", "300"]
    made = json.loads(CliRunner().invoke(app, [*arguments, "--json"]).stdout)
    assert [row["parameters"] for row in made["models"]] == [1_000_000, 9_000_000]
    assert made["windows"] == 4
    assert made["siblings"][0]["sizes"] == 2
    shown = CliRunner().invoke(app, arguments).stdout
    assert "says nothing before a third size" in shown


def test_a_text_that_is_not_there_is_said(tmp_path: Path) -> None:
    error = CliRunner().invoke(app, ["laws", "capacity", "scripted:a", "--text", str(tmp_path / "no.txt")]).exception
    assert isinstance(error, LawError)
    assert "cannot be read" in str(error)
