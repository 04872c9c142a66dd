"""Every two recipes of a study against each other, for a page that can ask nobody later."""

from dataclasses import asdict
from itertools import combinations
from typing import Any

from gulliver.studies.comparison import Comparison, compare_recipes
from gulliver.studies.result import StudyResult

PATIENCE = 3000
"""Items over all comparisons whose interval has to hold however a race stopped: about 3 s of work."""
EASIER = 32
"""So many items of a comparison whose number was fixed beforehand take as long as one of the others."""


def comparison_json(done: Comparison) -> dict[str, Any]:
    """Plain data of a comparison, without its flips."""
    data = asdict(done)
    del data["flips"]
    return data


def all_pairs(result: StudyResult, patience: float = PATIENCE) -> dict[str, dict[str, Any]]:
    """Comparisons by "first-second", places in the table from 0; each pair once, the first place being the smaller.

    Pairs with the recommended recipe come first, then those on the frontier; where `patience` is spent, the rest is left out.
    """
    wanted = {name: place for place, name in enumerate(dict.fromkeys([result.answer.recipe, *result.frontier]))}
    asked = [place for place, r in enumerate(result.recipes) if r.records]
    rank = {place: wanted.get(result.recipes[place].recipe, len(wanted)) for place in asked}
    found: dict[str, dict[str, Any]] = {}
    for a, b in sorted(combinations(asked, 2), key=lambda pair: sorted(rank[place] for place in pair)):
        first, second = result.recipes[a], result.recipes[b]
        shared = min(first.items, second.items)
        raced = result.run.race and shared != result.run.pool
        price = shared if raced else shared / EASIER
        if price > patience:
            continue
        patience -= price
        found[f"{a}-{b}"] = comparison_json(compare_recipes((result, first), (result, second), resample=False))
    return found
