"""Search a tree of beginnings by playing replies to their end."""

import math
from dataclasses import dataclass, field
from typing import ClassVar

from gulliver.inference import BoundModel
from gulliver.strategies.base import strategy
from gulliver.strategies.steps import Path, Searching, choose_path, score_paths
from gulliver.tasks.base import Answer, Item


@dataclass
class Node:
    """A beginning, with what replies through it were worth: `total` over `visits`; `closed` when nothing is left to try."""

    path: Path
    children: list["Node"] = field(default_factory=list)
    visits: int = 0
    total: float = 0.0
    closed: bool = False

    def promise(self, visits: int, explore: float) -> float:
        """The upper confidence bound of Kocsis and Szepesvári 2006; `visits` are its parent's."""
        return self.total / self.visits + explore * math.sqrt(math.log(visits) / self.visits)


@strategy("mcts")
@dataclass(frozen=True)
class Mcts(Searching):
    """Monte-Carlo tree search over steps: each of `n` rounds follows the most promising beginnings (UCT, `explore`) to one with
    fewer than `width` ways on, draws another, writes that reply to its end, and credits its score to all beginnings it
    came through.

    A scorer (`by`, `model`, as in `best_of`) judges whole replies, of which one is chosen by `final`: `weighted` vote, `best`
    score, or `majority`. Steps are as in `beam`; rounds of one item follow each other, those of different items run at once.
    """

    n: int = 8
    width: int = 3
    explore: float = 0.5
    by: str = "logprob"
    model: str = ""
    final: str = "weighted"
    border: str = "paragraph"
    step: int = 100
    depth: int = 10
    temperature: float = 0.7
    tokens: ClassVar[int] = 200
    role: ClassVar[str] = "whole"

    def __post_init__(self) -> None:
        if self.n < 1 or self.width < 1 or self.explore < 0 or self.temperature <= 0:
            raise ValueError("n and width must be at least 1, explore at least 0, temperature above 0")
        self.check_search()

    async def answer(self, item: Item, lm: BoundModel) -> Answer:
        """
        Raises:
            ModelError: the model is behind a server, or the scorer cannot score.
        """
        steps, scorer = self.parts()
        root, found = Node(Path()), list[Path]()
        for _ in range(self.n):
            if root.closed:
                break
            line = self._select(root)
            known = [child.path.text for child in line[-1].children]
            child = Node((await steps.grow(item, lm, line[-1].path, 1, start=len(known)))[0])
            line[-1].children.append(child)
            # A way on that was drawn before leads nowhere new, and its reply is known.
            child.closed = child.path.done or child.path.text in known
            reply = (await score_paths(scorer, item, [await steps.finish(item, lm, child.path)], lm))[0]
            found.append(reply)
            self._credit([*line, child], reply.score)
        return await choose_path(item, found, self.final)

    def _select(self, root: Node) -> list[Node]:
        """From the root to a beginning that has room for another way on."""
        line = [root]
        while len(line[-1].children) >= self.width:
            node = line[-1]
            open_ = [child for child in node.children if not child.closed]
            line.append(max(open_, key=lambda child: child.promise(node.visits, self.explore)))
        return line

    def _credit(self, line: list[Node], score: float) -> None:
        for node in reversed(line):
            node.visits += 1
            node.total += score
            full = len(node.children) >= self.width and all(child.closed for child in node.children)
            node.closed = node.closed or full
