"""Error of a vision-language model from its size and the visual tokens it reads (Li et al. 2024)."""

from collections.abc import Mapping

import numpy as np

from gulliver.laws.base import Array, Columns, Constant, Form, LawError, stacked, unpack


class VisualTokens(Form):
    """error = D + A / (parameters^alpha x visual_tokens^beta)."""

    name = "visual_tokens"
    title = "error = D + A / (parameters^alpha x visual_tokens^beta)"
    source = "Li et al. 2024, 'Inference optimal VLMs need fewer visual tokens and more parameters', arXiv:2411.03312"
    inputs = ("parameters", "visual_tokens")
    output = "error"
    objective = "least-squares"
    constants = (
        Constant("D", "error that neither size nor tokens take off", (0.0, 0.3), low=0.0, linear=True),
        Constant("A", "scale of the error", (0.1, 100.0), low=1e-12, log=True, linear=True),
        Constant("alpha", "exponent of parameters", (0.01, 0.5), low=0.0, high=3.0),
        Constant("beta", "exponent of visual tokens", (0.001, 0.2), low=0.0, high=3.0),
    )

    def predict(self, theta: Array, columns: Columns) -> Array:
        return self.evaluate(theta, columns)[0]

    def jacobian(self, theta: Array, columns: Columns) -> Array:
        return self.evaluate(theta, columns)[1]

    def evaluate(self, theta: Array, columns: Columns) -> tuple[Array, Array]:
        d, a, alpha, beta = unpack(theta)
        size, seen = np.log(columns["parameters"]), np.log(columns["visual_tokens"])
        falls = np.exp(-alpha * size - beta * seen)
        return d + a * falls, stacked(np.ones_like(falls), falls, -a * falls * size, -a * falls * seen)

    def plan(self, theta: Array, budget: Mapping[str, float]) -> dict[str, Array] | None:
        """The split of inference `flops` = 2 x parameters x (text_tokens + visual_tokens) with the least error.

        In closed form: visual_tokens = beta text_tokens / (alpha - beta), at least 1. `text_tokens` (0 unless given) are
        those the model must read beside the image; `most_visual_tokens` (576 unless given) is what the encoder makes.

        Raises:
            LawError: `text_tokens` is negative, or `most_visual_tokens` below 1.
        """
        if "flops" not in budget:
            return None
        text, most = budget.get("text_tokens", 0.0), budget.get("most_visual_tokens", 576.0)
        if text < 0 or most < 1:
            raise LawError(
                "A plan of visual tokens needs text_tokens of at least 0 and most_visual_tokens of at least 1."
            )
        d, a, alpha, beta = theta.T
        with np.errstate(divide="ignore", invalid="ignore"):
            inner = np.where(alpha > beta, beta * text / (alpha - beta), np.inf)
        seen = np.clip(inner, 1.0, most)
        parameters = budget["flops"] / (2.0 * (text + seen))
        return {"parameters": parameters, "visual_tokens": seen, "error": d + a * parameters**-alpha * seen**-beta}


FORMS = (VisualTokens(),)
