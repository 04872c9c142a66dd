"""The calculator finds the equations in a solution and works them out exactly."""

from fractions import Fraction

import pytest

from gulliver.sandbox.arithmetic import equations, worked_out


@pytest.mark.parametrize(
    ("text", "holds"),
    [
        ("The trays hold 4 * 12 = 48 rolls, and 31 + 3 = 35 are gone.", [True, False]),
        ("That is $1,200 / 4 = $300 a month.", [True]),
        ("10 / 3 = 3.33, and 10 / 3 = 3", [True, False]),
        (r"So \(3 \times 5 = 15\) and \[ \frac{9}{3} = 3 \]", [True, True]),
        ("Half: 0.5 × 8 = 4; 50% * 8 = 4; (2 + 3) * 4 = 20", [True, True, True]),
        ("2 + 2 = 4 + 1 goes on, x + 2 = 5 is algebra, and 5 = 5 is no sum", []),
        ("7 / 0 = 1", []),
        ("3 + 4 - 2 = 5", [True]),
        ("1. 3 + 4 = 7, she had 5. 3 + 4 = 7", [True, True]),
    ],
)
def test_equations_are_found_and_worked_out(text: str, holds: list[bool]) -> None:
    assert [equation.holds for equation in equations(text)] == holds


def test_what_is_no_arithmetic_has_no_value() -> None:
    assert worked_out("3 * (4 + 0.5)") == Fraction(27, 2)
    assert worked_out("__import__('os')") is None
    assert worked_out("9**9**9") is None
    assert worked_out("(1 + 2") is None


def test_a_hostile_text_is_read_quickly() -> None:
    assert equations("1+" * 20_000) == []
    assert len(equations("1 + 1 = 2, " * 500)) == 60
