"""How long a batch takes: engines that do everything at once, and engines that do one thing after the other."""

import numpy as np
import pytest

from gulliver.studies.pilot import Batch
from gulliver.studies.throughput import guess_speed, measure_speed


def batches(gain: float, load: float = 0.0) -> list[Batch]:
    """Three batches of an engine whose speed is 100 (requests) ^ gain, 10 units of work a request."""

    def seconds(n: int) -> float:
        return 10 * n / (100 * n**gain)

    first = Batch(1, 10, load + seconds(1), seconds(1), True)
    return [first, Batch(1, 10, seconds(1), seconds(1), False), Batch(12, 120, seconds(12), seconds(12), False)]


@pytest.mark.parametrize("gain", [0.0, 0.6, 1.0])
def test_a_larger_batch_is_extrapolated_by_the_gain_that_was_seen(gain: float) -> None:
    speed = measure_speed(batches(gain), 2000, np.random.default_rng(0))
    assert speed is not None
    predicted = [speed.seconds(draw, 32, 320)[0] for draw in range(2000)]
    truth = 320 / (100 * 32**gain)
    low, high = np.quantile(predicted, [0.05, 0.95])
    assert low < truth < high
    assert high / low < 5


def test_the_start_of_an_engine_is_what_the_first_batch_took_longer() -> None:
    speed = measure_speed(batches(0.6, load=3.0), 2000, np.random.default_rng(0))
    assert speed is not None
    assert np.median(speed.load) == pytest.approx(3.0, rel=0.1)
    without = measure_speed(batches(0.6), 2000, np.random.default_rng(0))
    assert without is not None
    assert np.median(without.load) < 0.1


def test_nothing_measured_tells_nothing() -> None:
    assert measure_speed([], 10, np.random.default_rng(0)) is None


def test_a_guess_from_earlier_answers_is_wider_than_a_measurement() -> None:
    rng = np.random.default_rng(0)
    measured = measure_speed(batches(0.6), 2000, rng)
    assert measured is not None
    guessed = guess_speed(1000.0, 10.0, 32, 2000, rng)
    spread = [np.std(np.log([s.seconds(d, 32, 320)[0] for d in range(2000)])) for s in (measured, guessed)]
    assert spread[0] < spread[1]
