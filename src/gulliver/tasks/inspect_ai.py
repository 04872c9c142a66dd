"""A dataset of inspect_ai, from its JSON, JSONL or CSV file: `inspect:questions.json(scorer=match)`."""

import hashlib
import json
import random
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, NoReturn

from gulliver.errors import TaskError
from gulliver.models.base import Message
from gulliver.tasks.base import Item, Judge, Task, make_item
from gulliver.tasks.choices import LETTERS, lettered
from gulliver.tasks.inspect_scorers import SCORERS, Score
from gulliver.tasks.judges import Choice
from gulliver.tasks.judging import make_judge
from gulliver.tasks.records import read_records
from gulliver.tasks.rows import Row, where

_NEEDS_MACHINE = ("sandbox", "files", "setup")


def make(
    path: str | Path,
    *,
    scorer: str | None = None,
    judge: str | Judge | None = None,
    input: str = "input",
    target: str = "target",
    choices: str = "choices",
    id: str = "id",
    metadata: str = "metadata",
    pattern: str = "",
    system: str = "",
    max_tokens: int = 256,
    items: int | None = None,
    seed: int = 0,
    folder: Path | None = None,
) -> Task:
    """A task from a file's samples.

    Args:
        scorer: `match` (at the end), `begin`, `any`, `numeric`, `includes`, `exact`, `pattern`, `answer_letter`, `answer_word`,
            `answer_line`, or `choice`; by default `choice` where samples have choices, else `match`. `judge`, any judge of
            Gulliver's, takes its place.
        input, target, choices, id, metadata: the fields' names in the file.
        pattern: for the scorer `pattern`.
        system: put before each conversation.
        items: at most so many, drawn by `seed`.
        folder: what the path is relative to.

    Raises:
        TaskError: the file, a sample or an option cannot be used.
    """
    file = (folder or Path()) / path
    rows = read_records(file)
    if scorer is not None and judge is not None:
        raise TaskError("The task has a scorer and a judge; give one of them.")
    chosen = make_judge(judge, folder) if isinstance(judge, str) else judge
    names = {"input": input, "target": target, "choices": choices, "id": id, "metadata": metadata}
    made = [_item(row, file, names, scorer, chosen, pattern, system, max_tokens) for row in rows]
    if len({item.id for item in made}) < len(made):
        raise TaskError(f"{file.name}: two samples have the same {id!r}; give each its own.")
    if items is not None and items < len(made):
        made = [made[index] for index in sorted(random.Random(seed).sample(range(len(made)), items))]
    digest = hashlib.sha256(file.read_bytes()).hexdigest()
    return Task(file.stem, made, source=f"{path}, a dataset of inspect_ai", license="the user's", digest=digest)


def _item(
    row: Row, file: Path, names: Mapping[str, str], scorer: str | None, judge: Judge | None, pattern: str, system: str, limit: int,
) -> Item:  # fmt: skip
    values = row.values
    for needed in _NEEDS_MACHINE:
        if values.get(needed):
            _refuse(file, row, f"has {needed!r}: samples that need a machine of their own are not supported")
    turns = _turns(values.get(names["input"]), file, row)
    target = _read_list(values.get(names["target"]))
    if target in (None, "", []):
        _refuse(file, row, f"has no {names['target']!r}")
    options = _read_list(values.get(names["choices"])) or ()
    if options and (not isinstance(options, list) or not 2 <= len(options) <= len(LETTERS)):
        _refuse(file, row, f"has {names['choices']!r} that are no list of 2 to {len(LETTERS)}")
    options = tuple(str(option) for option in options)
    scored = scorer or ("choice" if options else "match")
    made = judge or _scorer(scored, pattern, len(options), file, row)
    if options and isinstance(made, Choice):
        target = _letter(target, options, file, row)
    before, last = turns[:-1], turns[-1]
    text = lettered(last.content, options) if options else last.content
    told = [message for message in before if message.role == "system"]
    spoken = [message for message in before if message.role != "system"]
    question = text
    if spoken:  # strategies put the question anew: they get the conversation as one text
        question = "\n\n".join([*(f"{m.role}: {m.content}" for m in spoken), f"user: {text}"])
    extra = values.get(names["metadata"])
    item = make_item(
        str(values.get(names["id"]) or f"{file.stem}-{row.number}"),
        question,
        target,
        made,
        system="\n\n".join(part for part in (system, *(m.content for m in told)) if part),
        fields={**values, **(extra if isinstance(extra, Mapping) else {})},
        choices=options,
        max_tokens=limit,
    )
    if not spoken:
        return item
    closing = f"{text}\n\n{made.answer_only}" if made.answer_only else text
    return item.ask(*(m for m in item.prompt if m.role == "system"), *spoken, Message("user", closing))


