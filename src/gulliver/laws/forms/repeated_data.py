"""Loss when text is repeated: what epochs and excess parameters are still worth (Muennighoff et al. 2023)."""

from collections.abc import Mapping

import numpy as np

from gulliver.laws.base import Array, Columns, Constant, Form, stacked, unpack

PUBLISHED = {"E": 1.869, "A": 521.0, "B": 1488.0, "alpha": 0.353, "beta": 0.353, "R_D": 15.4, "R_N": 5.3}
"""The paper's constants as printed (its equation 7 and appendix A), for comparison."""

PUBLISHED_EXACT = {
    "E": float(np.exp(0.6254804)),
    "A": float(np.exp(6.255414)),
    "B": float(np.exp(7.3049974)),
    "alpha": 0.3526596,
    "beta": 0.3526596,
    "R_D": 15.387756,
    "R_N": 5.309743,
}
"""The same constants with the digits of the authors' notebook (`utils/parametric_fit.ipynb` of huggingface/datablations)."""


class RepeatedData(Form):
    """loss = E + A / N'^alpha + B / D'^beta, with repeated tokens and excess parameters worth less and less.

    D' = U + U R_D (1 - exp(-(D/U - 1) / R_D)) for D tokens of which U are unique.
    N' = M + M R_N (1 - exp(-(N/M - 1) / R_N)), where M is the smaller of N and the compute-optimal size for U tokens.
    """

    name = "repeated_data"
    title = "loss = E + A / N'^alpha + B / D'^beta, where repeated tokens and excess parameters count for less"
    source = "Muennighoff et al. 2023, arXiv:2305.16264"
    inputs = ("parameters", "tokens", "unique_tokens")
    constants = (
        Constant("E", "loss of an unlimited model on unlimited text", (0.5, 2.5), low=1e-6, log=True, linear=True),
        Constant("A", "scale of what more parameters take off", (10.0, 1e5), low=1e-12, log=True),
        Constant("B", "scale of what more tokens take off", (10.0, 1e5), low=1e-12, log=True),
        Constant("alpha", "exponent of parameters", (0.15, 0.7), low=1e-3, high=3.0),
        Constant("beta", "exponent of tokens", (0.15, 0.7), low=1e-3, high=3.0),
        Constant("R_D", "epochs after the first until repeated text has lost most of its worth", (1.0, 60.0), low=1e-3, high=1e6, log=True),
        Constant("R_N", "the same for parameters beyond the optimum", (0.5, 60.0), low=1e-3, high=1e6, log=True),
    )  # fmt: skip

    def predict(self, theta: Array, columns: Columns) -> Array:
        return self.evaluate(theta, columns)[0]

    def jacobian(self, theta: Array, columns: Columns) -> Array:
        return self.evaluate(theta, columns)[1]

    def evaluate(self, theta: Array, columns: Columns) -> tuple[Array, Array]:
        e, a, b, alpha, beta, r_d, r_n = unpack(theta)
        size, text = columns["parameters"], columns["tokens"]
        unique = np.minimum(columns["unique_tokens"], text)
        log_unique = np.log(unique)
        data, data_by_r, _ = _worth(text, unique, r_d)
        log_best = (np.log(alpha * a / (beta * b)) + beta * log_unique) / alpha
        inside = log_best < np.log(size)
        base = np.exp(np.where(inside, log_best, np.log(size)))
        model, model_by_r, kept = _worth(size, base, r_n)
        by_size, by_text = np.exp(-alpha * np.log(model)), np.exp(-beta * np.log(data))
        slope = -alpha * a * by_size / model
        by_best = np.where(inside, slope * (model - kept * size), 0.0)
        derivatives = stacked(
            np.ones_like(by_size),
            by_size + by_best / (alpha * a),
            by_text - by_best / (alpha * b),
            -a * by_size * np.log(model) + by_best * (1.0 / alpha - log_best) / alpha,
            -b * by_text * np.log(data) + by_best * (log_unique - 1.0 / beta) / alpha,
            -beta * b * by_text / data * data_by_r,
            slope * model_by_r,
        )
        return e + a * by_size + b * by_text, derivatives

    def plan(self, theta: Array, budget: Mapping[str, float]) -> dict[str, Array] | None:
        """The split of `flops` = 6 x parameters x tokens with the least loss when only `unique_tokens` are at hand.

        Without `unique_tokens` nothing is repeated, and the split is Chinchilla's.
        """
        if "flops" not in budget:
            return None
        pairs = budget["flops"] / 6.0
        e, a, b, alpha, beta = theta.T[:5]
        free = (alpha * a / (beta * b)) ** (1.0 / (alpha + beta)) * pairs ** (beta / (alpha + beta))
        unique = budget.get("unique_tokens")
        if unique is None:
            text = pairs / free
            return {"parameters": free, "tokens": text, "loss": e + a * free**-alpha + b * text**-beta}
        shift = np.zeros(len(theta))
        width = np.log(1e3)
        for _ in range(5):
            steps = np.linspace(-width, width, 161)
            grid = np.log(free)[:, None] + shift[:, None] + steps
            loss = np.stack([self._at(theta[p : p + 1], np.exp(grid[p]), pairs, unique) for p in range(len(theta))])
            shift = shift + steps[np.argmin(loss, axis=1)]
            width /= 40.0
        best = free * np.exp(shift)
        text = pairs / best
        return {"parameters": best, "tokens": text, "epochs": np.maximum(text / unique, 1.0), "loss": loss.min(axis=1)}

    def _at(self, theta: Array, size: Array, pairs: float, unique: float) -> Array:
        text = pairs / size
        columns = {"parameters": size, "tokens": text, "unique_tokens": np.full_like(size, unique)}
        return np.asarray(self.predict(theta, columns)[0])


def _worth(used: Array, base: Array, rate: Array) -> tuple[Array, Array, Array]:
    """What `used` is worth when beyond `base` it decays with `rate`; its derivative by `rate`; the worth of one more."""
    excess = np.maximum(used / base - 1.0, 0.0)
    kept = np.exp(-excess / rate)
    gone = -np.expm1(-excess / rate)
    return base + base * rate * gone, base * (gone - excess / rate * kept), kept


class RepeatedDataReturns(Form):
    """`repeated_data` with E, A, B, alpha and beta held at the publication's values: its own procedure, two constants."""

    name = "repeated_data_returns"
    title = "repeated_data with all but R_D and R_N held at the published constants"
    source = RepeatedData.source
    inputs = RepeatedData.inputs
    constants = RepeatedData.constants[5:]

    def predict(self, theta: Array, columns: Columns) -> Array:
        return self.evaluate(theta, columns)[0]

    def jacobian(self, theta: Array, columns: Columns) -> Array:
        return self.evaluate(theta, columns)[1]

    def evaluate(self, theta: Array, columns: Columns) -> tuple[Array, Array]:
        loss, derivatives = _WHOLE.evaluate(self._whole(theta), columns)
        return loss, derivatives[:, :, 5:]

    def plan(self, theta: Array, budget: Mapping[str, float]) -> dict[str, Array] | None:
        """As `repeated_data` plans."""
        return _WHOLE.plan(self._whole(theta), budget)

    def _whole(self, theta: Array) -> Array:
        held = [PUBLISHED_EXACT[c.name] for c in RepeatedData.constants[:5]]
        return np.concatenate([np.broadcast_to(held, (len(theta), 5)), theta], axis=1)


_WHOLE = RepeatedData()
FORMS = (_WHOLE, RepeatedDataReturns())
