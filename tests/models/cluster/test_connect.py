"""What is said when a cluster cannot be reached; and that a model is the same one on every machine. No cluster is started."""

import sys
from dataclasses import replace
from pathlib import Path

import pytest

from gulliver.errors import ClusterError, MissingExtra, ModelError
from gulliver.models.base import Model
from gulliver.models.cluster import On
from gulliver.models.cluster.connect import connected
from gulliver.models.cluster.placing import Machine, here, placed
from gulliver.models.load import load_model
from tests.models.cluster.ray_cluster import lacking
from tests.transforms.tiny import small_gguf

ELSEWHERE = Machine("elsewhere", "another start")


def test_without_ray_one_sentence_names_the_extra(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "ray", None)
    with pytest.raises(MissingExtra, match=r"pip install 'gulliver\[ray\]'"), connected("ray"):
        pass


@pytest.mark.skipif(bool(lacking()), reason=lacking() or "Ray is here")
@pytest.mark.parametrize("address", ["127.0.0.1:1", "ray://127.0.0.1:1"])
def test_a_cluster_that_is_not_there_is_said_at_once(address: str) -> None:
    with pytest.raises(ClusterError, match="there is no way") as caught, connected(address):
        pass
    assert address in str(caught.value)


@pytest.mark.skipif(bool(lacking()), reason=lacking() or "Ray is here")
@pytest.mark.parametrize("address", ["somewhere", "127.0.0.1:port", "127.0.0.1:99999", "ray://"])
def test_what_is_no_address_is_said_too(address: str) -> None:
    with pytest.raises(ClusterError, match="no cluster's address"), connected(address):
        pass


@pytest.mark.parametrize("wrong", [{"workers": 0}, {"in_flight": 0}])
def test_numbers_are_checked(wrong: dict[str, int]) -> None:
    with pytest.raises(ClusterError, match="above 0"):
        On("ray", **wrong)


@pytest.fixture
def model(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Model:
    monkeypatch.setenv("GULLIVER_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("GULLIVER_OFFLINE", "1")
    return load_model(f"gguf:{small_gguf(tmp_path / 'model.gguf')}")


def test_on_the_studys_own_machine_a_file_is_where_it_is(model: Model) -> None:
    assert placed(model, here()) == model


def test_on_another_machine_a_model_is_found_by_its_name(model: Model) -> None:
    away = replace(model, location=Path("/not/here/model.gguf"))
    assert placed(away, ELSEWHERE).location == model.location


def test_other_weights_or_another_engine_under_the_same_name_are_refused(model: Model) -> None:
    with pytest.raises(ModelError, match="another model on the machine"):
        placed(replace(model, card=replace(model.card, digest="0" * 64)), ELSEWHERE)
    with pytest.raises(ModelError, match=r"and the study openvino 0\.1; install the same"):
        placed(replace(model, engine_version="0.1"), ELSEWHERE)


def test_a_model_that_was_made_must_lie_where_both_see_it(model: Model) -> None:
    made = replace(model, name=f"{model.name} | int4")
    assert placed(made, ELSEWHERE) == made
    with pytest.raises(ModelError, match="file system that all machines see"):
        placed(replace(made, location=Path("/not/here")), ELSEWHERE)
