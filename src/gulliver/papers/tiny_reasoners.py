"""Very small decoders taught to solve word problems, with worked answers in words or in equations; needs the extra
`torch`.

A problem tells two or three steps on small numbers in one of several wordings. Its worked answer is the same steps
either as sentences, in wordings drawn at random, or as equations, which have one form. Tokens are whole words and
whole numbers.
"""

import random
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from gulliver.errors import MissingExtra
from gulliver.laws.ladder.shapes import Shape

Format = Literal["words", "equations"]
NAMES = ("Ann", "Ben", "Cleo", "Dan", "Eva", "Finn")
THINGS = ("apples", "pens", "stamps", "coins", "shells")
_START = ("{n} has {a} {t} .", "There are {a} {t} on the desk of {n} .", "{n} owns {a} {t} .")
_MORE = ("Then {n} gets {b} more .", "{b} {t} are added .", "{n} finds another {b} .", "A friend brings {b} {t} .")
_LESS = ("Then {n} loses {b} .", "{b} {t} are given away .", "{n} hands {b} to a friend .", "A thief takes {b} {t} .")
_DOUBLE = ("Then their number doubles .", "{n} ends up with twice as many .")
_ASK = ("How many {t} are there ?", "How many {t} has {n} now ?")
_SAID = {
    "+": (
        "{x} and {b} more make {y} .",
        "adding {b} to {x} gives {y} .",
        "with {b} more that is {y} .",
        "{n} now holds {y} .",
    ),
    "-": (
        "{x} without {b} leaves {y} .",
        "taking {b} from {x} gives {y} .",
        "so {y} are left .",
        "{n} keeps {y} of them .",
    ),
    "*": ("twice {x} is {y} .", "doubled that makes {y} .", "{n} then holds {y} ."),
}
END, ANSWER = "<end>", "answer"
MOST = 30
"""Numbers stay below this."""


@dataclass(frozen=True)
class Problem:
    """A question, its worked answer in words and in equations, and the answer."""

    question: str
    words: str
    equations: str
    answer: int


def problem(rng: random.Random) -> Problem:
    """One problem of two or three steps."""
    name, thing = rng.choice(NAMES), rng.choice(THINGS)
    value = rng.randint(2, 9)
    told = [rng.choice(_START).format(n=name, a=value, t=thing)]
    words, equations = [], []
    for _ in range(rng.randint(2, 3)):
        sign = rng.choice([s for s in "++-*" if _allowed(s, value)])
        b = 2 if sign == "*" else rng.randint(1, min(5, value - 1) if sign == "-" else 5)
        after = {"+": value + b, "-": value - b, "*": value * 2}[sign]
        told.append(rng.choice({"+": _MORE, "-": _LESS, "*": _DOUBLE}[sign]).format(n=name, b=b, t=thing))
        words.append(rng.choice(_SAID[sign]).format(n=name, x=value, b=b, y=after))
        equations.append(f"{value} {sign} {b} = {after} .")
        value = after
    told.append(rng.choice(_ASK).format(n=name, t=thing))
    return Problem(" ".join(told), " ".join(words), " ".join(equations), value)


def _allowed(sign: str, value: int) -> bool:
    return {"+": value + 5 < MOST, "-": value > 2, "*": value * 2 < MOST}[sign]


@dataclass(frozen=True)
class Job:
    """One model to teach: width and layers, what its answers look like, and how long."""

    width: int
    depth: int
    format: Format
    seed: int
    steps: int
    batch: int = 64
    examples: int = 20_000
    test: int = 300
    rate: float = 2e-3


def vocabulary() -> dict[str, int]:
    """Every token by its text; 0 is padding."""
    lines = (*_START, *_MORE, *_LESS, *_DOUBLE, *_ASK, *(line for group in _SAID.values() for line in group))
    fixed = {word for line in lines for word in line.split() if "{" not in word}
    words = sorted(fixed | {*NAMES, *THINGS, *"+-*=.", ANSWER, END} | {str(n) for n in range(MOST + 1)})
    return {word: number for number, word in enumerate(words, 1)}


