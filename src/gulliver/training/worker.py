"""The tuning's process: takes one job, tells how far it is, and ends."""

import contextlib
import faulthandler
import os
import signal
import traceback

from gulliver.errors import GulliverError, TrainingError
from gulliver.models.engines.wire import Inbox, send
from gulliver.models.engines.worker import die_with
from gulliver.training.tune import Job


def main(into: int, out: int, parent: int) -> None:
    """Do the job that comes over the pipe; what goes wrong is sent back as a sentence."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for the study, which then ends this process
    die_with(parent)
    faulthandler.enable()
    with contextlib.suppress(EOFError, BrokenPipeError):
        job: Job = Inbox(into).one()
        try:
            from gulliver.training.tuning import tune_here

            tune_here(job, lambda what, done, of: send(out, ("told", what, done, of)))
        except (EOFError, BrokenPipeError):
            raise
        except GulliverError as error:
            send(out, ("refused", error))
            return
        except Exception as error:  # whatever a library raises
            traceback.print_exc()
            send(out, ("refused", TrainingError(_sentence(job.name, error))))
            return
        send(out, ("done",))


def _sentence(name: str, error: Exception) -> str:
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    why = (lines[-1] if lines else type(error).__name__)[:200].rstrip(".")
    log = f"see {os.readlink('/proc/self/fd/2')}" if os.path.exists("/proc/self/fd/2") else "see the log"  # noqa: PTH110, PTH115
    if "memory" in why or isinstance(error, MemoryError):
        return f"The tuning of {name} ran out of memory; choose a smaller batch or max_length, or a smaller model."
    return f"The tuning of {name} failed ({type(error).__name__}: {why}); {log}."
