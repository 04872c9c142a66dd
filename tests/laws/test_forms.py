"""Each form keeps the contract, and its plan is the best there is."""

from typing import ClassVar

import numpy as np
import pytest

from gulliver.laws import LawError, find_form, fit
from tests.laws.contract import FormContract

_N, _D = (1e7, 1e10), (1e8, 1e12)


class TestPower(FormContract):
    law, truth, ranges = "power", (30.0, 0.12), {"x": (1e3, 1e9)}


class TestSaturating(FormContract):
    law, truth, ranges = "saturating", (1.7, 60.0, 0.3), {"x": (1e3, 1e9)}


class TestKaplanN(FormContract):
    law, truth, ranges = "kaplan_n", (8.8e13, 0.076), {"parameters": _N}


class TestKaplanD(FormContract):
    law, truth, ranges = "kaplan_d", (5.4e13, 0.095), {"tokens": _D}


class TestKaplanC(FormContract):
    law, truth, ranges = "kaplan_c", (2.7e28, 0.05), {"flops": (1e17, 1e22)}


class TestKaplanND(FormContract):
    law, truth, ranges = "kaplan_nd", (6.4e13, 1.8e13, 0.076, 0.103), {"parameters": _N, "tokens": _D}


class TestKaplanNS(FormContract):
    law, truth = "kaplan_ns", (6.5e13, 2.1e3, 0.077, 0.76)
    ranges: ClassVar = {"parameters": _N, "steps": (1e3, 1e6)}


class TestChinchilla(FormContract):
    law, truth, ranges = "chinchilla", (1.82, 478.0, 2143.0, 0.347, 0.367), {"parameters": _N, "tokens": _D}


class TestOvertraining(FormContract):
    law, truth = "overtraining", (1.51, 141.0, 190.0, 0.121)
    ranges: ClassVar = {"parameters": _N, "tokens_per_parameter": (5.0, 640.0)}


class TestLossToError(FormContract):
    law, truth, ranges = "loss_to_error", (0.85, 2.08, 0.756), {"loss": (2.0, 5.0)}


class TestIsoFlop(FormContract):
    law, truth = "isoflop", (0.3, 0.49, 0.51, 30.0, 0.06, 0.05)
    ranges: ClassVar = {"flops": (1e18, 1e21), "parameters": _N}

    def inputs(self, rows: int, seed: int = 0) -> dict[str, np.ndarray]:
        flops = np.geomspace(1e18, 1e21, 4)[np.arange(rows) % 4]
        return {"flops": flops, "parameters": 0.3 * flops**0.49 * np.geomspace(0.3, 3.0, rows)}

    def test_the_two_exponents_share_one_flop(self) -> None:
        columns = self.inputs(40)
        loss = find_form("isoflop").predict(self.theta(), columns)[0]
        found = fit({**columns, "loss": loss}, "isoflop", bootstrap=0).constants
        assert found["a"].value == pytest.approx(0.49, abs=1e-9)
        assert found["a"].value + found["b"].value == pytest.approx(1.0, abs=1e-12)

    def test_one_budget_is_not_enough(self) -> None:
        columns = self.inputs(40)
        table = {**columns, "flops": np.full(40, 1e19), "loss": np.linspace(2, 3, 40)}
        with pytest.raises(LawError, match="two budgets"):
            fit(table, "isoflop", bootstrap=0)


@pytest.mark.parametrize("test", [TestChinchilla, TestKaplanND, TestOvertraining, TestIsoFlop])
def test_no_other_split_of_the_flops_is_better_than_the_plan(test: type[FormContract]) -> None:
    form, theta, flops = find_form(test.law), np.array([test.truth]), 1e21
    plan = form.plan(theta, {"flops": flops})
    assert plan is not None
    size = plan["parameters"] * np.geomspace(0.1, 10.0, 2001)
    tokens = flops / 6 / size
    columns = {
        "parameters": size,
        "tokens": tokens,
        "tokens_per_parameter": tokens / size,
        "flops": np.full(2001, flops),
    }
    losses = form.predict(theta, columns)[0]
    assert losses.argmin() == 1000
    assert plan["loss"][0] == pytest.approx(losses[1000], rel=1e-9)


def test_steps_are_planned_when_the_batch_is_known() -> None:
    form, theta = find_form("kaplan_ns"), np.array([TestKaplanNS.truth])
    assert form.plan(theta, {"flops": 1e21}) is None
    plan = form.plan(theta, {"flops": 1e21, "batch": 5e5})
    assert plan is not None
    size = plan["parameters"] * np.geomspace(0.1, 10.0, 2001)
    losses = form.predict(theta, {"parameters": size, "steps": 1e21 / 6 / 5e5 / size})[0]
    assert losses.argmin() == 1000
