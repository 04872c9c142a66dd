"""`gulliver agreement`: a sentence where a judge cannot be measured."""

from pathlib import Path

import pytest

from tests.cli.test_app import gulliver

LABELS = '{"question": "What is 2 + 2?", "answer": "4", "label": "yes"}\n'


@pytest.mark.parametrize(
    ("judge", "content", "says"),
    [
        ("exact", LABELS, "is no model, so it needs no labels"),
        ("model(name='scripted:m')", LABELS, "gave no verdict on any"),
        ("model(name='scripted:m')", LABELS.replace("label", "mark"), "line 1: 'label' is missing"),
        ("model(name='nothing-7b')", LABELS, "nothing-7b"),
        ("model()", LABELS, "needs name"),
    ],
)
def test_what_cannot_be_measured_is_one_sentence(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, judge: str, content: str, says: str
) -> None:
    monkeypatch.setenv("GULLIVER_HOME", str(tmp_path / "home"))
    (tmp_path / "labels.jsonl").write_text(content)
    done = gulliver("agreement", "labels.jsonl", "--judge", judge, cwd=tmp_path)
    assert (done.returncode, done.stdout) == (2, "")
    assert says in done.stderr
    assert "Traceback" not in done.stderr
