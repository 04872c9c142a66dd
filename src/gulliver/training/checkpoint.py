"""A training's state on disk: whole or not at all, so that a killed run goes on where its last checkpoint stands."""

import contextlib
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch

from gulliver.errors import TrainingError
from gulliver.models.files import writing

_STATE = "checkpoint.pt"


def save_state(folder: Path, state: Mapping[str, Any]) -> None:
    """Write the state, then remove sets of best weights that it does not name.

    Raises:
        TrainingError: the folder cannot be written, or the disk is full.
    """
    _write(folder / _STATE, dict(state))
    for path in folder.glob("best-*.pt"):
        if path.name != state.get("best_file"):
            path.unlink()


def load_state(folder: Path) -> dict[str, Any] | None:
    """The state that lies in the folder, or None.

    Raises:
        TrainingError: it is there and cannot be read.
    """
    path = folder / _STATE
    return _read(path) if path.is_file() else None


def save_best(folder: Path, step: int, weights: Mapping[str, torch.Tensor]) -> str:
    """Write a set of weights; gives the file's name."""
    name = f"best-{step}.pt"
    _write(folder / name, {key: value.detach() for key, value in weights.items()})
    return name


def load_best(folder: Path, name: str, weights: Mapping[str, torch.Tensor]) -> None:
    """Put a kept set of weights into the module's own tensors."""
    copy_into(weights, _read(folder / name))


def copy_into(weights: Mapping[str, torch.Tensor], kept: Mapping[str, torch.Tensor]) -> None:
    """Overwrite tensors in place by name."""
    with torch.no_grad():
        for key, value in weights.items():
            value.copy_(kept[key])


def _write(path: Path, content: object) -> None:
    try:
        with writing(path) as aside, aside.open("wb") as stream:
            torch.save(content, stream)
            stream.flush()
            os.fsync(stream.fileno())
    except Exception as error:  # a full disk comes as OSError or from inside torch
        why = str(error).splitlines()[0] if str(error) else type(error).__name__
        raise TrainingError(
            f"The checkpoint {path} cannot be written ({why.rstrip('.')}); free space, then run the same command again."
        ) from None
    with contextlib.suppress(OSError):  # the name, too, must outlive a power cut
        place = os.open(path.parent, os.O_RDONLY)
        try:
            os.fsync(place)
        finally:
            os.close(place)


def _read(path: Path) -> dict[str, Any]:
    try:
        state: dict[str, Any] = torch.load(path, map_location="cpu", weights_only=True)
    except Exception as error:  # whatever damaged bytes lead to
        raise TrainingError(
            f"The checkpoint {path} cannot be read ({type(error).__name__}); remove its folder to train from the start."
        ) from None
    return state
