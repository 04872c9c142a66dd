"""A dry run on real weights: a transform without training is made, one with training is stood in for by its parent."""

import json
from pathlib import Path

import pytest

from gulliver.home import folder
from gulliver.models import load_model
from gulliver.studies import find
from gulliver.studies.config import make_study
from gulliver.studies.dry_run import dry_run
from gulliver.studies.preparing import prepare

pytestmark = pytest.mark.models


@pytest.fixture(autouse=True)
def own_home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    models = folder("models")
    monkeypatch.setenv("GULLIVER_HOME", str(tmp_path / "home"))
    (tmp_path / "home").mkdir()
    (tmp_path / "home" / "models").symlink_to(models)


def test_what_must_be_trained_is_not_trained_and_what_is_asked_is_forecast(tmp_path: Path) -> None:
    rows = [{"q": f"Is {n} odd or even?", "a": "odd" if n % 2 else "even"} for n in range(40)]
    for name, part in (("test", rows[:24]), ("train", rows[24:])):
        (tmp_path / f"{name}.jsonl").write_text("\n".join(map(json.dumps, part)))
    data = {
        "study": {
            "name": "dry-real", "target": 0.9, "race": False, "floors": False,
            "recipes": ["smollm2-135m | direct", "smollm2-135m | lora(steps=2) | direct"],
        },
        "task": {
            "file": "test.jsonl", "train": "train.jsonl", "template": "{{ q }}", "target": "a", "max_tokens": 8,
            "judge": "choice(labels=['odd', 'even'])",
        },
    }  # fmt: skip
    prepared = prepare(make_study(data, folder=tmp_path), load_model)
    made = dry_run(prepared, pilot=6)
    parent, tuned = sorted(made.recipes, key=lambda row: "lora" in row.recipe)
    assert (parent.piloted, parent.known) == (6, 6)
    assert tuned.known == 0
    assert "training" in tuned.note
    assert made.paid.asked == 6
    assert made.spans["requests"].median == 18 + 24
    plain = prepare(
        make_study(data | {"study": data["study"] | {"recipes": ["smollm2-135m | direct"]}}, folder=tmp_path),
        load_model,
    )  # type: ignore[operator]
    alone = dry_run(plain, pilot=6)
    assert alone.paid.asked == 0
    spent = find(plain).result.spent
    assert spent.asked == 18
    assert alone.spans["completion_tokens"].low <= spent.completion_tokens <= alone.spans["completion_tokens"].high
