"""What a page draws of a study, as plain data: the result without its items, and what is computed from it here."""

from dataclasses import asdict, replace
from typing import Any

from gulliver.reports.axes import AXES, target_of
from gulliver.reports.forecast import check_rows, check_sentence
from gulliver.reports.safe import plain
from gulliver.reports.spending import parts_of, unshared
from gulliver.studies.result import StudyResult


def study_document(result: StudyResult) -> dict[str, Any]:
    """`result` is what `gulliver find --json` prints; the rest is what pages say besides."""
    target = target_of(result)
    naive, computed = unshared(result.recipes)
    measured = [r for r in result.recipes if r.quality is not None]
    axes = [a.key for a in AXES if a.key == result.run.cheap or any(a.cost(r).value > 0 for r in measured)]
    data = {
        "result": replace(result, recipes=tuple(replace(r, records=()) for r in result.recipes)).to_json(),
        "target": target and asdict(target),
        "axes": axes,
        "parts": [asdict(parts_of(r)) for r in result.recipes],
        "naive": naive,
        "computed": computed,
        "forecast": _forecast(result),
    }
    return dict(plain(data))


def _forecast(result: StudyResult) -> dict[str, Any] | None:
    check = result.forecast
    if check is None:
        return None
    rows = [[title, likely, span, spent, q.held] for title, likely, span, spent, q in check_rows(check)]
    return {"made": check.made, "confidence": check.confidence, "said": check_sentence(check), "rows": rows}
