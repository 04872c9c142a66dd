"""Where the cost of a recipe's answers went: prompts, what was written, judging, tuning, answers nobody could use."""

from collections.abc import Sequence
from dataclasses import dataclass

from gulliver.studies.result import RecipeResult

USELESS = ("unreadable", "truncated", "unsupported", "failed")


@dataclass(frozen=True)
class Parts:
    """FLOPs of all answers of one recipe, by where they went; `seconds` likewise, without the split of reading and writing.

    Attributes:
        prompt, written: reading prompts and writing drafts, of answers that could be judged. Their sum is measured; the
            split counts two FLOPs a parameter for each token written, and the rest as reading.
        judging: of a judge that is a model.
        tuning: of making the recipe's model, where it was trained.
        discarded: answers that were unreadable, truncated, unsupported or failed.
        shared: what sharing among requests saved, and is in none of the others.
    """

    prompt: float
    written: float
    judging: float
    tuning: float
    discarded: float
    shared: float
    answer_seconds: float
    judging_seconds: float
    tuning_seconds: float
    discarded_seconds: float


def parts_of(recipe: RecipeResult) -> Parts:
    """Where this recipe's cost went, over the items it was asked."""
    records, making = recipe.records, recipe.making
    useless = [r for r in records if r.outcome in USELESS]
    computed = recipe.flops_computed * recipe.items
    discarded = sum(r.flops for r in useless)
    kept = max(0.0, computed - discarded)
    writing = min(computed, 2.0 * recipe.parameters * recipe.tokens * recipe.items)
    written = kept * writing / computed if computed > 0 else 0.0
    seconds, lost = recipe.seconds * recipe.items, sum(r.seconds for r in useless)
    return Parts(
        prompt=kept - written,
        written=written,
        judging=sum(r.judge_flops for r in records),
        tuning=making.flops if making else 0.0,
        discarded=discarded,
        shared=max(0.0, (recipe.flops_naive - recipe.flops_computed) * recipe.items),
        answer_seconds=max(0.0, seconds - lost),
        judging_seconds=sum(r.judge_seconds for r in records),
        tuning_seconds=making.seconds if making else 0.0,
        discarded_seconds=lost,
    )


def unshared(recipes: Sequence[RecipeResult]) -> tuple[float, float]:
    """FLOPs of all answers as if nothing were shared, and as computed."""
    return sum(r.flops_naive * r.items for r in recipes), sum(r.flops_computed * r.items for r in recipes)
