"""A model that says what it is told to, and an item it can be asked."""

from gulliver.models.base import Card, Finish, Model, Reply, Request
from gulliver.tasks.base import Exemplar, Item, make_item
from gulliver.tasks.judges import Number

NUMBERS = Model("numbers", Card("numbers", "fake", "f" * 64, parameters=10, active_parameters=10), "scripted", "1")
SUMS = (
    Exemplar("What is one and two?", "3", "One and two make 3.", "def solution():\n    return 1 + 2"),
    Exemplar("What is two and two?", "4", "Two and two make 4.", "def solution():\n    return 2 + 2"),
    Exemplar("What is five and one?", "6", "Five and one make 6.", "def solution():\n    return 5 + 1"),
)


class ScriptedClient:
    """Gives `replies` in turn, the last one again and again."""

    def __init__(self, replies: tuple[str, ...], fail: bool = False, finish: Finish = "stop") -> None:
        self.replies = replies
        self.fail = fail
        self.finish = finish
        self.asked = 0

    async def ask(self, request: Request) -> Reply:
        self.asked += 1
        if self.fail:
            return Reply(finish="failed", error="planted")
        text = self.replies[min(self.asked, len(self.replies)) - 1]
        return Reply(text, self.finish, prompt_tokens=10, completion_tokens=5, logprob=-1.0, seconds=0.1)

    def peak_memory(self) -> int:
        return 0

    async def close(self) -> None:
        pass


def number_item(system: str = "") -> Item:
    return make_item("sum-1", "What is three and four?", "7", Number(), system=system, exemplars=SUMS)
