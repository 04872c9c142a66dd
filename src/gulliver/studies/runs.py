"""Runs that were finished, read back from their folders."""

import dataclasses
import difflib
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any, TypeVar

from gulliver.errors import StudyError
from gulliver.home import home
from gulliver.studies.result import (
    Answer,
    ForecastCheck,
    ItemRecord,
    MakingResult,
    Prediction,
    Quantity,
    RecipeResult,
    RunInfo,
    Spent,
    StudyResult,
)

Made = TypeVar("Made")


def run_files() -> list[Path]:
    """The `result.json` of every finished run, the newest last."""
    return sorted((home() / "runs").glob("*/result.json"), key=lambda path: path.stat().st_mtime)


def run_names() -> list[str]:
    """The ids of all finished runs, the newest last."""
    return [path.parent.name for path in run_files()]


def find_run(name: str = "latest") -> StudyResult:
    """A run by id, by path, or the newest.

    Raises:
        StudyError: there is none, or its file was written by another version.
    """
    path = run_file(name)
    try:
        return _result(read_json(path))
    except (ValueError, TypeError, KeyError, AttributeError) as error:
        raise StudyError(f"{path} cannot be read as a run ({error}); run its study again.") from None


def read_json(path: Path) -> dict[str, Any]:
    """What a run's file holds, as plain data.

    Raises:
        ValueError: it is not a JSON object.
    """
    data = json.loads(path.read_text(encoding="utf-8"))
    if not isinstance(data, dict):
        raise ValueError("it holds no JSON object")
    return data


def run_file(name: str) -> Path:
    """The `result.json` of a run by id, by folder or file, or of the newest (`latest`).

    Raises:
        StudyError: there is none.
    """
    path = Path(name)
    if name == "latest":
        found = run_files()
        if not found:
            raise StudyError("No run was finished yet; start one with: gulliver find STUDY.toml")
        return found[-1]
    if path.is_dir():
        path = path / "result.json"
    elif not path.is_file():
        path = home() / "runs" / name / "result.json"
    if path.is_file():
        return path
    # A run's id is its study's name and a hash; people remember the name.
    named = {known: known for known in run_names()} | {known.rpartition("-")[0]: known for known in run_names()}
    near = list(dict.fromkeys(named[found] for found in difflib.get_close_matches(name, named, 3, 0.4)))
    hint = f"near it are {', '.join(near)}" if near else "`gulliver runs` lists those there are"
    raise StudyError(f"There is no run {name!r}; {hint}; give a run's id or folder, or `latest`.")


def _result(data: dict[str, Any]) -> StudyResult:
    check = data.get("forecast")
    return StudyResult(
        _made(Answer, data["answer"]),
        tuple(_recipe(row) for row in data["recipes"]),
        tuple(data["frontier"]),
        tuple(_made(Prediction, row) for row in data["prediction"]),
        _made(Spent, data["spent"]),
        _made(RunInfo, data["run"]),
        tuple(data["warnings"]),
        check and ForecastCheck(**{**check, "quantities": tuple(_made(Quantity, q) for q in check["quantities"])}),
    )


def _recipe(row: Mapping[str, Any]) -> RecipeResult:
    making = row.get("making")
    records = tuple(ItemRecord(**record) for record in row["records"])
    return _made(RecipeResult, {**row, "records": records, "making": making and _made(MakingResult, making)})


def _made(kind: type[Made], row: Mapping[str, Any]) -> Made:
    """The dataclass from its row; lists were tuples, and what a newer version added is left out."""
    names = {field.name for field in dataclasses.fields(kind)}  # type: ignore[arg-type]
    return kind(**{key: tuple(v) if isinstance(v, list) else v for key, v in row.items() if key in names})
