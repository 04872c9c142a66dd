"""Calls of functions: the single-turn Python items of the Berkeley Function-Calling Leaderboard (Patil et al. 2025)."""

import hashlib
import json
import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

from gulliver.errors import TaskError
from gulliver.inference.types import Draft
from gulliver.models.base import Message
from gulliver.models.sources import package_file
from gulliver.tasks.base import Answer, Item, Kind, Task, make_item
from gulliver.tasks.bfcl_calls import read_calls, tries_to_call
from gulliver.tasks.bfcl_match import calls_match

PACKAGE, VERSION = "bfcl-eval", "2026.3.23"
FILES: Mapping[str, tuple[str, str]] = {
    "simple": (
        "82dd63ba502eb2520c6b5d1d9a5c4b590e03ff261565175561f6228a367d1991",
        "90cd5bc653690ee8e459b5b3f3fc9458606f7f3fcbf795bb51b7dc581f8c86dc",
    ),
    "multiple": (
        "aef168155ebd74b7ac2401198b201343bc7d16d7a3d7e0d4e6d8ee82c6969b2a",
        "244e00ce9395df948bcafc7bee64e8f9c87ef70887587d83cae45b13699f3047",
    ),
    "parallel": (
        "19f51a82eff42e5d62541aa500115a056eb78f437c2ba1f10415fd7c8e5dda84",
        "8a6aa19c1adddc6a5a2f7e40f9dbf30cc7e95815e7b830c90589ab318229e0f0",
    ),
    "parallel_multiple": (
        "8863ea8433239f55c5f016154cf0830853c89f693c6ea270396a2fa121960579",
        "5ebf24f458c1f16300c05505d83d6f0a1b68b79be273a033febd0d4f840507e3",
    ),
    "irrelevance": (
        "2b6ed4c2e992cdcf5f1678a701851f944bef7550ee026ed1ddb89efed5be01a6",
        "",
    ),
    "live_simple": (
        "1af2ac87dca47556db7b7e37e51e28b459a38b594e3c7b3c792b4903598ca0c4",
        "fec9cfa9744a936f9126981e85a2023da1e63e273eafebc81923a1162fad70ce",
    ),
    "live_multiple": (
        "fd8ccfad4d911420d0e3341dbe2fff77d1d341da934248b9bb2bda24ab3a10c8",
        "97e90d59c5bd76c55a2920ce93e5566e9046307d3f558578f085f9d3a56c3084",
    ),
    "live_parallel": (
        "6c26e9fdc3350cf596e6d1ea9c179cbff834761bccf562f4141ed29a839ca421",
        "8a9f189ff0e832ebbbbdade1fd95a7dbcc67406e9177df3f0aad76f59ab00350",
    ),
    "live_parallel_multiple": (
        "21d4b9319c1faac431e22757b367ea28917fe467364c3a4b17f16ec06d4f6e79",
        "f5b5f360556c5feb51db46fb9f56ee4b304f4b45b161599bbb14161c98a2873f",
    ),
    "live_irrelevance": (
        "6559fda2beaceb609a2cd2e504c65b4a56cb448e1ef88fddfd199e163d163349",
        "",
    ),
    "live_relevance": (
        "e03f9e241657a137cba48a89ee12f47bf3fcb7e4f6274263e9c699a0c974203a",
        "",
    ),
}
"""Per category: sha256 of the questions, and of the possible answers ("" where there are none)."""

_SYSTEM = "You can call these functions, which are described in JSON:\n{}"


