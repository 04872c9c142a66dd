"""The least training data with which a model generalises and does not only memorise (Zhu et al. 2024)."""

from gulliver.laws.base import Constant
from gulliver.laws.forms.emergence import Sigmoid


class CriticalSize(Sigmoid):
    """score = memorising + (generalising - memorising) / (1 + (critical / data)^sharpness).

    `data` is the amount of training text: unique tokens, examples, or a fraction of a set. `score` is on unseen items.
    """

    name = "critical_size"
    title = "score = memorising + (generalising - memorising) / (1 + (critical / data)^sharpness)"
    source = "Zhu et al. 2024, 'Critical data size of language models from a grokking perspective', arXiv:2401.10463"
    inputs = ("data",)
    constants = (
        Constant("memorising", "score on unseen items with too little data", (0.0, 0.5), linear=True),
        Constant("generalising", "score on unseen items with enough", (0.5, 1.0), linear=True),
        Constant("critical", "data half way between the two", (1e2, 1e10), low=1e-12, log=True),
        Constant("sharpness", "how sudden the change is", (0.3, 20.0), low=1e-2, high=1e3, log=True),
    )


FORMS = (CriticalSize(),)
