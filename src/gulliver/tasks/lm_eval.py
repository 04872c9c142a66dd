"""A task of lm-evaluation-harness, from its YAML file and local data: `lm_eval:my_task.yaml`."""

import ast
import hashlib
import random
import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import jinja2
from jinja2.sandbox import SandboxedEnvironment

from gulliver.errors import TaskError
from gulliver.models.base import Message
from gulliver.tasks.base import Exemplar, Item, Judge, Task, make_item
from gulliver.tasks.choices import LETTERS, lettered
from gulliver.tasks.judges import Choice
from gulliver.tasks.lm_eval_config import Config, read_config
from gulliver.tasks.lm_eval_judge import make_filtered
from gulliver.tasks.records import read_records
from gulliver.tasks.rows import Row, where


def make(
    path: str | Path,
    *,
    filter: str | None = None,
    items: int | None = None,
    seed: int = 0,
    max_tokens: int | None = None,
    folder: Path | None = None,
) -> Task:
    """The task that a file describes.

    Args:
        filter: which of the file's filters reads the answers; by default its first.
        items: at most so many test items, drawn by `seed`; the seed also draws the worked examples.
        max_tokens: instead of the file's max_gen_toks.
        folder: what the path is relative to.

    Raises:
        TaskError: the file or its data cannot be read, or ask for what is not supported.
    """
    config = read_config((folder or Path()) / path)
    rows = _rows(config, config.test)
    shots = _shots(config, seed)
    judge = _generating(config, filter) if config.kind == "generate_until" else None
    limit = max_tokens or config.max_tokens
    shared = _shared_choices(config, rows)
    labels = shared if any(len(label) > 1 for label in shared) else ()

    def as_items(found: Sequence[Row], split: str) -> list[Item]:
        put = _generated if config.kind == "generate_until" else _chosen
        return [put(config, row, split, judge, shared, shots, limit) for row in found]

    test = as_items(rows, config.test)
    train = as_items(_rows(config, config.train), config.train) if config.train in config.data else []
    if items is not None and items < len(test):
        test = [test[index] for index in sorted(random.Random(seed).sample(range(len(test)), items))]
    digest = hashlib.sha256(repr(config).replace(str(config.path.parent), "").encode())
    for file in (name for split in sorted(config.data) for name in config.data[split]):
        digest.update(file.read_bytes())
    return Task(
        config.name, test, train, source=f"{path}, a task file of lm-evaluation-harness", license="the user's",
        digest=digest.hexdigest(), labels=labels, note=_note(config),
    )  # fmt: skip


def _generating(config: Config, filter: str | None) -> Judge:
    if filter is not None and filter not in config.filters:
        raise TaskError(f"{config.path.name} has no filter {filter!r}; it has: {', '.join(config.filters) or 'none'}.")
    known = {name: options for name, options in config.metrics.items() if name == "exact_match"}
    if config.metrics and not known:
        raise TaskError(
            f"The lm-evaluation-harness task {config.path.name} has no metric that is supported for generate_until; exact_match is."
        )
    steps = config.filters.get(filter or next(iter(config.filters), ""), ())
    return make_filtered(config.path.name, steps, known.get("exact_match", {}))


def _generated(
    config: Config, row: Row, split: str, judge: Judge | None, _: tuple[str, ...], shots: Sequence[Exemplar], limit: int
) -> Item:
    assert judge is not None
    return _with_shots(
        config,
        make_item(
            f"{config.name}-{split}-{row.number}",
            _text(config, row).strip(),
            _target(config, row),
            judge,
            system=config.description.strip(),
            fields=row.values,
            exemplars=tuple(shots),
            max_tokens=limit,
            stop=config.stop,
        ),
        shots,
    )


def _chosen(
    config: Config,
    row: Row,
    split: str,
    _: Judge | None,
    shared: tuple[str, ...],
    shots: Sequence[Exemplar],
    limit: int,
) -> Item:
    """An item whose labels are its options where all items share them; else letters before its own options."""
    choices = _choices(config, row)
    gold = _gold(config, row, choices)
    text = _text(config, row)
    labels = shared or tuple(LETTERS[: len(choices)])
    stripped = tuple(option.strip() for option in choices)
    item = make_item(
        f"{config.name}-{split}-{row.number}",
        text.strip() if shared else lettered(text.strip(), stripped),
        labels[gold],
        Choice(labels),
        system=config.description.strip(),
        fields=row.values,
        choices=stripped,
        exemplars=tuple(shots),
        max_tokens=limit,
    )
    before = "".join(f"{one.question}{config.delimiter}{one.answer}{config.between}" for one in shots)
    cloze = f"{config.description}{before}{text}"
    if config.delimiter != " ":
        cloze += config.delimiter
        if not cloze[-1:].isspace() and not choices[0][:1].isspace():
            raise TaskError(
                f"The lm-evaluation-harness task {config.path.name} joins text and choices without a space, which is not supported; set target_delimiter to a space or a line break."
            )
    put = _with_shots(config, item, shots)
    return put.ask(*put.prompt, cloze=cloze if cloze.endswith("\n") else cloze.rstrip())


