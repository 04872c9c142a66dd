"""Many texts scored in one pass: what they share is computed once, and each token sees only what stands before it.

Texts in order of their tokens are the branches of a prefix tree. A pass computes each token of a part of the tree once, in one
row without padding, under a mask that lets a token attend to its own path to the root: the options of one question are blocks
behind it that do not see one another. What the next part goes on from (worked examples, say) is the trunk: it is computed by
itself and its keys and values stay. The last token of a text is never read, only looked up.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from itertools import takewhile
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    import torch

    from gulliver.models.engines.torch_cache import Rows

SHORT = 32
"""Tokens: a pass reads all weights, so that a shorter trunk is cheaper computed twice."""

Run = Callable[[Any, "torch.Tensor", "torch.Tensor", "torch.Tensor", "int | torch.Tensor", Mapping[int, float]], Any]
"""A forward pass: cache, ids, mask, positions, which logits, and by which weights its time is shared among keys."""


@dataclass(frozen=True)
class Text:
    """One to be scored: `scored`, its tokens from number `prompt` on. `path`: the tokens that are read, all but the last."""

    key: int
    path: list[int]
    prompt: int
    scored: list[int]


@dataclass(frozen=True)
class Tree:
    """The tokens of one pass, which starts behind a trunk.

    Attributes:
        ids, depths, parents: of each token; its place in the text, and the token before it (-1: the trunk's last).
        fresh: for each text, how many of them are computed for it, and not for one before it.
        asked: for each text, the tokens before each one that is scored.
    """

    ids: list[int]
    depths: list[int]
    parents: list[int]
    fresh: list[int]
    asked: list[list[int]]


@dataclass(frozen=True)
class Scored:
    """A text's log-probability (nats, summed), and how many of its prompt's tokens were computed for another."""

    text: Text
    logprob: float
    cached: int


def shared(one: Sequence[int], other: Sequence[int]) -> int:
    """How many tokens both begin with."""
    return sum(1 for _ in takewhile(bool, (a == b for a, b in zip(one, other, strict=False))))


def part(texts: Sequence[Text], held: Sequence[int], room: int) -> tuple[int, int]:
    """How many of the texts (in order of their paths) the next pass takes, and behind how many tokens of the first.

    Args:
        held: a path whose keys and values are there.
        room: tokens of one pass; it is exceeded by what one text cannot do without.
    """
    first = texts[0]
    known = min(shared(held, first.path), first.prompt - 1)
    total = common = len(first.path)
    most = first.prompt - 1  # the token before the first scored one has to be in the pass
    starts, seams = [0], [0]
    for count, text in enumerate(texts, 1):
        if count > 1:
            total += len(text.path) - seams[-1]
            common, most = min(common, seams[-1]), min(most, text.prompt - 1)
        seam = shared(text.path, texts[count].path) if count < len(texts) else 0
        start = min(max(known, seam), common, most)
        if total - start > room:
            start = min(common, most)
        if total - start > room and count > 1:
            break
        starts.append(start)
        seams.append(seam)
    whole = len(starts) - 1
    # Where the least is shared, the least is computed again: between two questions, not between options of one.
    count = min(range(whole, whole // 2, -1), key=lambda number: seams[number])
    start = starts[count]
    return count, start if start - known >= SHORT else min(start, known)


def grown(texts: Sequence[Text], trunk: int) -> Tree:
    """The tree of texts in order of their paths, all of which begin with the same `trunk` tokens."""
    tree = Tree([], [], [], [], [])
    before: list[int] = []
    branch: list[int] = []
    for text in texts:
        same = max(trunk, shared(before, text.path))
        branch = branch[: same - trunk]
        for depth in range(same, len(text.path)):
            tree.parents.append(branch[-1] if branch else -1)
            branch.append(len(tree.ids))
            tree.ids.append(text.path[depth])
            tree.depths.append(depth)
        tree.fresh.append(len(text.path) - same)
        tree.asked.append(branch[text.prompt - 1 - trunk :])
        before = text.path
    return tree


def visible(tree: Tree, trunk: int) -> "np.ndarray[Any, np.dtype[np.bool_]]":
    """Which places each token attends to, [tokens, trunk + tokens]: the trunk, its path, itself."""
    seen = np.zeros((len(tree.ids), trunk + len(tree.ids)), dtype=np.bool_)
    seen[:, :trunk] = True
    for place, parent in enumerate(tree.parents):
        if parent >= 0:
            seen[place] = seen[parent]
        seen[place, trunk + place] = True
    return seen


class Trees:
    """Scores texts pass by pass. Needs a model whose every layer attends to all that stands before.

    Args:
        run: the model's forward pass.
        rows: an empty cache.
        room: tokens of one pass.
        dtype, device: the model's.
    """

    def __init__(self, run: Run, rows: "Rows", room: int, dtype: "torch.dtype", device: "torch.device") -> None:
        self._run = run
        self._rows = rows
        self._room = room
        self._dtype = dtype
        self._device = device
        self._held: list[int] = []

    def score(self, texts: Sequence[Text]) -> list[Scored]:
        """The first of the texts, which stand in order of their paths: as many as one pass takes."""
        import torch

        count, start = part(texts, self._held, self._room)
        group = texts[:count]
        known = self._hold(group[0], start)
        tree = grown(group, start)
        told = sorted({place for asked in tree.asked for place in asked})
        # One that shares its whole path still has logits of its own.
        weights = {text.key: float(fresh + len(text.scored)) for text, fresh in zip(group, tree.fresh, strict=True)}
        barred = torch.from_numpy(~visible(tree, start)).to(self._device)
        mask = torch.zeros(barred.shape, dtype=self._dtype, device=self._device)
        mask.masked_fill_(barred, torch.finfo(self._dtype).min)
        logits = self._run(
            self._rows.cache, self._ids(tree.ids), mask[None, None], self._ids(tree.depths), self._ids(told)[0], weights
        )[0].float()
        self._rows.cut(start)
        whole = torch.logsumexp(logits, -1)
        row = {place: number for number, place in enumerate(told)}
        found = []
        for number, (text, asked) in enumerate(zip(group, tree.asked, strict=True)):
            rows = [row[place] for place in asked]
            logprobs = logits[rows, text.scored] - whole[rows]
            computed = tree.fresh[number] + (start - known if number == 0 else 0)
            cached = min(text.prompt, len(text.path) - computed)
            found.append(Scored(text, float(logprobs.double().sum()), cached))
        return found

    def _hold(self, text: Text, tokens: int) -> int:
        """Have that many of the text's first tokens in the cache and no more; how many of them were there."""
        known = min(shared(self._held, text.path), tokens)
        self._rows.cut(known)
        for start in range(known, tokens, self._room):
            ids = text.path[start : min(start + self._room, tokens)]
            end = start + len(ids)
            mask, places = self._ids([1] * end), self._ids(list(range(start, end)))
            self._run(self._rows.cache, self._ids(ids), mask, places, 1, {text.key: float(len(ids))})
        self._held = text.path[:tokens]
        return known

    def _ids(self, numbers: list[int]) -> "torch.Tensor":
        import torch

        return torch.tensor([numbers], device=self._device)
