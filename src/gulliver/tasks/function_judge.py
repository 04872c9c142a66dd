"""A judge that is one Python function in a file of the user's."""

import functools
import importlib.util
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar

from gulliver.errors import TaskError
from gulliver.inference.types import Draft
from gulliver.tasks import extract
from gulliver.tasks.base import Answer, Item, Kind
from gulliver.tasks.judges import found


@dataclass(frozen=True)
class Function:
    """`def judge(answer: str, row: dict) -> bool` in the file `path`; `row` is the item's row of the data.

    Raises:
        TaskError: there is no such file or function, or the file cannot be imported.
    """

    path: str
    name: str = "judge"
    kind: ClassVar[Kind] = "text"
    answer_only: ClassVar[str] = "Reply with the answer alone."
    after_reasoning: ClassVar[str] = (
        "Think step by step, then write the final answer on a line of its own as 'Answer: <answer>'."
    )

    def __post_init__(self) -> None:
        load_function(self.path, self.name)

    def read(self, draft: Draft, item: Item) -> Answer:
        return found(extract.text(draft.text))

    def right(self, value: Any, item: Item) -> bool:
        verdict = load_function(self.path, self.name)(value, dict(item.fields))
        if not isinstance(verdict, bool):
            raise TypeError(f"{self.name}() returned {verdict!r}; return True or False")
        return verdict


@functools.cache
def load_function(path: str, name: str) -> Callable[[str, Mapping[str, Any]], Any]:
    """The function `name` of the file at `path`; the file is imported once, under a name of its own."""
    file = Path(path)
    if not file.is_file():
        raise TaskError(f"There is no file {path}; give the path of the Python file that holds the judge {name}().")
    module_name = f"gulliver_judge_{abs(hash(file.resolve())):x}"
    spec = importlib.util.spec_from_file_location(module_name, file)
    if spec is None or spec.loader is None:
        raise TaskError(f"{path} is not a Python file; its name must end in .py.")
    module = importlib.util.module_from_spec(spec)
    sys.modules[module_name] = module
    try:
        spec.loader.exec_module(module)
    except (Exception, SystemExit) as error:
        del sys.modules[module_name]
        raise TaskError(f"{path} cannot be imported: {type(error).__name__}: {error}.") from error
    function = getattr(module, name, None)
    if not callable(function):
        raise TaskError(f"{path} has no function {name}(answer, row); add it or name another.")
    return function  # type: ignore[no-any-return]