def _with_shots(config: Config, item: Item, shots: Sequence[Exemplar]) -> Item:
    """The worked examples as earlier turns."""
    if not shots:
        return item
    system = [message for message in item.prompt if message.role == "system"]
    turns = [turn for one in shots for turn in (Message("user", one.question), Message("assistant", one.answer))]
    return item.ask(*system, *turns, item.prompt[-1])


def _shots(config: Config, seed: int) -> list[Exemplar]:
    if not config.shots:
        return []
    if config.samples is not None:
        rows = [Row(number, values) for number, values in enumerate(config.samples, 1)]
    else:
        if config.shots_from not in config.data or config.shots_from == config.test:
            raise TaskError(
                f"{config.path.name} wants {config.shots} worked examples; give it a fewshot_split apart from the test split, or samples in fewshot_config."
            )
        rows = _rows(config, config.shots_from)
    if len(rows) < config.shots:
        raise TaskError(f"{config.path.name} wants {config.shots} worked examples and has {len(rows)}.")
    first = config.first or config.samples is not None
    chosen = rows[: config.shots] if first else random.Random(seed).sample(rows, config.shots)
    return [Exemplar(_text(config, row).strip(), _worked(config, row)) for row in chosen]


def _worked(config: Config, row: Row) -> str:
    if config.kind == "multiple_choice":
        choices = _choices(config, row)
        return choices[_gold(config, row, choices)].strip()
    target = _target(config, row)
    return str(target[0] if isinstance(target, list) else target).strip()


def _rows(config: Config, split: str) -> list[Row]:
    rows = [row for file in config.data[split] for row in read_records(file)]
    return [Row(number, row.values) for number, row in enumerate(rows, 1)]


def _shared_choices(config: Config, rows: Sequence[Row]) -> tuple[str, ...]:
    """The options, when all items have the same ones; else ()."""
    if config.kind != "multiple_choice":
        return ()
    first = [option.strip() for option in _choices(config, rows[0])]
    same = len(set(first)) == len(first) and all(first == [o.strip() for o in _choices(config, row)] for row in rows)
    return tuple(first) if same else ()


def _text(config: Config, row: Row) -> str:
    return str(_field(config, row, config.text))


def _target(config: Config, row: Row) -> Any:
    value = config.target if isinstance(config.target, int) else _field(config, row, config.target)
    return _literal(value) if isinstance(value, str) and value.startswith("[") and value.endswith("]") else value


def _choices(config: Config, row: Row) -> list[str]:
    listed = config.choice
    if isinstance(listed, str):
        listed = _field(config, row, listed)
        listed = _literal(listed) if isinstance(listed, str) else listed
    listed = list(listed.values()) if isinstance(listed, dict) else listed
    if not isinstance(listed, list) or not 2 <= len(listed) <= len(LETTERS):
        raise TaskError(f"{_place(config, row)}: doc_to_choice gives no list of 2 to {len(LETTERS)} choices.")
    return [str(option) for option in listed]


def _gold(config: Config, row: Row, choices: Sequence[str]) -> int:
    target = _target(config, row)
    if isinstance(target, str) and target not in choices and re.fullmatch(r"\d+", target.strip()):
        target = int(target)
    if isinstance(target, str) and target in choices:
        return choices.index(target)
    if isinstance(target, int) and not isinstance(target, bool) and 0 <= target < len(choices):
        return target
    raise TaskError(
        f"{_place(config, row)}: doc_to_target gives {target!r}, which is none of the choices nor one's place."
    )


def _field(config: Config, row: Row, template: str) -> Any:
    """A column by its name, else the template over the row's columns."""
    if template in row.values:
        return row.values[template]
    try:
        return _environment().from_string(template).render(row.values)
    except Exception as error:  # a template may call anything on a row's values
        known = ", ".join(map(str, row.values))
        raise TaskError(f"{_place(config, row)}: a template failed ({error}); the columns are: {known}.") from None


def _environment() -> SandboxedEnvironment:
    environment = SandboxedEnvironment(undefined=jinja2.StrictUndefined, keep_trailing_newline=True)
    environment.filters["regex_replace"] = lambda text, pattern, value="": re.sub(pattern, value, text)
    return environment


def _literal(text: str) -> Any:
    try:
        return ast.literal_eval(text)
    except (ValueError, SyntaxError, RecursionError, MemoryError):
        return text


def _place(config: Config, row: Row) -> str:
    return f"{config.path.name}, {where(Path('data.parquet'), row).removeprefix('data.parquet, ')} of its data"


def _note(config: Config) -> str:
    known = {"exact_match"} if config.kind == "generate_until" else {"acc", "acc_norm"}
    left = [name for name in config.metrics if name not in known]
    told = [f"metrics that are not computed: {', '.join(left)}"] if left else []
    if config.kind == "multiple_choice":
        told.append("the harness's acc is likelihood(normalise=none), its acc_norm likelihood(normalise=bytes)")
    return "; ".join(told)
