"""What waiting requests share, and when each may start so that a shared prefix is computed once, and rightly.

The engine keeps the keys and values of each full block of tokens, and a request that begins with the same blocks starts
behind them. It also keeps the last block of a sequence, full or not. Two requests that start together behind the same
part of a block write into one another (seen with OpenVINO GenAI 2026.4.1: log-probabilities off by several nats), while
one at a time is exact. So a request waits

- while another computes blocks that both begin with, since those then come for nothing;
- while another that started behind the same unfinished block still computes its prompt.
"""

from collections import Counter, OrderedDict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

Chain = tuple[int, ...]
"""For each full block of a sequence, a hash of all tokens up to that block's end."""

End = tuple[int, tuple[int, ...]]
"""Where a sequence stopped: the hash of its full blocks (0 for none) and the tokens of the block begun after them."""


@dataclass
class Path:
    """One request's tokens as blocks.

    Attributes:
        usable: blocks it may start behind; a score needs the token before the first that it scores computed anew.
        cached: blocks it starts behind, set when it starts.
        ends: unfinished blocks of other sequences that it could start behind, set when it starts.
        started: the engine has computed some of it.
    """

    tokens: Sequence[int]
    chain: Chain
    usable: int
    cached: int = 0
    ends: frozenset[End] = field(default_factory=frozenset)
    started: bool = False


class Prefixes:
    """Knows what the engine has computed and decides who waits.

    Args:
        blocks: how many the engine keeps; 0 for none.
        block: tokens of one.

    `taken`, told by the engine, are blocks that requests on their way hold beside those that others could start behind.
    """

    def __init__(self, blocks: int, block: int) -> None:
        self.taken = 0
        self._most = blocks
        self._block = block
        self._known: OrderedDict[int, None] = OrderedDict()
        self._computing: dict[int, list[Path]] = {}
        self._reading: list[Path] = []
        self._kept_ends: OrderedDict[End, None] = OrderedDict()
        self._ends: dict[int, dict[int, Counter[tuple[int, ...]]]] = {}

    def path(self, tokens: Sequence[int], first_needed: int) -> Path:
        """A request's path; `first_needed` is the first token whose log-probability is asked for."""
        chain = self._chain(tokens)
        return Path(tokens, chain, min(len(chain), max(0, first_needed - 1) // self._block))

    def waits(self, path: Path) -> bool:
        """Whether the request should start later."""
        if not self._most:
            return False
        cached = self._cached(path)
        for depth in range(len(path.chain), cached, -1):
            others = self._computing.get(path.chain[depth - 1])
            if others:
                # Options of one question that share more than its prompt start together: behind that, none could say
                # how likely its own first tokens are.
                together = depth > path.usable and not any(other.started for other in others)
                if not together and min(depth, path.usable) > cached:
                    return True
                break
        ends = self._reachable(path)
        return bool(ends) and any(ends & other.ends for other in self._reading)

    def start(self, path: Path) -> int:
        """Note that the request starts now. Returns how many of its tokens need not be computed."""
        path.cached = min(self._cached(path), path.usable)
        path.ends = self._reachable(path)
        self._reading.append(path)
        for mark in path.chain[path.cached :]:
            self._computing.setdefault(mark, []).append(path)
        self._touch(path.chain[: path.cached])
        self._note(self._end(path.tokens, path.chain), 1)
        return path.cached * self._block

    def read(self, path: Path) -> None:
        """Note that the engine has computed all of the request's tokens."""
        self._leave(path)
        self._touch(path.chain)

    def _leave(self, path: Path) -> None:
        self._reading = [other for other in self._reading if other is not path]
        for mark in path.chain[path.cached :]:
            others = [other for other in self._computing.get(mark, ()) if other is not path]
            if others:
                self._computing[mark] = others
            else:
                self._computing.pop(mark, None)

    def finish(self, path: Path, new: Sequence[int], unread: int = 0) -> None:
        """Note that the request is over, with these tokens written; the engine may keep all but the last few.

        `unread`: tokens of the request at its end that were never computed, when it was given up.
        """
        self._leave(path)
        self._note(self._end(path.tokens, path.chain), -1)
        whole = [*path.tokens[: len(path.tokens) - unread], *new]
        chain = self._chain(whole)
        self._touch(chain)
        for length in range(max(1, len(whole) - 2), len(whole) + 1):
            self._keep(self._end(whole[:length], chain))

    def _chain(self, tokens: Sequence[int]) -> Chain:
        marks: list[int] = []
        for start in range(0, len(tokens) - self._block + 1, self._block):
            marks.append(hash((marks[-1] if marks else 0, *tokens[start : start + self._block])))
        return tuple(marks)

    def _end(self, tokens: Sequence[int], chain: Chain) -> End:
        full = len(tokens) // self._block
        return (chain[full - 1] if full else 0), tuple(tokens[full * self._block :])

    def _cached(self, path: Path) -> int:
        return next((i for i, mark in enumerate(path.chain) if mark not in self._known), len(path.chain))

    def _reachable(self, path: Path) -> frozenset[End]:
        """Ends of other sequences that this one goes on from."""
        found: set[End] = set()
        for full, mark in enumerate((0, *path.chain)):
            begun = full * self._block
            for length, tails in self._ends.get(mark, {}).items():
                tail = tuple(path.tokens[begun : begun + length])
                if tail in tails and begun + length < len(path.tokens):
                    found.add((mark, tail))
        return frozenset(found)

    def _note(self, end: End, times: int) -> None:
        lengths = self._ends.setdefault(end[0], {})
        tails = lengths.setdefault(len(end[1]), Counter())
        tails[end[1]] += times
        if tails[end[1]] <= 0:
            del tails[end[1]]
        if not tails:
            del lengths[len(end[1])]
        if not lengths:
            del self._ends[end[0]]

    def _keep(self, end: End) -> None:
        if end in self._kept_ends:
            self._kept_ends.move_to_end(end)
            return
        self._kept_ends[end] = None
        self._note(end, 1)
        while len(self._kept_ends) > 4 * self._most:  # each sequence leaves up to three
            self._note(self._kept_ends.popitem(last=False)[0], -1)

    def _touch(self, marks: Iterable[int]) -> None:
        for mark in marks:
            self._known[mark] = None
            self._known.move_to_end(mark)
        while self._known and len(self._known) > self._most - self.taken:
            self._known.popitem(last=False)
