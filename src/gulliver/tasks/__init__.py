"""Tasks: items, how each is put to a model, and how an answer is judged. Light to import; data load when asked for."""

from gulliver.tasks.base import (
    Answer,
    Exemplar,
    Item,
    Judge,
    Judgement,
    Task,
    judge,
    make_item,
)
from gulliver.tasks.load import load_task, task_names

__all__ = [
    "Answer",
    "Exemplar",
    "Item",
    "Judge",
    "Judgement",
    "Task",
    "judge",
    "load_task",
    "make_item",
    "task_names",
]
