import pickle
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import gguf
import pytest

from gulliver.errors import ModelError
from gulliver.models import check_runs, load_model
from tests.models.tiny import tiny_gguf
from tests.models.tiny_causal import tiny_causal


def test_a_file_becomes_a_model_that_can_be_sent_to_another_process(home: Path, tmp_path: Path) -> None:
    path = tiny_gguf(tmp_path / "tiny.gguf")
    model = load_model(f"gguf:{path}")
    assert (model.engine, model.location, model.name) == ("openvino", path, f"gguf:{path}")
    assert pickle.loads(pickle.dumps(model)) == model


def test_a_file_the_engine_cannot_read_is_rewritten_and_says_so(home: Path, tmp_path: Path) -> None:
    path = tiny_gguf(tmp_path / "tiny.gguf", gguf.GGMLQuantizationType.Q5_0)
    model = load_model(f"gguf:{path}")
    assert model.location is not None
    assert model.location.is_relative_to(home)
    assert model.card.format.startswith("Q8_0, rewritten from Q5_0")
    assert model.card.digest != load_model(f"gguf:{tiny_gguf(tmp_path / 'other.gguf')}").card.digest


def test_a_folder_with_one_gguf_is_that_model(home: Path, tmp_path: Path) -> None:
    (tmp_path / "m").mkdir()
    path = tiny_gguf(tmp_path / "m" / "tiny.gguf")
    assert load_model(f"dir:{path.parent}").location == path


@pytest.mark.parametrize(
    ("name", "says"),
    [
        ("gpt-7", "not a model"),
        ("gguf:/nowhere/m.gguf", "no file"),
        ("dir:/nowhere", "no folder"),
        ("hf:only-a-name", "owner/name"),
        ("openai:model", "openai:name@url"),
        ("openai:", "nothing after the colon"),
        ("ftp:thing", "none of"),
        ("minilm-22m", "encoder"),
    ],
)
def test_a_name_that_cannot_be_a_model_is_one_sentence(home: Path, name: str, says: str) -> None:
    with pytest.raises(ModelError, match=says):
        load_model(name)


def test_a_folder_of_other_weights_is_told_what_to_do(home: Path, tmp_path: Path) -> None:
    (tmp_path / "model.safetensors").write_bytes(b"x")
    with pytest.raises(ModelError, match="GGUF"):
        load_model(f"dir:{tmp_path}")


def test_an_endpoint_is_known_by_its_name_and_address(home: Path) -> None:
    model = load_model("openai:org/m@http://127.0.0.1:8000/v1/")
    assert model.engine == "endpoint"
    assert model.location is None
    assert (model.options["model"], model.options["url"]) == ("org/m", "http://127.0.0.1:8000/v1")
    assert model.card.digest != load_model("openai:org/n@http://127.0.0.1:8000/v1/").card.digest


def test_a_scripted_model_states_what_it_was_told(home: Path) -> None:
    model = load_model("scripted:a?accuracy=0.7&latency=0.01&parameters=1e8&family=f&failures=0.05&tokens=20")
    assert (model.engine, model.card.parameters, model.card.family) == ("scripted", 100_000_000, "f")
    assert model.options["accuracy"] == 0.7
    assert model.options["failures"] == 0.05
    assert "parameters" not in model.options
    assert model.card.digest != load_model("scripted:b?accuracy=0.7&parameters=1e8&family=f").card.digest


def test_importing_models_brings_nothing_heavy() -> None:
    heavy = "openvino openvino_genai gguf numpy sklearn torch httpx jinja2"
    code = f"import sys, gulliver.models; print([m for m in {heavy.split()!r} if m in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


@pytest.mark.models
def test_smollm2_has_the_published_size() -> None:
    card = load_model("smollm2-135m").card
    assert card.parameters == 134_515_008
    assert card.embedding_parameters == 49_152 * 576
    assert (card.layers, card.hidden, card.heads, card.kv_heads, card.head_dim) == (30, 576, 9, 3, 64)
    assert card.digest == "b179c9523d0e6a0f98a330c7562b682750a6f8c8c15e5bc70ea373728110db53"


@pytest.mark.models
def test_a_table_kept_twice_is_counted_once() -> None:
    card = load_model("qwen2.5-coder-0.5b").card
    assert card.parameters == 494_032_768
    assert card.output_parameters == 0
    assert card.format.startswith("Q8_0, rewritten from")


def test_a_key_in_an_address_is_refused_and_not_repeated(home: Path) -> None:
    with pytest.raises(ModelError, match="GULLIVER_API_KEY") as refused:
        load_model("openai:m@https://me:secret-key@example.org/v1")
    assert "secret-key" not in str(refused.value)


def test_an_architecture_that_the_engine_cannot_run_is_said_before_anything_is_spent(
    home: Path, tmp_path: Path
) -> None:
    model = load_model("scripted:x")
    check_runs(model)
    gemma = replace(model, name="g", engine="openvino", card=replace(model.card, architecture="gemma3"))
    with pytest.raises(ModelError, match="gemma3"):
        check_runs(gemma)


def test_a_servers_patience_stands_behind_its_address_and_not_in_the_stores_key(home: Path) -> None:
    from gulliver.inference.keys import model_key

    plain = load_model("openai:m@http://127.0.0.1:8000/v1?api-version=3")
    patient = load_model("openai:m@http://127.0.0.1:8000/v1?api-version=3&timeout=20&retries=2")
    assert (patient.options["timeout"], patient.options["retries"]) == (20, 2)
    assert plain.options["url"] == patient.options["url"] == "http://127.0.0.1:8000/v1?api-version=3"
    assert model_key(plain) == model_key(patient)
    with pytest.raises(ModelError, match=r"timeout=soon; write a number"):
        load_model("openai:m@http://127.0.0.1:8000/v1?timeout=soon")


def test_exact_is_an_option_of_what_openvino_runs(home: Path, tmp_path: Path) -> None:
    path = tmp_path / "model.gguf"
    tiny_causal(path)
    plain, exact = load_model(f"gguf:{path}"), load_model(f"gguf:{path}?exact=true")
    assert (plain.options, exact.options) == ({}, {"exact": "true"})
    assert exact.card.digest == plain.card.digest
    assert exact.name == exact.card.name == f"gguf:{path}?exact=true"
    for wrong in ("exact=yes", "fast=true", ""):
        with pytest.raises(ModelError, match=r"exact=true\|false"):
            load_model(f"gguf:{path}?{wrong}")
