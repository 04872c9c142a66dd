"""Train a verifier's head from what a judge said of drafts (Cobbe et al. 2021, arXiv:2110.14168): seconds, no torch."""

import warnings
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from gulliver.errors import TrainingError
from gulliver.models.encoder import Encoder, load_encoder
from gulliver.models.verifier import Floats, Head, features

FOLDS = 5
STRENGTHS = (1e-4, 3e-4, 1e-3, 3e-3, 1e-2, 3e-2, 1e-1)
"""Inverse strengths of the L2 penalty that are tried; the one that ranks drafts of unseen groups best is taken."""
LEAST = 5


@dataclass(frozen=True)
class Labelled:
    """A draft and whether it was right. Drafts of one `group` (a question) are never split between fitting and testing."""

    question: str
    solution: str
    right: bool
    group: str


@dataclass(frozen=True)
class Fitted:
    """A head and how well it ranks.

    Attributes:
        auc: probability that a right draft has a higher score than a wrong one, of groups it was not fitted to.
        within: the same among drafts of one group, which is what choosing needs; None where no group has both kinds.
        drafts, groups, right: what it was fitted to.
    """

    head: Head
    auc: float
    within: float | None
    drafts: int
    groups: int
    right: int


def fit_verifier(
    examples: Sequence[Labelled], *, seed: int = 0, encoder: Callable[[], Encoder] = load_encoder
) -> Fitted:
    """Logistic regression over `features`; its penalty is chosen, and its worth measured, across groups.

    The penalty that is best of a few is the one whose `auc` is told, so that is a little too good.

    Raises:
        TrainingError: fewer than `LEAST` drafts of a kind, or of two groups, which teaches nothing.
    """
    right = np.array([example.right for example in examples], dtype=bool)
    names, groups = np.unique([example.group for example in examples], return_inverse=True)
    if min(int(right.sum()), int((~right).sum())) < LEAST or len(names) < 2:
        raise TrainingError(
            f"A verifier learns from at least {LEAST} right and {LEAST} wrong drafts of two questions or more, and there are {int(right.sum())} and {int((~right).sum())} of {len(names)}; draw more, or use a model or task that is neither too weak nor too strong."
        )
    rows = features([e.question for e in examples], [e.solution for e in examples], encoder())
    held = {strength: _held_out(rows, right, groups, strength, seed) for strength in STRENGTHS}
    best = max(STRENGTHS, key=lambda strength: auc(held[strength], right))
    head = _fit(rows, right, best, seed, f"{len(examples)} drafts of {len(names)} questions, {int(right.sum())} right")
    found = held[best]
    return Fitted(head, auc(found, right), within(found, right, groups), len(examples), len(names), int(right.sum()))


def auc(scores: Floats, right: Any) -> float:
    """The probability that a right one has the higher score, ties counting one half; 0.5 where there is only one kind."""
    good, bad = scores[right], scores[~right]
    if not len(good) or not len(bad):
        return 0.5
    above = (good[:, None] > bad[None]).mean() + 0.5 * (good[:, None] == bad[None]).mean()
    return float(above)


def within(scores: Floats, right: Any, groups: Any) -> float | None:
    """`auc` among the drafts of each group, averaged over the groups that have both kinds."""
    members = [np.flatnonzero(groups == group) for group in np.unique(groups)]
    found = [auc(scores[of], right[of]) for of in members if 0 < right[of].sum() < len(of)]
    return float(np.mean(found)) if found else None


def _held_out(rows: Floats, right: Any, groups: Any, strength: float, seed: int) -> Floats:
    """The log-odds of each draft by a head that was fitted to other groups."""
    rng = np.random.default_rng(seed)
    count = int(groups.max()) + 1
    fold = rng.permutation(count)[groups] % min(FOLDS, count)
    odds = np.zeros(len(rows))
    for each in np.unique(fold):
        kept = fold != each
        if len(set(right[kept].tolist())) == 2:
            odds[~kept] = _fit(rows[kept], right[kept], strength, seed).logits(rows[~kept])
    return odds


def _fit(rows: Floats, right: Any, strength: float, seed: int, trained: str = "") -> Head:
    from sklearn.exceptions import ConvergenceWarning
    from sklearn.linear_model import LogisticRegression

    mean, scale = rows.mean(axis=0), rows.std(axis=0)
    scale = np.where(scale > 1e-9, scale, 1.0)
    model = LogisticRegression(C=strength, max_iter=500, random_state=seed)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)  # a fit that is not quite done still ranks
        model.fit((rows - mean) / scale, right)
    weights = tuple(float(w) for w in model.coef_[0])
    return Head(tuple(mean.tolist()), tuple(scale.tolist()), weights, float(model.intercept_[0]), trained=trained)
