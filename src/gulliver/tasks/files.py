"""A task from a file of the user's: JSONL, CSV or Parquet, a template for the question, a judge."""

import hashlib
import random
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import jinja2
from jinja2.sandbox import SandboxedEnvironment

from gulliver.errors import TaskError
from gulliver.tasks.base import Exemplar, Item, Judge, Task, make_item
from gulliver.tasks.judging import make_judge
from gulliver.tasks.rows import Row, read_rows, where

SMALLEST_SPLIT = 500
"""A pool of fewer items is all test."""
_SHARES = (0.6, 0.1)  # test, dev; the rest is train
_MOST_LABELS = 20
_EXEMPLAR = ("question", "answer", "rationale", "program")


def load_file_task(
    path: str | Path,
    *,
    target: str,
    template: str | None = None,
    question: str | None = None,
    judge: str | Judge | None = None,
    choices: str | Sequence[str] | None = None,
    name: str | None = None,
    system: str = "",
    train: str | Path | None = None,
    max_tokens: int = 256,
    stop: Sequence[str] = (),
    exemplars: str | Path | None = None,
    items: int | None = None,
    seed: int = 0,
    folder: Path | None = None,
) -> Task:
    """A task from rows of data.

    Args:
        target: the column that the judge compares with.
        template: the question as jinja over the row's columns, such as `"{{ text }}"`; or `question`, the column that
            holds it.
        judge: see `make_judge`; by default `choice` when there are choices, else `exact`.
        choices: the labels, or the column that holds each row's own list of options.
        train: another file of the same columns, for strategies and floors that learn from examples. Without one, a
            pool of 500 items or more gives up 30 % for it and 10 % for development.
        exemplars: a JSONL file with `question`, `answer` and, where known, `rationale` and `program`.
        items: at most so many test items, drawn by `seed`.
        folder: what paths are relative to.

    Raises:
        TaskError: a file or column is missing, the template or judge cannot be used, a row is wrong (with its number).
    """
    base = folder or Path()
    file = base / path
    made = _judge(judge, choices, base)
    put = _template(template, question)
    shown = _exemplars(base / exemplars) if exemplars is not None else ()

    def as_items(source: Path, prefix: str) -> list[Item]:
        rows = read_rows(source)
        ids = _ids(rows, prefix)
        return [
            make_item(
                ids[row],
                _question(put, row, source),
                _column(row, target, source),
                made,
                system=system,
                fields=row.values,
                choices=_choices(choices, row, source),
                exemplars=shown,
                max_tokens=max_tokens,
                stop=tuple(stop),
                runs_code=made.kind == "code",
            )
            for row in rows
        ]

    title = name or file.stem
    test = as_items(file, title)
    dev: list[Item] = []
    learned: list[Item] = []
    labels = _labels(test, made)
    digest = hashlib.sha256(file.read_bytes())
    note = ""
    if train is not None:
        learned = as_items(base / train, f"{title}-train")
        digest.update((base / train).read_bytes())
    elif len(test) >= SMALLEST_SPLIT:
        test, dev, learned = _split(test, seed)
        note = f"split by seed {seed} into {len(test)} test, {len(dev)} dev and {len(learned)} train items"
    if items is not None and items < len(test):
        kept = sorted(random.Random(seed).sample(range(len(test)), items))
        test = [test[index] for index in kept]
    return Task(title, test, learned, dev, str(path), "the user's", digest.hexdigest(), labels=labels, note=note)


def _judge(judge: str | Judge | None, choices: str | Sequence[str] | None, folder: Path) -> Judge:
    listed = list(choices) if choices is not None and not isinstance(choices, str) else []
    if judge is None:
        judge = f"choice(labels={listed!r})" if listed else "choice" if choices else "exact"
    elif judge == "choice" and listed:
        judge = f"choice(labels={listed!r})"
    return make_judge(judge, folder) if isinstance(judge, str) else judge


def _template(template: str | None, question: str | None) -> jinja2.Template:
    if (template is None) == (question is None):
        raise TaskError(
            'Say how a row is put: either template = "{{ text }}" over its columns, or question = the column that holds it.'
        )
    source = template if template is not None else f"{{{{ {question} }}}}"
    try:
        return SandboxedEnvironment(undefined=jinja2.StrictUndefined, keep_trailing_newline=False).from_string(source)
    except jinja2.TemplateError as error:
        raise TaskError(f"The template cannot be read: {error}.") from None


def _question(template: jinja2.Template, row: Row, source: Path) -> str:
    try:
        text = template.render(row.values).strip()
    except Exception as error:  # a template may call anything on a row's values
        known = ", ".join(row.values)
        raise TaskError(f"{where(source, row)}: the template failed ({error}); the columns are: {known}.") from None
    if not text:
        raise TaskError(f"{where(source, row)}: the question is empty.")
    return text


def _column(row: Row, column: str, source: Path) -> Any:
    value = row.values.get(column)
    if column not in row.values:
        raise TaskError(f"{where(source, row)} has no column {column!r}; it has: {', '.join(row.values)}.")
    if value is None or value == "":
        raise TaskError(f"{where(source, row)}: the target {column!r} is empty.")
    return value


def _choices(choices: str | Sequence[str] | None, row: Row, source: Path) -> tuple[str, ...]:
    if choices is None:
        return ()
    listed = _column(row, choices, source) if isinstance(choices, str) else choices
    if isinstance(listed, str) or not isinstance(listed, Sequence):
        raise TaskError(f"{where(source, row)}: the choices in {choices!r} are no list.")
    return tuple(str(option) for option in listed)


def _ids(rows: Sequence[Row], prefix: str) -> Mapping[Row, str]:
    """The column `id` where every row has one of its own, else the row's number."""
    stated = [str(row.values.get("id") or "") for row in rows]
    own = all(stated) and len(set(stated)) == len(rows)
    return {row: said if own else f"{prefix}-{row.number}" for row, said in zip(rows, stated, strict=True)}


def _labels(items: Sequence[Item], judge: Judge) -> tuple[str, ...]:
    """The distinct targets, when the task looks like sorting into a few classes."""
    targets = [item.target for item in items]
    if judge.kind in ("number", "code", "json") or not all(isinstance(target, str) for target in targets):
        return ()
    distinct = tuple(dict.fromkeys(sorted(targets)))
    return distinct if 2 <= len(distinct) <= min(_MOST_LABELS, len(items) / 3) else ()


def _split(items: Sequence[Item], seed: int) -> tuple[list[Item], list[Item], list[Item]]:
    order = random.Random(f"split {seed}").sample(range(len(items)), len(items))
    first, second = (round(len(items) * share) for share in (_SHARES[0], sum(_SHARES)))
    parts = (sorted(order[:first]), sorted(order[first:second]), sorted(order[second:]))
    test, dev, train = ([items[index] for index in part] for part in parts)
    return test, dev, train


def _exemplars(path: Path) -> tuple[Exemplar, ...]:
    made = []
    for row in read_rows(path):
        unknown = set(row.values) - set(_EXEMPLAR)
        if unknown or not row.values.get("question") or not row.values.get("answer"):
            raise TaskError(
                f"{where(path, row)}: an exemplar has question and answer, and may have rationale and program, nothing else."
            )
        made.append(Exemplar(**{key: str(value) for key, value in row.values.items() if value is not None}))
    return tuple(made)
