"""Take the answer that most drafts agree on."""

import json
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace

from gulliver.strategies.base import OfSeveral, strategy
from gulliver.tasks.base import Answer


@strategy("majority")
@dataclass(frozen=True)
class Majority(OfSeveral):
    """Vote over `n` drafts (self-consistency, Wang et al. 2022). Drafts without an answer have no vote; of equal
    counts the one drawn first wins. When no draft can be read, the first one's status stands."""

    def choose(self, answers: Sequence[Answer]) -> Answer:
        read = [answer for answer in answers if answer.status == "read"]
        if not read:
            return answers[0]
        votes = Counter(ballot(answer) for answer in read)
        best = max(votes.values())
        winner = next(answer for answer in read if votes[ballot(answer)] == best)
        return replace(winner, votes=best)


def ballot(answer: Answer) -> str:
    """What equal answers share."""
    return json.dumps(answer.value, sort_keys=True, default=repr)