@dataclass(frozen=True)
class FunctionCalls:
    """The calls that are wanted, by the benchmark's rules; or none, where no function fits."""

    kind: ClassVar[Kind] = "code"
    answer_only: ClassVar[str] = (
        "Reply with the call alone, in the form [name(parameter=value)], or [f(a=1), g(b='x')] for several. When no function fits, "
        "or a value that is needed is not given, say so instead."
    )
    after_reasoning: ClassVar[str] = (
        "Think step by step. Then write the call between ```python and ```, in the form [name(parameter=value)], or "
        "[f(a=1), g(b='x')] for several. When no function fits, or a value that is needed is not given, say so instead."
    )

    def read(self, draft: Draft, item: Item) -> Answer:
        """The calls in a draft. Words without a call are the answer that nothing is to be called; a call that was begun
        and cannot be read is unreadable (but in `irrelevance`, where the benchmark takes it as no call)."""
        names = [function["name"] for function in item.fields["functions"]]
        calls = read_calls(draft.text, names)
        if calls:
            return Answer(value=calls)
        if draft.finish == "length":
            return Answer(status="unreadable", detail="the call was cut")
        if "irrelevance" not in item.fields["category"]:
            if not draft.text.strip():
                return Answer(status="unreadable", detail="the reply is empty")
            if tries_to_call(draft.text, names):
                return Answer(status="unreadable", detail="the call is neither JSON nor Python")
        return Answer(value=[])

    def right(self, value: Any, item: Item) -> bool:
        if "irrelevance" in item.fields["category"]:
            return not value
        if "relevance" in item.fields["category"]:
            return bool(value)
        return calls_match(value, item.fields["functions"], item.target)


def make(
    *,
    categories: str | Sequence[str] = ("simple", "multiple", "irrelevance"),
    items: int | None = None,
    seed: int = 0,
    max_tokens: int = 256,
) -> Task:
    """All items are test; with `items`, so many of them, drawn by `seed`.

    Args:
        categories: of `FILES`, a list or one name. Those in Java and JavaScript, and the ones of several turns or with
            tools that run, are not here.

    Raises:
        TaskError: there is no such category.
        ModelError: the package that holds the data cannot be fetched, or its data are not the ones expected.
    """
    chosen = [categories] if isinstance(categories, str) else list(categories)
    unknown = [name for name in chosen if name not in FILES]
    if unknown or not chosen:
        raise TaskError(f"bfcl has no category {', '.join(map(str, unknown)) or '(none)'}; it has: {', '.join(FILES)}.")
    rows = [row for name in chosen for row in read_rows(name)]
    content = json.dumps(rows, sort_keys=True)
    if items is not None and items < len(rows):
        rows = [rows[index] for index in sorted(random.Random(seed).sample(range(len(rows)), items))]
    judge = FunctionCalls()
    return Task(
        "bfcl",
        [_item(row, judge, max_tokens) for row in rows],
        source=f"Berkeley Function-Calling Leaderboard v4 ({', '.join(chosen)}), in {PACKAGE} {VERSION}",
        license="Apache-2.0",
        digest=hashlib.sha256(content.encode()).hexdigest(),
        public=True,
    )


def read_rows(category: str) -> list[dict[str, Any]]:
    """The rows of a category as published, with `category` and their possible answers as `ground_truth`."""
    stem = f"BFCL_v4_{'simple_python' if category == 'simple' else category}.json"
    asked, possible = FILES[category]
    rows = _lines(f"bfcl_eval/data/{stem}", asked)
    truths = {row["id"]: row["ground_truth"] for row in _lines(f"bfcl_eval/data/possible_answer/{stem}", possible)}
    return [{**row, "category": category, "ground_truth": truths.get(row["id"], [])} for row in rows]


def _lines(member: str, sha256: str) -> list[dict[str, Any]]:
    if not sha256:
        return []
    text = package_file(PACKAGE, VERSION, member, sha256).read_text(encoding="utf-8")
    return [json.loads(line) for line in text.splitlines() if line.strip()]


def _item(row: Mapping[str, Any], judge: FunctionCalls, max_tokens: int) -> Item:
    turns = [turn for turn in row["question"][0] if turn["role"] != "system"]
    stated = [turn["content"] for turn in row["question"][0] if turn["role"] == "system"]
    system = "\n\n".join([*stated, _SYSTEM.format(json.dumps(row["function"], ensure_ascii=False))])
    told = turns[-1]["content"]
    if len(turns) > 1:  # strategies put the question anew: they get the conversation as one text
        told = "\n\n".join(f"{turn['role']}: {turn['content']}" for turn in turns)
    item = make_item(
        row["id"],
        told,
        row["ground_truth"],
        judge,
        system=system,
        fields={"functions": row["function"], "category": row["category"]},
        max_tokens=max_tokens,
    )
    if len(turns) == 1:
        return item
    before = [Message(turn["role"], turn["content"]) for turn in turns[:-1]]
    last = Message("user", f"{turns[-1]['content']}\n\n{judge.answer_only}")
    return item.ask(item.prompt[0], *before, last)
