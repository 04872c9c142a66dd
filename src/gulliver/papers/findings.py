"""What experiments found on this machine, kept by publication and scale, beside what was published."""

import json
from dataclasses import asdict
from functools import cache
from typing import Any

from gulliver.home import folder, home
from gulliver.models.files import writing
from gulliver.papers.base import SCALES, Finding, Paper, report
from gulliver.papers.registry import load_paper, rows


def keep_finding(paper: Paper, finding: Finding) -> None:
    """Keep it as `GULLIVER_HOME/findings/ID-SCALE.json`; a later one at the same scale takes its place."""
    with writing(folder("findings") / f"{paper.id}-{finding.scale}.json") as aside:
        aside.write_text(json.dumps(report(paper, finding)), encoding="utf-8")


def kept_findings(id: str) -> list[dict[str, Any]]:
    """A publication's findings here, the largest scale first; what cannot be read is left out."""
    found = []
    for scale in reversed(SCALES):
        path = home() / "findings" / f"{id}-{scale}.json"
        if path.is_file():
            try:
                found.append(json.loads(path.read_text(encoding="utf-8")))
            except ValueError:
                continue
    return found


def bibliography() -> list[dict[str, Any]]:
    """Every row of the bibliography with the numbers that were published and what came out here."""
    return [{**row, "findings": kept_findings(row["id"])} for row in _published()]


@cache
def _published() -> tuple[dict[str, Any], ...]:
    return tuple(
        {**asdict(row), "published": [asdict(f) for f in load_paper(row.id).published] if row.status != "planned" else []}
        for row in rows()
    )  # fmt: skip
