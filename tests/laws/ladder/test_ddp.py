"""Processes that train together start from one step, whatever a kill left behind."""

from pathlib import Path

import torch

from gulliver.laws.ladder.ddp import align


def state(folder: Path, rank: int, step: int) -> Path:
    path = folder / str(rank) / "checkpoint.pt"
    path.parent.mkdir(parents=True)
    torch.save({"step": step, "finished": False}, path)
    return path


def test_the_earlier_step_is_taken(tmp_path: Path) -> None:
    early, late = state(tmp_path / "trunk-9-of-2", 0, 4), state(tmp_path / "trunk-9-of-2", 1, 8)
    align(tmp_path, 2)
    assert early.read_bytes() == late.read_bytes()
    assert torch.load(late, weights_only=True)["step"] == 4


def test_without_a_checkpoint_of_each_all_begin_anew(tmp_path: Path) -> None:
    state(tmp_path / "trunk-9-of-2", 1, 8)
    align(tmp_path, 2)
    assert not (tmp_path / "trunk-9-of-2").exists()
