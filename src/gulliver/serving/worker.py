"""The engine's process of a server: as of a study, and telling text as it comes; what it says quotes no prompt."""

from gulliver.models.engines.worker import run
from gulliver.serving.streamed import open_streaming


def main(into: int, out: int, parent: int | None = None) -> None:
    """Run until the other side closes its pipe or dies."""
    run(into, out, parent, open_streaming, discreet=True)
