"""A task by its name, or from a file of the user's."""

import importlib
import inspect
from collections.abc import Callable, Mapping
from dataclasses import replace
from importlib.metadata import entry_points
from pathlib import Path
from typing import Any

from gulliver.errors import MissingExtra, SpecError, TaskError
from gulliver.spec import parse
from gulliver.tasks.base import Task

GROUP = "gulliver.tasks"
_BUILT_IN = {
    "app_calls": "app_calls",
    "constrained_words": "constrained_words",
    "gsm8k": "gsm8k",
    "humaneval": "humaneval",
    "ifbench": "ifbench",
    "hellaswag": "hellaswag",
    "truthfulqa": "truthfulqa",
    "bfcl": "bfcl",
    "spam": "spam",
    "intents": "intents",
    "games": "games",
    "plans": "plans",
}
_IMPORTED = {"lm_eval:": "lm_eval", "inspect:": "inspect_ai"}
_FILES = (".jsonl", ".ndjson", ".csv", ".tsv", ".parquet")


def load_task(
    spec: str | Mapping[str, Any], *, items: int | None = None, seed: int = 0, folder: Path | None = None
) -> Task:
    """A task from `gsm8k`, `gym:gsm_symbolic(min_value=2)`, `tickets.jsonl(target=label, template='{{ text }}')`,
    `lm_eval:task.yaml`, `inspect:samples.json(scorer=match)`, or a mapping such as a study's table [task]: `{"file": "tickets.jsonl", "target": "label", ...}`.

    Args:
        items: at most so many test items (drawn by `seed`); for a generated task, exactly so many.
        folder: what paths are relative to.

    Raises:
        TaskError: there is no such task, or its options or data cannot be used.
        MissingExtra: the task comes from a package that is not installed.
        ModelError: its data cannot be fetched.
    """
    name, options = _named(spec)
    return _judged_by_model(_loaded(name, options, items, seed, folder))


def _loaded(name: str, options: dict[str, Any], items: int | None, seed: int, folder: Path | None) -> Task:
    for prefix, module in _IMPORTED.items():
        if name.startswith(prefix):
            maker = importlib.import_module(f"gulliver.tasks.{module}").make
            path = {"path": name.removeprefix(prefix)}
            return _make(maker, name, {**path, **options}, items=items, seed=seed, folder=folder)
    if name.endswith(_FILES):
        from gulliver.tasks.files import load_file_task

        return _make(load_file_task, name, {"path": name, **options}, items=items, seed=seed, folder=folder)
    if name.startswith("gym:"):
        from gulliver.tasks.gym import make

        return make(name.removeprefix("gym:"), **{"items": items, "seed": seed, **options})
    return _make(_maker(name), name, options, items=items, seed=seed)


def _judged_by_model(task: Task) -> Task:
    """A task whose judge is a model says so in its note, with what is known of the judge; its floors, which a model would
    have to judge too, take no part."""
    from gulliver.tasks.model_judge import ModelJudge

    judge = task.test[0].judge if task.test else None
    if not isinstance(judge, ModelJudge):
        return task
    from gulliver.tasks.agreement import known_agreement

    known = known_agreement(judge)
    told = (
        known.sentence
        if known
        else "how far it agrees with a person was not measured (gulliver agreement FILE measures it)"
    )
    note = f"answers are judged by the model {judge.name}: {told}"
    return replace(task, labels=(), note=f"{task.note}; {note}" if task.note else note)


def task_names() -> list[str]:
    """Every task that has a name: the built-in ones, those of installed packages, and the generators."""
    named = [*_BUILT_IN, *(entry.name for entry in entry_points(group=GROUP))]
    try:
        from gulliver.tasks.gym import generators

        return named + [f"gym:{name}" for name in generators()]
    except MissingExtra:
        return named


def _named(spec: str | Mapping[str, Any]) -> tuple[str, dict[str, Any]]:
    if isinstance(spec, str):
        if spec.endswith((*_FILES, ".json", ".yaml", ".yml")):
            return spec, {}
        try:
            calls = parse(spec)
        except SpecError as error:
            raise TaskError(f"The task {spec!r} cannot be read: {error}") from error
        if len(calls) != 1:
            raise TaskError(f"{spec!r} names several tasks; a study has one.")
        return calls[0].name, dict(calls[0].options)
    options = dict(spec)
    given = [key for key in ("file", "name") if key in options]
    if not given:
        raise TaskError('The task names neither a file nor a task; add file = "data.jsonl" or name = "gsm8k".')
    name = options.pop(given[0])
    if not isinstance(name, str) or (given[0] == "file" and not name.endswith(_FILES)):
        raise TaskError(f"{name!r} is not a file that can be read; write .jsonl, .csv, .tsv or .parquet.")
    return name, options


def _maker(name: str) -> Callable[..., Task]:
    if name in _BUILT_IN:
        maker: Callable[..., Task] = importlib.import_module(f"gulliver.tasks.{_BUILT_IN[name]}").make
        return maker
    for entry in entry_points(group=GROUP, name=name):
        loaded: Callable[..., Task] = entry.load()
        return loaded
    known = ", ".join([*_BUILT_IN, *(entry.name for entry in entry_points(group=GROUP))])
    raise TaskError(
        f"There is no task {name!r}; there are {known}, gym:NAME, lm_eval:FILE.yaml, inspect:FILE.json, and files in .jsonl, .csv or .parquet."
    )


def _make(maker: Callable[..., Task], name: str, options: Mapping[str, Any], **more: Any) -> Task:
    """Call a maker, with a sentence about options it has not."""
    accepted = inspect.signature(maker).parameters
    if not any(parameter.kind is parameter.VAR_KEYWORD for parameter in accepted.values()):
        known = [key for key in accepted if key not in more and key != "path"]
        for key in options:
            if key not in accepted or key in more:
                raise TaskError(f"The task {name} has no option {key!r}; it has: {', '.join(known) or 'none'}.")
    missing = [
        key
        for key, parameter in accepted.items()
        if parameter.default is parameter.empty and parameter.kind is parameter.KEYWORD_ONLY and key not in options
    ]
    if missing:
        raise TaskError(f"The task {name} needs {' and '.join(missing)}.")
    return maker(**options, **more)
