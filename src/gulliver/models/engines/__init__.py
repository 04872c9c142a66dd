"""What runs a model: in a process of its own, behind a server, or by script."""

from gulliver.errors import ModelError
from gulliver.models.base import Client, Model


def open_client(model: Model) -> Client:
    """A client for the model; its engine starts with the first request.

    Raises:
        ModelError: no engine of that name.
    """
    if model.engine == "endpoint":
        from gulliver.models.engines.endpoint import Endpoint

        return Endpoint(model)
    if model.engine == "scripted" and not model.options.get("process"):
        from gulliver.models.engines.scripted import ScriptedClient

        return ScriptedClient(model)
    if model.engine in ("openvino", "scripted"):
        from gulliver.models.engines.process import EngineProcess

        return EngineProcess(model)
    raise ModelError(f"There is no engine {model.engine!r}; there are openvino, endpoint and scripted.")
