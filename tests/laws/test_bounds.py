"""A bound: equal to one computed by hand, wider for more bits and fewer windows, and true about as often as it says."""

import math

import numpy as np
import pytest

from gulliver.laws import LawError
from gulliver.laws.bounds import bound, hoeffding, prefix_free, smoothed, width

EVEN = np.full((400, 8), -math.log(4.0))
"""Every token has probability 1/4."""


def test_the_smoothed_loss_and_its_width_by_hand() -> None:
    assert smoothed(np.log([0.5]), 4, 0.5) == pytest.approx(-math.log2(0.25 + 0.125))
    assert smoothed(np.array([-1e9]), 256, 0.25) == pytest.approx(10.0)
    assert width(3, 0.5) == pytest.approx(2.0)


@pytest.mark.parametrize("alpha", [0.001, 0.1, 0.5, 0.9])
def test_no_prediction_loses_more_or_less_than_the_width(alpha: float) -> None:
    losses = smoothed(np.array([-1e9, -5.0, -1.0, 0.0]), 512, alpha)
    assert losses.max() - losses.min() == pytest.approx(width(512, alpha))


def test_the_price_of_a_bit_by_hand() -> None:
    # (100 ln 2 + ln 20) / 200 = 0.36155...
    assert hoeffding(100, 100, 2.0, 0.05) == pytest.approx(2.0 * math.sqrt((100 * math.log(2) + math.log(20)) / 200))
    assert hoeffding(0, 50, 1.0, math.exp(-1.0)) == pytest.approx(0.1)


def test_a_whole_bound_by_hand() -> None:
    found = bound(EVEN, 16, 10, 400, alphas=(0.2,))
    risk = -math.log2(0.8 / 4 + 0.2 / 16)
    bits = 10 + 2 * 3 + 1
    gap = math.log2(1 + 0.8 * 16 / 0.2) * math.sqrt((bits * math.log(2) + math.log(20)) / 800)
    assert (found.bits, found.subsampling, found.guess) == (bits, 0.0, 4.0)
    assert found.unsmoothed == pytest.approx(2.0)
    assert found.value == pytest.approx(risk + gap)
    assert not found.vacuous


def test_scoring_a_part_costs_a_second_term_and_a_share_of_the_failures() -> None:
    part = bound(EVEN[:100], 16, 10, 300, choices=8, alphas=(0.2,))
    span = width(16, 0.2)
    assert part.bits == 10 + 7 + 3
    assert part.complexity == pytest.approx(hoeffding(20, 300, span, 0.05 * 0.25))
    assert part.subsampling == pytest.approx(hoeffding(3, 100, span, 0.05 * 0.75))


def test_more_bits_are_dearer_and_more_windows_cheaper() -> None:
    by_bits = [bound(EVEN, 16, bits, 400).value for bits in (1, 10, 100, 1000, 10_000)]
    assert by_bits == sorted(by_bits)
    assert len(set(by_bits)) == 5
    by_windows = [bound(EVEN[:100], 16, 100, m).value for m in (200, 1000, 10_000)]
    assert by_windows == sorted(by_windows, reverse=True)
    assert bound(EVEN, 16, 100, 400, choices=64).value > bound(EVEN, 16, 100, 400).value


def test_guessing_is_vacuous_whatever_it_costs() -> None:
    assert bound(np.full((100, 4), -math.log(16.0)), 16, 1, 10**9).vacuous


def test_the_mixing_weight_is_the_best_of_those_tried() -> None:
    draw = np.random.default_rng(0)
    logprobs = np.log(draw.uniform(1e-4, 1.0, (500, 4)))
    tried = (0.01, 0.1, 0.3)
    best = bound(logprobs, 64, 50, 500, alphas=tried)
    single = [bound(logprobs, 64, 50, 500, alphas=(alpha,), choices=3).value for alpha in tried]
    assert best.value == pytest.approx(min(single))


@pytest.mark.parametrize("bits", [1, 2, 3, 7, 8, 1000])
def test_a_prefix_free_message_holds_its_length(bits: int) -> None:
    assert prefix_free(bits) == bits + 2 * math.floor(math.log2(bits)) + 1


def test_prefix_free_messages_satisfy_krafts_inequality() -> None:
    assert sum(2.0 ** (bits - prefix_free(bits)) for bits in range(1, 5000)) <= 1.0


def test_the_true_risk_is_below_the_bound_as_often_as_stated() -> None:
    """The best of 16 models, chosen on the sample: at most one bound in five may fail, and next to none does."""
    draw = np.random.default_rng(1)
    alpha, vocabulary = 0.2, 4
    failed = 0
    for _ in range(300):
        truth = draw.uniform(0.2, 0.8, 16)  # how often model k gives the right token 0.9, else 0.01
        right = draw.random((16, 60)) < truth[:, None]
        logprobs = np.log(np.where(right, 0.9, 0.01))
        best = int(np.argmin(-logprobs.mean(axis=1)))
        found = bound(logprobs[best][:, None], vocabulary, 1, 60, choices=16, delta=0.2, alphas=(alpha,))
        good, bad = smoothed(np.log([0.9, 0.01]), vocabulary, alpha)
        failed += truth[best] * good + (1 - truth[best]) * bad > found.value
    assert failed <= 0.2 * 300


@pytest.mark.parametrize(
    "call",
    [
        lambda: bound(EVEN, 16, 0, 400),
        lambda: bound(EVEN, 16, 10, 399),
        lambda: bound(EVEN[0], 16, 10, 400),
        lambda: bound(EVEN, 1, 10, 400),
        lambda: bound(EVEN, 16, 10, 400, choices=0),
        lambda: bound(EVEN, 16, 10, 400, delta=1.0),
        lambda: width(16, 0.0),
        lambda: hoeffding(float("nan"), 10, 1.0, 0.05),
    ],
)
def test_what_cannot_be_is_said_in_a_sentence(call: object) -> None:
    with pytest.raises(LawError, match=r"\.$"):
        call()  # type: ignore[operator]
