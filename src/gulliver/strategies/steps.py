"""A reply written step by step: what beam, tree and other searches grow, judge and cut off.

Each step is a request of its own behind what was begun, so the store keeps it and a search that comes to the same text pays
nothing. What was begun is read again with each step, as far as the engine does not keep it; the ledger counts what was read.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from gulliver.inference import BoundModel, Draft
from gulliver.models.base import Finish, Sampling
from gulliver.strategies.base import read_drafts
from gulliver.strategies.majority import Majority
from gulliver.strategies.scorers import Scorer, make_scorer
from gulliver.strategies.scorers.base import scorer_models
from gulliver.strategies.weighted_majority import heaviest
from gulliver.tasks.base import Answer, Item
from gulliver.tasks.markers import MARKER

BORDERS = {"paragraph": "\n\n", "line": "\n"}
WAYS = ("weighted", "best", "majority")
"""How one of the finished replies is chosen: a vote weighted by score, the best score, a plain vote."""


@dataclass(frozen=True)
class Path:
    """The beginning of a reply, or all of one when `done`.

    Attributes:
        last: its last step; depth: how many it has; tokens, logprob: of all steps.
        score: what a scorer said of it, in [0, 1].
        finish: of a path that is done: `length` when a limit ended it.
    """

    text: str = ""
    last: str = ""
    depth: int = 0
    tokens: int = 0
    logprob: float | None = 0.0
    finish: Finish = "stop"
    error: str = ""
    done: bool = False
    score: float = 0.0

    @property
    def draft(self) -> Draft:
        """As scorers and readers take it; one that is only begun counts as cut."""
        finish = self.finish if self.done else "length"
        return Draft(self.text, finish, 0, self.tokens, self.logprob, self.error)


@dataclass(frozen=True)
class Steps:
    """How steps are drawn: up to `border` (a name in `BORDERS` or a text), `tokens` long, `depth` of them at most."""

    border: str = "paragraph"
    tokens: int = 100
    depth: int = 10
    temperature: float = 0.7
    top_p: float = 0.95

    @property
    def mark(self) -> str:
        """The text that ends a step."""
        return BORDERS.get(self.border, self.border)

    async def grow(self, item: Item, lm: BoundModel, path: Path, n: int, start: int = 0) -> list[Path]:
        """`n` ways to go on by one step: draws number `start` to start + n-1 of what follows."""
        room = item.max_tokens - path.tokens
        stop = (self.mark, *item.stop)
        sampling = Sampling(min(self.tokens, room), self.temperature, self.top_p, 0, stop)
        drafts = await lm.draws(item.prompt, n, sampling, start=start, begun=path.text)
        return [self._after(item, path, draft) for draft in drafts]

    async def finish(self, item: Item, lm: BoundModel, path: Path, draw: int = 0) -> Path:
        """The path written to its end at once; itself when it is done."""
        if path.done:
            return path
        sampling = Sampling(item.max_tokens - path.tokens, self.temperature, self.top_p, 0, item.stop)
        draft = (await lm.draws(item.prompt, 1, sampling, start=draw, begun=path.text))[0]
        return replace(_joined(path, draft), done=True)

    def _after(self, item: Item, path: Path, draft: Draft) -> Path:
        grown = _joined(path, draft)
        stopped = draft.finish == "stop"
        if draft.finish == "failed" or (stopped and not draft.text.strip()):
            return replace(grown, text=path.text, done=True)  # nothing follows: the reply had ended
        if stopped and any(stop in self.mark for stop in item.stop):
            return replace(grown, done=True)  # where a step ends the whole reply does
        if stopped:
            grown = replace(grown, text=grown.text + self.mark)
        if draft.text == path.last or ended(item, grown.text):
            return replace(grown, done=True)  # one that repeats itself would do so for ever
        if grown.depth >= self.depth or grown.tokens >= item.max_tokens:
            return replace(grown, finish="length", done=True)
        return grown


class Searching:
    """What searches over steps share; each has these options."""

    n: int
    by: str
    model: str
    final: str
    border: str
    step: int
    depth: int
    temperature: float

    @property
    def others(self) -> tuple[str, ...]:
        """The scorer's own model, where it has one."""
        return scorer_models(self.by, self.model)

    @property
    def draws(self) -> int:
        """For forecasts: whatever is cut off on the way, all steps together write about as much as `n` whole replies."""
        return self.n

    def check_search(self) -> None:
        """
        Raises:
            ValueError: an option is out of range, or there is no such scorer.
        """
        if not self.border or self.step < 1 or self.depth < 1:
            raise ValueError("border must not be empty, and step and depth must be at least 1")
        if self.final not in WAYS:
            raise ValueError(f"final must be one of {', '.join(WAYS)}")
        make_scorer(self.by, self.model)

    def parts(self) -> tuple[Steps, Scorer]:
        """How steps are drawn, and what judges them."""
        return Steps(self.border, self.step, self.depth, self.temperature), make_scorer(self.by, self.model)


def ended(item: Item, text: str) -> bool:
    """Whether a reply has said its answer: after an answer's mark, or as a whole fenced block where programs are run."""
    if item.runs_code:
        return text.count("```") >= 2
    return MARKER.search(text) is not None and item.reader(Draft(text, "length"), item).status == "read"


async def score_paths(scorer: Scorer, item: Item, paths: Sequence[Path], lm: BoundModel) -> list[Path]:
    """The paths with their scores."""
    scores = await scorer.score(item, [path.draft for path in paths], lm)
    return [replace(path, score=score) for path, score in zip(paths, scores, strict=True)]


def merged(paths: Sequence[Path]) -> list[Path]:
    """Each text once: equal beginnings would go on in the same way."""
    first: dict[str, Path] = {}
    for path in paths:
        first.setdefault(path.text, path)
    return list(first.values())


async def choose_path(item: Item, paths: Sequence[Path], how: str) -> Answer:
    """The answer of scored paths, at least one; when none can be read, the best scored one's status stands."""
    ranked = sorted(paths, key=lambda path: -path.score)
    answers = await read_drafts(item, [path.draft for path in ranked])
    read = [(answer, path.score) for answer, path in zip(answers, ranked, strict=True) if answer.status == "read"]
    if not read:
        return answers[0]
    if how == "best":
        return read[0][0]
    if how == "majority":
        return Majority(len(read)).choose([answer for answer, _ in read])
    return heaviest([answer for answer, _ in read], [score for _, score in read])


def _joined(path: Path, draft: Draft) -> Path:
    return replace(
        path,
        text=path.text + draft.text,
        last=draft.text,
        depth=path.depth + 1,
        tokens=path.tokens + draft.completion_tokens,
        logprob=None if path.logprob is None or draft.logprob is None else path.logprob + draft.logprob,
        finish=draft.finish,
        error=draft.error,
    )
