"""Which items a report shows: those that tell most about how the recipes differ."""

from collections.abc import Sequence
from dataclasses import dataclass

from gulliver.studies.result import ItemRecord, RecipeResult

SHOWN = 20
_ODD = ("unreadable", "truncated", "unsupported", "failed")


@dataclass(frozen=True)
class Shown:
    """One item and what each recipe that was asked said, in the order of the table (`number` counts from 1)."""

    item: str
    question: str
    target: str
    said: tuple[tuple[int, RecipeResult, ItemRecord], ...]

    @property
    def right(self) -> int:
        return sum(record.outcome == "right" for _, _, record in self.said)

    @property
    def disagreement(self) -> int:
        """How many pairs of recipes have one that is right and one that is not."""
        return self.right * (len(self.said) - self.right)

    def has(self, outcome: str) -> bool:
        return any(record.outcome == outcome for _, _, record in self.said)


def choose_items(recipes: Sequence[RecipeResult], count: int = SHOWN) -> list[Shown]:
    """At most `count` items: most pairs in disagreement first, then most kinds of outcome, then the study's order.

    Every kind of outcome that occurs at all (unreadable, truncated, unsupported, failed) is shown at least once.
    """
    everything = _by_item(recipes)
    ranked = sorted(everything, key=lambda s: (-s.disagreement, -len({r.outcome for _, _, r in s.said}), -len(s.said)))
    chosen, rest = ranked[:count], ranked[count:]
    kept: set[str] = set()
    for outcome in _ODD:
        if any(s.has(outcome) for s in chosen):
            continue
        extra = next((s for s in rest if s.has(outcome)), None)
        if extra is not None:
            out = next((s for s in reversed(chosen) if s.item not in kept), None)
            if out is not None:
                chosen[chosen.index(out)] = extra
                rest.remove(extra)
                kept.add(extra.item)
    return chosen


def _by_item(recipes: Sequence[RecipeResult]) -> list[Shown]:
    found: dict[str, list[tuple[int, RecipeResult, ItemRecord]]] = {}
    for number, recipe in enumerate(recipes, 1):
        for record in recipe.records:
            found.setdefault(record.item, []).append((number, recipe, record))
    return [Shown(item, said[0][2].question, said[0][2].target, tuple(said)) for item, said in found.items()]
