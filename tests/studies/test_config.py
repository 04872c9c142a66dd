"""Study files are read whole or refused with a sentence that names what is wrong."""

from pathlib import Path

import pytest

from gulliver.errors import StudyError
from gulliver.studies.config import make_study, read_study

GOOD = {"study": {"task": "gsm8k", "target": 0.5, "models": ["m"]}}


def changed(**options: object) -> dict[str, object]:
    return {"study": {**GOOD["study"], **options}}


def test_defaults_are_sensible() -> None:
    study = make_study(GOOD)
    assert (study.confidence, study.cheap, study.strategies, study.about) == (0.95, "flops", ("direct",), None)


def test_a_target_can_be_another_recipe() -> None:
    study = make_study(changed(target="within 0.02 of big | cot"))
    assert (study.margin, study.reference, study.target) == (0.02, "big | cot", None)
    assert study.target_text == "within 0.02 of big | cot"


@pytest.mark.parametrize(
    ("data", "said"),
    [
        ({"study": {"target": 0.5, "models": ["m"]}}, "names no task"),
        ({**GOOD, "task": {"file": "x"}}, "twice"),
        (changed(target=50), "target"),
        (changed(target="high"), "target"),
        (changed(target=True), "target"),
        (changed(models=[]), "no models"),
        (changed(models="m"), "list of texts"),
        (changed(strategies=[]), "no strategies"),
        (changed(confidence=95), "confidence"),
        (changed(about="world"), "about"),
        (changed(cheap="fast"), "cheap"),
        (changed(items=0), "items"),
        (changed(seed="x"), "seed"),
        (changed(floors="no"), "floors"),
        (changed(name="../x"), "name"),
        (changed(modles=["m"]), "modles"),
        ({**GOOD, "limits": {"hours": 1}}, "hours"),
        ({**GOOD, "limits": {"seconds": -1}}, "seconds"),
        ({**GOOD, "prices": {"m": 3}}, "two numbers"),
        ({**GOOD, "extra": 1}, "extra"),
        ({"study": 3}, "table"),
    ],
)
def test_what_cannot_be_is_named(data: dict[str, object], said: str) -> None:
    with pytest.raises(StudyError, match=said):
        make_study(data)


def test_files_that_cannot_be_read_are_one_sentence(tmp_path: Path) -> None:
    with pytest.raises(StudyError, match="cannot be read"):
        read_study(tmp_path / "none.toml")
    (tmp_path / "bad.toml").write_text("[study")
    with pytest.raises(StudyError, match="not valid TOML"):
        read_study(tmp_path / "bad.toml")
    (tmp_path / "binary.toml").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(StudyError, match="UTF-8"):
        read_study(tmp_path / "binary.toml")


def test_a_file_is_named_after_itself_and_its_paths_are_its_own(tmp_path: Path) -> None:
    (tmp_path / "mine.toml").write_text('[study]\ntask = "gsm8k"\ntarget = 0.5\nmodels = ["m"]\n')
    study = read_study(tmp_path / "mine.toml")
    assert (study.name, study.folder) == ("mine", tmp_path.resolve())
