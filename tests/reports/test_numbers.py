"""Numbers are shown as people say them."""

import pytest

from gulliver.reports import numbers


@pytest.mark.parametrize(
    ("said", "expected"),
    [
        (numbers.flops(1.234e12), "1.23 TFLOP"),
        (numbers.flops(9.999e11), "1 TFLOP"),
        (numbers.flops(0), "0 FLOP"),
        (numbers.memory(0), "not told"),
        (numbers.memory(790_000_000), "790 MB"),
        (numbers.parameters(494_032_768), "494M"),
        (numbers.parameters(1_543_714_304), "1.54B"),
        (numbers.duration(0.00004), "40 µs"),
        (numbers.duration(0.9999), "1 s"),
        (numbers.duration(59.99), "1 min 0 s"),
        (numbers.duration(7384), "2 h 3 min"),
        (numbers.share(None), "–"),
        (numbers.share(0.35), "0.350"),
        (numbers.count(1234567), "1,234,567"),
        (numbers.significant(0.000123), "0.000123"),
        (numbers.significant(100.0), "100"),
        (numbers.significant(float("nan")), "?"),
    ],
)
def test_a_number_is_said_like_this(said: str, expected: str) -> None:
    assert said == expected
