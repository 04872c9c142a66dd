"""A disk that is full while a checkpoint is written: one sentence, and the checkpoint before it stands."""

import subprocess
import sys
from pathlib import Path

import torch

from gulliver.training.checkpoint import load_state, save_best, save_state

# A limit on the size of files acts as a full disk does: the write fails half way.
_FULL = """
import resource, sys
from pathlib import Path
import torch
from gulliver.errors import TrainingError
from gulliver.training.checkpoint import save_state
folder = Path(sys.argv[1])
save_state(folder, {"step": 1, "weights": {"w": torch.zeros(10)}})
resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, 100_000))
try:
    save_state(folder, {"step": 2, "weights": {"w": torch.zeros(1_000_000)}})
except TrainingError as error:
    print(error)
"""


def test_a_full_disk_is_one_sentence_and_the_last_checkpoint_stands(tmp_path: Path) -> None:
    done = subprocess.run([sys.executable, "-c", _FULL, str(tmp_path)], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert done.stdout.count("\n") == 1
    assert "cannot be written" in done.stdout
    assert "free space" in done.stdout
    state = load_state(tmp_path)
    assert state is not None
    assert state["step"] == 1
    assert [path.name for path in tmp_path.iterdir()] == ["checkpoint.pt"]


def test_best_weights_that_no_checkpoint_names_are_removed(tmp_path: Path) -> None:
    weights = {"w": torch.ones(2)}
    first, second = save_best(tmp_path, 10, weights), save_best(tmp_path, 20, weights)
    save_state(tmp_path, {"best_file": second})
    assert not (tmp_path / first).exists()
    assert (tmp_path / second).exists()