def _scorer(name: str, pattern: str, options: int, file: Path, row: Row) -> Judge:
    if name == "choice":
        if not options:
            _refuse(file, row, "has no choices for the scorer choice")
        return Choice(tuple(LETTERS[:options]))
    if name not in SCORERS:
        raise TaskError(
            f"There is no scorer {name!r} here; there are: choice, {', '.join(SCORERS)}; or name one of Gulliver's judges with judge=…, such as model(name='…') for a graded answer."
        )
    return Score(name, pattern)


def _turns(given: Any, file: Path, row: Row) -> list[Message]:
    """The conversation that a sample's input is; it ends with the user's turn."""
    if isinstance(given, str) and given.lstrip().startswith("[{"):
        given = _read_list(given)
    listed = [{"role": "user", "content": given}] if isinstance(given, str) else given
    if not isinstance(listed, list) or not listed:
        _refuse(file, row, "has no input; it must be a text or a list of messages")
    turns = []
    for turn in listed:
        role = turn.get("role") if isinstance(turn, Mapping) else None
        if role not in ("system", "user", "assistant"):
            _refuse(file, row, f"has a message of the role {role!r}; supported are system, user and assistant")
        turns.append(Message(role, _content(turn.get("content"), file, row)))
    if turns[-1].role != "user" or not turns[-1].content.strip():
        _refuse(file, row, "has an input that does not end with words of the user")
    return turns


def _content(content: Any, file: Path, row: Row) -> str:
    if isinstance(content, str):
        return content
    parts = content if isinstance(content, list) else [None]
    texts = [part.get("text") for part in parts if isinstance(part, Mapping) and part.get("type") == "text"]
    if len(texts) != len(parts) or not all(isinstance(text, str) for text in texts):
        _refuse(file, row, "has a message that is not text alone; images and the like are not supported")
    return "\n".join(str(text) for text in texts)


def _letter(target: Any, options: Sequence[str], file: Path, row: Row) -> str:
    """The letter of the right option; inspect_ai writes it so, some files write the option itself or a list of one."""
    one = target[0] if isinstance(target, list) and len(target) == 1 else target
    text = str(one).strip()
    if isinstance(one, list):
        _refuse(file, row, "has several right choices, which is not supported")
    if len(text) == 1 and text.upper() in LETTERS[: len(options)]:
        return text.upper()
    if text in options:
        return LETTERS[options.index(text)]
    _refuse(file, row, f"has the target {text!r}, which is no letter of its choices nor one of them")


def _read_list(value: Any) -> Any:
    """A list that a CSV cell holds as JSON; anything else as it is."""
    if isinstance(value, str) and value.lstrip().startswith("["):
        try:
            read = json.loads(value)
        except (ValueError, RecursionError):
            return value
        return read if isinstance(read, list) else value
    return value


def _refuse(file: Path, row: Row, what: str) -> NoReturn:
    place = f"{file.name}, record {row.number}" if file.suffix.lower() == ".json" else where(file, row)
    raise TaskError(f"{place} {what}.")