def teach(job: Job, folder: Path | None = None) -> dict[str, Any]:
    """Train one model and ask it unseen problems: `right` of `test`, tokens of a worked answer, `parameters`,
    `flops`, `seconds`.

    Raises:
        MissingExtra: torch is not installed.
    """
    try:
        import torch
    except ImportError:
        raise MissingExtra("Teaching a very small model", "torch") from None
    import time

    from gulliver.laws.ladder.models import build, logits

    began = time.perf_counter()
    rng = random.Random(f"teach {job.seed}")
    taught = [problem(rng) for _ in range(job.examples)]
    seen = {one.question for one in taught}
    asked = [one for one in (problem(rng) for _ in range(4 * job.test)) if one.question not in seen][: job.test]
    words = vocabulary()
    rows = [(_ids(one.question, words), _ids(f"{getattr(one, job.format)} {ANSWER} {one.answer} {END}", words)) for one in taught]  # fmt: skip
    longest = max(len(q) + len(a) for q, a in rows)
    model = build("decoder", Shape(job.width, job.depth, len(words) + 1, longest + 1), job.seed)
    parameters = sum(p.numel() for p in model.parameters())
    optimizer = torch.optim.AdamW(model.parameters(), lr=job.rate, weight_decay=0.01, betas=(0.9, 0.98))
    tokens = 0
    for step in range(job.steps):
        for group in optimizer.param_groups:
            group["lr"] = job.rate * min(1.0, (step + 1) / 50) * (1.0 - 0.9 * step / job.steps)
        batch = rng.sample(rows, job.batch)
        most = max(len(q) + len(a) for q, a in batch)
        ids = torch.tensor([[*q, *a, *[0] * (most - len(q) - len(a))] for q, a in batch])
        # Only the worked answer is learned, as in distillation.
        target = torch.tensor([[-100] * (len(q) - 1) + a + [-100] * (most - len(q) - len(a)) for q, a in batch])
        loss = torch.nn.functional.cross_entropy(
            logits(model, ids[:, :-1]).flatten(0, 1), target.flatten(), ignore_index=-100
        )
        optimizer.zero_grad()
        torch.autograd.backward(loss)
        optimizer.step()
        tokens += ids.numel()
    right = _right(model, asked, words, longest)
    return {
        "right": right, "test": len(asked), "parameters": parameters, "tokens": tokens,
        "answer_tokens": sum(len(a) for _, a in rows) / len(rows),
        "flops": 6.0 * parameters * tokens, "seconds": time.perf_counter() - began,
    }  # fmt: skip


def _ids(text: str, words: dict[str, int]) -> list[int]:
    return [words[word] for word in text.split()]


def _right(model: Any, asked: Sequence[Problem], words: dict[str, int], longest: int) -> list[bool]:
    """Which problems a model solves, writing greedily; problems of one length are written together."""
    import torch

    from gulliver.laws.ladder.models import logits

    outcome: dict[int, bool] = {}
    by_length: dict[int, list[int]] = {}
    questions = [_ids(one.question, words) for one in asked]
    for place, question in enumerate(questions):
        by_length.setdefault(len(question), []).append(place)
    with torch.no_grad():
        for length, places in by_length.items():
            ids = torch.tensor([questions[place] for place in places])
            for _ in range(longest - length):
                ids = torch.cat([ids, logits(model, ids)[:, -1].argmax(-1, keepdim=True)], 1)
            for place, row in zip(places, ids[:, length:].tolist(), strict=True):
                outcome[place] = _answer(row, words) == asked[place].answer
    return [outcome[place] for place in range(len(asked))]


def _answer(row: Sequence[int], words: dict[str, int]) -> int | None:
    """The number after the first mark of an answer."""
    names = {number: word for word, number in words.items()}
    written = [names.get(number, "") for number in row]
    if ANSWER not in written:
        return None
    after = written[written.index(ANSWER) + 1 :][:1]
    return int(after[0]) if after and after[0].isdigit() else None
