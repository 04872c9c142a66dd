"""What runs a model: in a process of its own, behind a server, or by script; and two that only judge answers."""

from gulliver.errors import ModelError
from gulliver.models.base import Client, Engine, Model

JUDGES = ("verifier", "classifier")
"""Engines that only judge answers: they are asked `Score` and nothing else."""

LOCAL = ("openvino", "torch", "llamacpp", "vllm")
"""Engines that run weights in a process of their own."""


def open_client(model: Model) -> Client:
    """A client for the model; its engine starts with the first request.

    Raises:
        ModelError: no engine of that name.
    """
    if model.engine == "endpoint":
        from gulliver.models.engines.endpoint import Endpoint

        return Endpoint(model)
    if model.engine == "scripted" and not is_on(model, "process"):
        from gulliver.models.engines.scripted import ScriptedClient

        return ScriptedClient(model)
    if model.engine in (*LOCAL, "scripted", *JUDGES):
        from gulliver.models.engines.process import EngineProcess

        return EngineProcess(model)
    raise ModelError(f"There is no engine {model.engine!r}; there are {', '.join(LOCAL)}, endpoint and scripted.")


def open_engine(model: Model) -> Engine:
    """The engine itself, with its weights: call it in a process that it may take down.

    Raises:
        ModelError: there is no engine of that name, or it cannot read the file.
    """
    if model.engine == "openvino":
        from gulliver.models.engines.openvino import OpenVino

        return OpenVino(model)
    if model.engine == "torch":
        from gulliver.models.engines.torch_engine import Torch

        return Torch(model)
    if model.engine == "llamacpp":
        from gulliver.models.engines.llamacpp import LlamaCpp

        return LlamaCpp(model)
    if model.engine == "vllm":
        from gulliver.models.engines.vllm_engine import Vllm

        return Vllm(model)
    if model.engine == "scripted":
        from gulliver.models.engines.scripted import Scripted

        return Scripted(model)
    if model.engine == "verifier":
        from gulliver.models.engines.verifier import Verifier

        return Verifier(model)
    if model.engine == "classifier":
        from gulliver.models.engines.classifier import Classifier

        return Classifier(model)
    raise ModelError(f"There is no engine {model.engine!r} that runs in a process.")


def is_on(model: Model, option: str) -> bool:
    """Whether an option is set; it may have been written as text."""
    return str(model.options.get(option, "")).lower() in ("true", "1", "1.0", "yes", "on")
