"""The engine's process of a server: as of a study, and telling text as it comes."""

import contextlib
import faulthandler
import os
import signal
import traceback

from gulliver.errors import GulliverError
from gulliver.models.engines.wire import Inbox, send
from gulliver.models.engines.worker import die_with, serve
from gulliver.serving.streamed import open_streaming


def main(into: int, out: int, parent: int | None = None) -> None:
    """Run until the other side closes its pipe or dies; see `models.engines.worker.main`."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    die_with(os.getppid() if parent is None else parent)
    faulthandler.enable()
    inbox = Inbox(into)
    with contextlib.suppress(EOFError, BrokenPipeError):
        _, model = inbox.one()
        try:
            engine = open_streaming(model)
        except GulliverError as error:
            send(out, ("refused", str(error)))
            return
        except Exception as error:  # whatever the engine's library raises on a bad file
            traceback.print_exc()
            send(out, ("refused", f"{model.name} cannot be loaded ({type(error).__name__}); check its file."))
            return
        send(out, ("ready",))
        try:
            serve(engine, inbox, out)
        except (EOFError, BrokenPipeError):
            raise
        except Exception as error:
            # Not its text, which may quote a prompt.
            traceback.print_tb(error.__traceback__)
            send(out, ("died", type(error).__name__))
