"""Runs that were finished, read back from their folders."""

import json
from pathlib import Path
from typing import Any

from gulliver.errors import StudyError
from gulliver.home import home
from gulliver.studies.result import Answer, ItemRecord, Prediction, RecipeResult, RunInfo, Spent, StudyResult


def find_run(name: str = "latest") -> StudyResult:
    """A run by id, by path, or the newest.

    Raises:
        StudyError: there is none, or its file was written by another version.
    """
    path = Path(name)
    if name == "latest":
        found = sorted((home() / "runs").glob("*/result.json"), key=lambda p: p.stat().st_mtime)
        if not found:
            raise StudyError("No run was finished yet; start one with: gulliver find STUDY.toml")
        path = found[-1]
    elif path.is_dir():
        path = path / "result.json"
    elif not path.is_file():
        path = home() / "runs" / name / "result.json"
    if not path.is_file():
        raise StudyError(f"There is no run {name!r}; give a run's id or folder, or `latest`.")
    try:
        return _result(json.loads(path.read_text(encoding="utf-8")))
    except (ValueError, TypeError, KeyError) as error:
        raise StudyError(f"{path} cannot be read as a run ({error}); run its study again.") from None


def _result(data: dict[str, Any]) -> StudyResult:
    recipes = [
        RecipeResult(**{**row, "records": tuple(ItemRecord(**record) for record in row["records"])})
        for row in data["recipes"]
    ]
    return StudyResult(
        Answer(**_tuples(data["answer"])),
        tuple(recipes),
        tuple(data["frontier"]),
        tuple(Prediction(**row) for row in data["prediction"]),
        Spent(**data["spent"]),
        RunInfo(**_tuples(data["run"])),
        tuple(data["warnings"]),
    )


def _tuples(row: dict[str, Any]) -> dict[str, Any]:
    return {key: tuple(value) if isinstance(value, list) else value for key, value in row.items()}
