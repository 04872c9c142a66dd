"""What a running study tells whoever watches."""

from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True)
class Progress:
    """Where one recipe stands.

    Attributes:
        position, of: place of the recipe in the race, from 1.
        asked: items judged so far; pool: how many there are (None for a population).
        low, high: the anytime-valid interval of its quality so far.
        verdict: "" while open.
        stage: loading, asking, decided, floors or pulling.
        replayed: requests answered from the store.
    """

    recipe: str
    position: int
    of: int
    asked: int
    pool: int | None
    right: int
    low: float
    high: float
    target: float
    verdict: str
    stage: str
    spent_seconds: float = 0.0
    spent_flops: float = 0.0
    replayed: int = 0
    message: str = ""


Watch = Callable[[Progress], None]
