"""The runs that are shown, read again when their files change; a key in an address is looked up and never used as a path."""

import contextlib
import threading
from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from gulliver.errors import GulliverError
from gulliver.reports.document import study_document
from gulliver.reports.items import columns, item_texts
from gulliver.reports.safe import plain
from gulliver.studies.result import StudyResult
from gulliver.studies.runs import find_run, run_file, run_files

_KEPT = 6


@dataclass(frozen=True)
class Shown:
    """A run as it was when its file was read: everything that pages ask for, as plain data."""

    result: StudyResult
    document: dict[str, Any]
    columns: dict[str, Any]
    texts: list[dict[str, tuple[str, str, str]]]


class Library:
    """All finished runs, or those that were named. Several threads may ask."""

    def __init__(self, runs: Sequence[str] = ()) -> None:
        self._named = [run_file(name) for name in runs]
        self._shown: OrderedDict[tuple[str, int], Shown] = OrderedDict()
        self._rows: dict[tuple[str, int], dict[str, Any]] = {}
        self._lock = threading.Lock()

    def files(self) -> dict[str, Path]:
        """Files by the key that addresses use, the newest first; of two runs with one id the second gets a number."""
        files = self._named or run_files()[::-1]
        found: dict[str, Path] = {}
        for path in files:
            name, number = path.parent.name, 2
            while name in found and found[name] != path:
                name, number = f"{path.parent.name}~{number}", number + 1
            found[name] = path
        return found

    def stamp(self) -> str:
        """Changes when a run comes, goes or is written anew."""
        return repr([(key, _time(path)) for key, path in self.files().items()])

    def rows(self) -> list[dict[str, Any]]:
        """A row a run for the list; one that cannot be read says why."""
        return [self._row(key, path) for key, path in self.files().items()]

    def get(self, key: str) -> Shown:
        """A run by its key.

        Raises:
            GulliverError: there is no such run, or it cannot be read.
        """
        path = self.files().get(key)
        if path is None:
            raise GulliverError(f"There is no run {key!r} here; go back to the list of studies.")
        stamp = (str(path), _time(path))
        with self._lock:
            if stamp not in self._shown:
                result = find_run(str(path))
                self._shown[stamp], self._rows[stamp] = _shown(key, result), _row(result)
                while len(self._shown) > _KEPT:
                    self._shown.popitem(last=False)
            self._shown.move_to_end(stamp)
            return self._shown[stamp]

    def warm(self) -> None:
        """Read what a first look asks for: the newest run, and the list."""
        for key in list(self.files())[:1]:
            with contextlib.suppress(GulliverError):
                self.get(key)
        self.rows()

    def _row(self, key: str, path: Path) -> dict[str, Any]:
        stamp = (str(path), _time(path))
        if stamp not in self._rows:
            try:
                self._rows[stamp] = _row(find_run(str(path)))
            except GulliverError as error:
                self._rows[stamp] = {"error": plain(str(error)), "finished": True}
        return {"error": "", **self._rows[stamp], "key": plain(key)}


def _time(path: Path) -> int:
    return path.stat().st_mtime_ns if path.is_file() else 0


def _shown(key: str, result: StudyResult) -> Shown:
    texts = item_texts(result.recipes) if result.run.keep_text else []
    return Shown(result, {"key": key, **study_document(result)}, columns(result.recipes), texts)


def _row(result: StudyResult) -> dict[str, Any]:
    run, spent, answer = result.run, result.spent, result.answer
    row = {
        "finished": True, "study": run.study, "task": run.task, "target": run.target_text, "started": run.started,
        "kind": answer.kind, "sentence": answer.sentence, "recipe": answer.recipe, "recipes": len(result.recipes),
        "models": [model["name"] for model in run.models], "items": sum(r.items for r in result.recipes),
        "flops": sum(r.flops_computed * r.items for r in result.recipes), "asked": spent.asked, "replayed": spent.replayed,
        "seconds": spent.seconds, "money": spent.money,
    }  # fmt: skip
    return dict(plain(row))
