"""Tuning in its own process: it learns, outlives kill -9, and says in a sentence what is wrong."""

import json
import os
import signal
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import psutil
import pytest

from gulliver.errors import ModelError, TrainingError
from gulliver.models.gguf_files import card_from_gguf
from gulliver.training.base import Example
from gulliver.training.tune import Tuned, tune
from gulliver.training.tuning import tune_here
from tests.training.examples import SETTINGS, job

# PEFT 0.21 asks transformers 5.24 by a name that is going.
pytestmark = pytest.mark.filterwarnings("ignore:`is_gradient_checkpointing`:FutureWarning")


@pytest.fixture(autouse=True)
def _home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GULLIVER_HOME", str(tmp_path / "home"))


def silent(*_: Any) -> None:
    pass


def workers() -> list[psutil.Process]:
    return [child for child in psutil.Process().children() if "gulliver.training.worker" in " ".join(child.cmdline())]


def same_numbers(one: Tuned, other: Tuned) -> bool:
    return (one.losses, one.devs, one.best_step) == (other.losses, other.devs, other.best_step)


def test_a_tuning_killed_with_kill_9_goes_on_and_ends_as_one_that_was_not(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = job(tmp_path / "whole")
    tune_here(whole, silent)
    expected = tune(whole)  # finished: read, not run

    cut = job(tmp_path / "cut")
    seen: list[int] = []

    def kill_in_step_six(what: str, done: int, of: int) -> None:
        if what.startswith("tuning"):
            seen.append(done)
            if done == 6:
                (worker,) = workers()
                os.kill(worker.pid, signal.SIGKILL)

    with pytest.raises(TrainingError, match=r"died \(signal SIGKILL.*last checkpoint") as caught:
        tune(cut, kill_in_step_six)
    assert "\n" not in str(caught.value)
    assert not workers()
    assert (cut.folder / "checkpoint.pt").exists()
    seen.clear()
    found = tune(cut, lambda what, done, of: seen.append(done) if what.startswith("tuning") else None)
    assert seen[0] == SETTINGS.checkpoint_every + 1
    assert found.cost.resumed == 1
    assert same_numbers(found, expected)
    assert found.path.read_bytes() == expected.path.read_bytes()
    assert not workers()
    assert len(list((tmp_path / "home" / "logs").glob("tuning-*.log"))) == 1  # of the one that was killed


def test_tuning_learns_and_leaves_a_model_an_adapter_and_a_record(tmp_path: Path) -> None:
    wanted = job(tmp_path / "a")
    tune_here(wanted, silent)
    made = tune(wanted)
    assert made.devs[-1][1] < made.devs[0][1] - 1
    assert sorted(path.name for path in wanted.folder.iterdir()) == [
        "adapter",
        "model.gguf",
        "reference.npz",
        "tuning.json",
    ]
    adapter = json.loads((wanted.folder / "adapter" / "adapter_config.json").read_text())
    assert (adapter["r"], adapter["lora_alpha"], adapter["base_model_name_or_path"]) == (4, 8, "tiny")
    assert made.cost.flops > made.cost.dev_flops > 0
    assert made.cost.examples == SETTINGS.steps * SETTINGS.batch
    assert made.cost.trainable < card_from_gguf(made.path).parameters / 4


def test_the_adapter_alone_on_the_parent_computes_what_the_merged_model_computes(tmp_path: Path) -> None:
    import torch
    from peft import PeftModel

    from gulliver.training.weights import load_causal

    wanted = job(tmp_path / "a")
    tune_here(wanted, silent)
    ids = torch.tensor([[257, *b"user", 10, 97, 258]])
    with torch.no_grad():
        parent = load_causal(wanted.source)
        plain = parent(ids).logits
        adapted = PeftModel.from_pretrained(parent, str(wanted.folder / "adapter"))(ids).logits
        merged = load_causal(wanted.target)(ids).logits
    assert float((merged - adapted).abs().max()) < 0.02
    assert float((merged - plain).abs().max()) > 0.5


def test_full_tuning_changes_every_weight_and_keeps_ties(tmp_path: Path) -> None:
    import gguf

    from gulliver.models.gguf_write import numbers

    wanted = job(tmp_path / "a", lora=None)
    tune_here(wanted, silent)
    before = {tensor.name: numbers(tensor) for tensor in gguf.GGUFReader(wanted.source).tensors}
    after = {tensor.name: numbers(tensor) for tensor in gguf.GGUFReader(wanted.target).tensors}
    assert list(before) == list(after)
    assert all(np.abs(after[name] - before[name]).max() > 1e-4 for name in before)
    assert tune(wanted).cost.trainable == sum(values.size for values in before.values())


def test_a_table_kept_twice_is_kept_once(tmp_path: Path) -> None:
    from tests.models.tiny_causal import tiny_causal

    tiny_causal(tmp_path / "tiny.gguf", "qwen2", tied=False)
    wanted = replace(job(tmp_path / "a"), tied=True)
    tune_here(wanted, silent)
    assert card_from_gguf(wanted.target).output_parameters == 0
    assert card_from_gguf(wanted.source).output_parameters > 0


def test_too_few_or_too_long_examples_are_one_sentence(tmp_path: Path) -> None:
    few = replace(job(tmp_path / "few"), train=job(tmp_path / "few").train[:15])
    with pytest.raises(TrainingError, match=r"15 examples .* needs 16"):
        tune(few)
    short = replace(job(tmp_path / "short"), settings=replace(SETTINGS, max_length=10))
    with pytest.raises(TrainingError, match=r"Only 0 of 40 .* raise max_length"):
        tune_here(short, silent)


def test_what_goes_wrong_in_the_worker_comes_back_as_the_same_sentence(tmp_path: Path) -> None:
    wanted = job(tmp_path / "a")
    wanted.source.write_bytes(wanted.source.read_bytes()[:5000])
    try:
        with pytest.raises((ModelError, TrainingError)) as caught:
            tune(wanted)
    finally:
        wanted.source.unlink()
    assert "\n" not in str(caught.value)
    assert not workers()


def test_calling_it_loads_no_torch(tmp_path: Path) -> None:
    import subprocess

    code = "import sys, gulliver.training.tune, gulliver.transforms.lora; print('torch' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "False"


def test_examples_are_what_a_tuning_is_known_by(tmp_path: Path) -> None:
    one = job(tmp_path / "a")
    other = replace(one, train=(*one.train[:-1], Example("p", "c")))
    assert one.mark() == job(tmp_path / "a").mark() != other.mark()
    assert one.mark() != replace(one, settings=replace(SETTINGS, rate=1e-4)).mark()
