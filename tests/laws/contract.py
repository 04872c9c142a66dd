"""What every form must keep; a form's test inherits it and names the form and constants its law might truly have."""

from collections.abc import Mapping
from typing import Any, ClassVar

import numpy as np
import pytest

from gulliver.laws import Form, find_form, fit
from gulliver.laws.base import Array
from gulliver.laws.objectives import NAMES


class FormContract:
    """Set `law`, `truth` (constants in order) and `ranges` (role -> least, most, drawn log-uniformly)."""

    law: ClassVar[str]
    truth: ClassVar[tuple[float, ...]]
    ranges: ClassVar[Mapping[str, tuple[float, float]]]
    rows: ClassVar[int] = 60

    @pytest.fixture
    def form(self) -> Form:
        return find_form(self.law)

    def inputs(self, rows: int, seed: int = 0) -> dict[str, Any]:
        rng = np.random.default_rng(seed)
        return {role: np.exp(rng.uniform(np.log(low), np.log(high), rows)) for role, (low, high) in self.ranges.items()}

    def theta(self) -> Array:
        return np.array([self.truth])

    def test_it_says_what_it_is(self, form: Form) -> None:
        assert form.name == self.law
        assert form.title
        assert "20" in form.source
        assert form.objective in NAMES
        assert len({c.name for c in form.constants}) == len(form.constants) == len(self.truth)
        assert all(c.meaning and c.guess[0] < c.guess[1] for c in form.constants)

    def test_predictions_have_a_row_a_set_of_constants(self, form: Form) -> None:
        theta = np.vstack([self.theta(), self.theta() * 1.01])
        predicted, jacobian = form.evaluate(theta, self.inputs(7))
        assert predicted.shape == (2, 7)
        assert jacobian.shape == (2, 7, len(form.constants))
        assert np.isfinite(predicted).all()
        np.testing.assert_allclose(predicted, form.predict(theta, self.inputs(7)), rtol=1e-12)
        np.testing.assert_allclose(predicted[:1], form.predict(self.theta(), self.inputs(7)), rtol=1e-12)

    def test_derivatives_are_those_of_the_prediction(self, form: Form) -> None:
        columns = self.inputs(11)
        for factor in (0.9, 1.0, 1.1):
            theta = self.theta() * factor
            jacobian = form.jacobian(theta, columns)[0]
            for k, constant in enumerate(form.constants):
                step = 1e-5 * max(abs(theta[0, k]), 1e-6)
                ahead, behind = theta.copy(), theta.copy()
                ahead[0, k] += step
                behind[0, k] -= step
                numeric = (form.predict(ahead, columns)[0] - form.predict(behind, columns)[0]) / (2 * step)
                bound = 1e-9 * np.abs(form.predict(theta, columns)[0]) / step + 1e-12
                assert np.all(np.abs(jacobian[:, k] - numeric) <= 1e-5 * np.abs(numeric) + bound * 1e-2), constant.name

    def test_constants_said_to_be_linear_are(self, form: Form) -> None:
        columns = self.inputs(5)
        linear = [k for k, c in enumerate(form.constants) if c.linear]
        moved = self.theta()
        moved[:, linear] *= 3.0
        here, jacobian = form.evaluate(self.theta(), columns)
        straight = here[0] + jacobian[0][:, linear] @ (moved - self.theta())[0, linear]
        np.testing.assert_allclose(form.predict(moved, columns)[0], straight, rtol=1e-9)

    def test_starts_are_usable(self, form: Form) -> None:
        starts = form.starts(self.inputs(5), 64, np.random.default_rng(0))
        assert starts.shape == (64, len(form.constants))
        assert np.isfinite(starts).all()
        with np.errstate(all="ignore"):
            assert np.isfinite(form.predict(starts, self.inputs(5))).all(axis=1).mean() > 0.9

    def test_the_law_without_noise_is_found_again(self, form: Form) -> None:
        columns = self.inputs(self.rows)
        observed = form.predict(self.theta(), columns)[0]
        found = fit({**columns, form.output: observed}, form, bootstrap=0)
        again = form.predict(found.theta, columns)[0]
        np.testing.assert_allclose(again, observed, rtol=1e-4, atol=1e-6)
