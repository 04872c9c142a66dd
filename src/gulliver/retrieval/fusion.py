"""One ranking out of several."""

from collections.abc import Sequence

CONSTANT = 60
"""The published one: it keeps the first ranks from deciding alone."""


def fuse(rankings: Sequence[Sequence[int]], constant: int = CONSTANT) -> list[tuple[int, float]]:
    """Reciprocal rank fusion (Cormack, Clarke and Büttcher 2009): the sum over rankings of 1 / (constant + rank), ranks
    from 1; the best first, of equals the one met first.

    >>> [place for place, _ in fuse([[3, 1], [1, 2]])]
    [1, 3, 2]
    """
    sums: dict[int, float] = {}
    for ranking in rankings:
        for rank, place in enumerate(ranking, 1):
            sums[place] = sums.get(place, 0.0) + 1.0 / (constant + rank)
    return sorted(sums.items(), key=lambda pair: -pair[1])
