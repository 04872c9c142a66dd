"""The same weights on another machine: a model's file is where it was, or is found (and fetched) by the model's name."""

import platform
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path

from gulliver.errors import GulliverError, ModelError
from gulliver.models.base import Model
from gulliver.models.load import load_model


@dataclass(frozen=True)
class Machine:
    """A machine and its present start; two containers on one machine have different names."""

    name: str
    boot: str


def here() -> Machine:
    """This one."""
    boot = ""
    with suppress(OSError):
        boot = Path("/proc/sys/kernel/random/boot_id").read_text(encoding="ascii").strip()
    return Machine(platform.node(), boot)


def placed(model: Model, origin: Machine) -> Model:
    """The model as this machine can open it, with the digest that its answers are kept under.

    Raises:
        ModelError: the weights, or the engine's version, are not those of `origin`, where the study runs.
    """
    if model.location is None or (origin == here() and model.location.exists()):
        return model
    own = None
    trouble = ""
    try:
        own = load_model(model.name)
    except GulliverError as error:
        trouble = str(error)
    name = here().name
    if own is None:
        if model.location.exists():  # made by a transform, on a file system that both see: its folder names its content
            return model
        raise ModelError(
            f"{model.name} is not on the machine {name}: {model.location} is not there, and by its name it cannot be had ({trouble.rstrip('.')}); put it on a file system that all machines see."
        )
    if own.card.digest != model.card.digest:
        raise ModelError(
            f"{model.name} is another model on the machine {name} (other weights under that name); copy the study's file there."
        )
    if (own.engine, own.engine_version) != (model.engine, model.engine_version):
        raise ModelError(
            f"The machine {name} has {own.engine} {own.engine_version} and the study {model.engine} {model.engine_version}; install the same there."
        )
    return replace(model, location=own.location)
