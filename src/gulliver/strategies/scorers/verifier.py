"""A small head trained here on what a judge said of drafts: gives the probability that a draft is right."""

from collections.abc import Sequence
from dataclasses import dataclass

from gulliver.inference import BoundModel, Draft
from gulliver.models.rewards import load_verifier
from gulliver.strategies.scorers.asked import ask_scorer
from gulliver.tasks.base import Item


@dataclass(frozen=True)
class Verifier:
    """A verifier (Cobbe et al. 2021, arXiv:2110.14168) over sentence vectors and a calculator; needs no torch.

    `model` is a name under `GULLIVER_HOME/verifiers` or a file; `gulliver verifier` trains one.
    """

    model: str = "default"

    async def score(self, item: Item, drafts: Sequence[Draft], lm: BoundModel) -> list[float]:
        """
        Raises:
            ModelError: there is no such head, or its encoder cannot be had.
        """
        return await ask_scorer(load_verifier(self.model), item, drafts, lm)


def make(model: str = "") -> Verifier:
    """The head of that name."""
    return Verifier(model or "default")
