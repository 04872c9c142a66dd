"""Laws of repeated data, vocabulary, visual tokens, emergence and critical size keep the contract; their plans are best."""

from typing import Any, ClassVar

import numpy as np
import pytest

from gulliver.laws import LawError, find_form
from gulliver.laws.forms.repeated_data import PUBLISHED_EXACT
from gulliver.laws.forms.vocabulary import tokens_per_character, width_for
from tests.laws.contract import FormContract

_REPEATED = tuple(PUBLISHED_EXACT.values())
_VOCABULARY = (5.53, 875.0, 2086.0, 22300.0, 0.4466, 0.6707)


class TestRepeatedData(FormContract):
    law, truth, rows = "repeated_data", _REPEATED, 120
    ranges: ClassVar = {"parameters": (1e7, 1e10), "tokens": (1e9, 1e12), "unique_tokens": (1e8, 1e10)}


class TestRepeatedDataReturns(TestRepeatedData):
    law, truth = "repeated_data_returns", _REPEATED[5:]


class TestVocabulary(FormContract):
    law, truth, rows = "vocabulary", _VOCABULARY, 120
    ranges: ClassVar = {"parameters": (3e7, 3e9), "vocabulary": (4e3, 1e5), "characters": (1e9, 1e12)}

    def inputs(self, rows: int, seed: int = 0) -> dict[str, Any]:
        columns = super().inputs(rows, seed)
        return {**columns, "width": np.array([width_for(n) for n in columns["parameters"]])}


class TestVocabularyThousands(TestVocabulary):
    law = "vocabulary_thousands"


class TestVisualTokens(FormContract):
    law, truth = "visual_tokens", (0.1, 2.57, 0.071, 0.0151)
    ranges: ClassVar = {"parameters": (5e8, 7e9), "visual_tokens": (1.0, 576.0)}


class TestSigmoid(FormContract):
    law, truth, ranges = "sigmoid", (0.25, 0.8, 1e9, 2.0), {"scale": (1e7, 1e11)}


class TestThreshold(FormContract):
    law, truth, ranges = "threshold", (0.25, 1.1e9, 0.2), {"scale": (1e7, 1e11)}


class TestCriticalSize(FormContract):
    law, truth, ranges = "critical_size", (0.05, 0.95, 3e4, 4.0), {"data": (1e3, 1e6)}


def test_text_read_once_is_worth_all_its_tokens_and_the_hundredth_time_almost_none() -> None:
    form, theta = find_form("repeated_data"), np.array([_REPEATED])
    size, unique = np.full(4, 2.8e9), np.full(4, 55e9)
    loss = form.predict(theta, {"parameters": size, "tokens": unique * [1, 4, 100, 200], "unique_tokens": unique})[0]
    fresh = form.predict(
        theta, {"parameters": size, "tokens": unique * [1, 4, 100, 200], "unique_tokens": unique * [1, 4, 100, 200]}
    )[0]
    assert loss[0] == pytest.approx(fresh[0], rel=1e-12)
    assert 0 < loss[1] - fresh[1] < 0.01
    assert loss[2] - loss[3] < 1e-3 < fresh[2] - fresh[3] + 0.02


@pytest.mark.parametrize("unique", [4e9, 25e9, 1e12])
def test_no_split_is_better_than_the_plan_when_text_is_short(unique: float) -> None:
    form, theta, flops = find_form("repeated_data"), np.array([_REPEATED]), 5e21
    plan = form.plan(theta, {"flops": flops, "unique_tokens": unique})
    assert plan is not None
    size = plan["parameters"] * np.geomspace(0.1, 10.0, 4001)
    losses = form.predict(
        theta, {"parameters": size, "tokens": flops / 6 / size, "unique_tokens": np.full(4001, unique)}
    )[0]
    assert plan["loss"][0] <= losses.min() * (1 + 1e-9)
    assert plan["epochs"][0] == pytest.approx(max(1.0, plan["tokens"][0] / unique))


def test_with_enough_text_the_plan_is_that_without_repetition() -> None:
    form, theta = find_form("repeated_data"), np.array([_REPEATED])
    short, free = form.plan(theta, {"flops": 1e21, "unique_tokens": 1e13}), form.plan(theta, {"flops": 1e21})
    assert short is not None
    assert free is not None
    assert short["parameters"][0] == pytest.approx(free["parameters"][0], rel=1e-3)


@pytest.mark.parametrize("law", ["vocabulary", "vocabulary_thousands"])
def test_no_vocabulary_is_better_than_the_plan(law: str) -> None:
    form, theta, flops = find_form(law), np.array([_VOCABULARY]), 7e21
    plan = form.plan(theta, {"flops": flops, "parameters": 7e9})
    assert plan is not None
    entries = plan["vocabulary"] * np.geomspace(0.2, 5.0, 2001)
    tokens = flops / 6 / (7e9 + entries * 4096)
    columns = {
        "parameters": np.full(2001, 7e9),
        "vocabulary": entries,
        "width": np.full(2001, 4096.0),
        "characters": tokens / tokens_per_character(entries / (1000.0 if law.endswith("thousands") else 1.0)),
    }
    losses = form.predict(theta, columns)[0]
    assert losses.argmin() == 1000
    assert plan["loss"][0] == pytest.approx(losses[1000], rel=1e-9)


def test_a_plan_of_size_and_vocabulary_beats_one_of_another_size() -> None:
    form, theta = find_form("vocabulary"), np.array([_VOCABULARY])
    free = form.plan(theta, {"flops": 1e21})
    assert free is not None
    for factor in (0.8, 1.25):
        other = form.plan(theta, {"flops": 1e21, "parameters": float(free["parameters"][0]) * factor})
        assert other is not None
        assert other["loss"][0] > free["loss"][0]


def test_visual_tokens_have_no_plan_with_less_than_no_text() -> None:
    form = find_form("visual_tokens")
    with pytest.raises(LawError, match="text_tokens"):
        form.plan(np.array([TestVisualTokens.truth]), {"flops": 1e12, "text_tokens": -1.0})


def test_when_tokens_matter_more_than_size_all_of_them_are_read() -> None:
    plan = find_form("visual_tokens").plan(np.array([[0.0, 1.0, 0.01, 0.05]]), {"flops": 1e12, "text_tokens": 20.0})
    assert plan is not None
    assert plan["visual_tokens"][0] == 576.0
