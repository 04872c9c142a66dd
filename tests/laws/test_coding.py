"""A told vector: what comes out is what went in, rounded, and its bits are those of the code."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gulliver.laws import LawError
from gulliver.laws.coding import decode, encode, tell, told


@given(st.integers(1, 9).flatmap(lambda a: st.tuples(st.just(a), st.lists(st.integers(0, a - 1), max_size=300))))
def test_a_code_is_read_back(case: tuple[int, list[int]]) -> None:
    alphabet, symbols = case
    assert decode(encode(symbols, alphabet), len(symbols), alphabet) == symbols


def test_what_follows_a_code_does_not_change_it() -> None:
    code = encode([0, 1, 2, 2, 2, 1], 3)
    assert decode([*code, 1, 1, 1, 0, 1], 6, 3) == decode([*code, *[0] * 40], 6, 3) == [0, 1, 2, 2, 2, 1]


@pytest.mark.parametrize("p", [0.5, 0.9, 0.99])
def test_the_length_is_near_the_entropy(p: float) -> None:
    draw = np.random.default_rng(0)
    symbols = [int(k) for k in draw.random(5000) > p]
    share = sum(symbols) / 5000
    entropy = -5000 * (share * math.log2(share) + (1 - share) * math.log2(1 - share))
    assert entropy < len(encode(symbols, 2)) < entropy + 0.5 * math.log2(5000) + 4


def test_a_vector_comes_out_rounded_and_its_levels_are_paid_for() -> None:
    x = np.random.default_rng(0).normal(size=400)
    found = tell(x, 4)
    assert set(found.values) == set(found.levels)
    assert np.mean((found.values - x) ** 2) < 0.13  # the best four levels of a Gaussian leave 0.1175 of its variance
    code = encode([int(k) for k in np.abs(x[:, None] - found.levels).argmin(axis=1)], 4)
    assert found.bits == 64 + len(code)


def test_more_levels_cost_more_and_err_less() -> None:
    x = np.random.default_rng(1).normal(size=300)
    made = [tell(x, levels) for levels in (2, 4, 8, 16)]
    assert [t.bits for t in made] == sorted(t.bits for t in made)
    errors = [float(np.mean((t.values - x) ** 2)) for t in made]
    assert errors == sorted(errors, reverse=True)


def test_levels_are_what_sixteen_bits_hold() -> None:
    found = told(np.array([0.1, 0.2, 0.1]), np.array([0.1, 0.2]))
    assert found.levels.tolist() == [float(np.float16(0.1)), float(np.float16(0.2))]


@pytest.mark.parametrize(("values", "levels"), [([1.0], 1), ([], 2), ([math.nan], 2)])
def test_what_cannot_be_told_is_said(values: list[float], levels: int) -> None:
    with pytest.raises(LawError):
        tell(np.array(values), levels)
    with pytest.raises(LawError):
        encode([3], 3)
