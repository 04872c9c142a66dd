"""The engine's process: takes requests as they come, steps, and sends replies as they finish."""

import contextlib
import faulthandler
import os
import signal
import sys
import traceback
from collections.abc import Callable

from gulliver.errors import GulliverError
from gulliver.models.base import Engine, Model, Reply
from gulliver.models.engines import open_engine
from gulliver.models.engines.wire import Inbox, send


def main(into: int, out: int, parent: int | None = None) -> None:
    """Run until the other side closes its pipe or dies; see `run`."""
    run(into, out, parent, open_engine)


def run(into: int, out: int, parent: int | None, opener: Callable[[Model], Engine], discreet: bool = False) -> None:
    """Take a model, open its engine, answer until the other side closes its pipe or dies.

    Args:
        into, out: the pipe ends, as file descriptors.
        parent: the process id of the other side; None when it is whoever started this.
        discreet: neither say nor log what an error's text may quote: a prompt, or a path.
    """
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for the other side, which then ends this process
    die_with(os.getppid() if parent is None else parent)
    faulthandler.enable()
    inbox = Inbox(into)
    with contextlib.suppress(EOFError, BrokenPipeError):
        _, model = inbox.one()
        try:
            engine = opener(model)
        except GulliverError as error:
            send(out, ("refused", str(error)))
            return
        except Exception as error:  # whatever the engine's library raises on a bad file
            traceback.print_exc()
            send(out, ("refused", _cannot_load(model, error, discreet)))
            return
        send(out, ("ready",))
        try:
            serve(engine, inbox, out)
        except (EOFError, BrokenPipeError):
            raise
        except Exception as error:
            name = type(error).__name__
            if discreet:
                traceback.print_tb(error.__traceback__)
            else:
                traceback.print_exc()
            send(out, ("died", name if discreet else f"{name}: {_in_short(error)}"))


def serve(engine: Engine, inbox: Inbox, out: int) -> None:
    """The loop: take all that has come, one step, give all that is finished.

    Raises:
        EOFError, BrokenPipeError: the other side is gone.
    """
    memory = getattr(engine, "peak_memory", peak_memory)  # an engine on a GPU knows better
    while True:
        finished: list[tuple[int, Reply]] = []
        for kind, key, *rest in inbox.take(wait=not engine.busy()):
            if kind == "cancel":
                engine.cancel(key)
                continue
            try:
                engine.submit(key, rest[0])
            except Exception as error:  # one bad request is not the end of the others
                finished.append((key, Reply(finish="failed", error=f"The engine refused it: {_in_short(error)}")))
        if engine.busy():
            finished += engine.step()
        if finished:
            send(out, ("replies", finished, memory()))


def die_with(parent: int) -> None:
    """On Linux, have the kernel end this process when the parent's does, be it by SIGKILL; elsewhere its pipe tells."""
    if sys.platform == "linux":
        import ctypes

        set_death_signal = 1
        ctypes.CDLL(None, use_errno=True).prctl(set_death_signal, signal.SIGKILL, 0, 0, 0)
    if os.getppid() != parent:
        os._exit(0)


def peak_memory() -> int:
    """Bytes: this process's highest resident size."""
    # On Linux ru_maxrss would include what the parent had when it forked; VmHWM starts anew with the program.
    with contextlib.suppress(OSError, ValueError, StopIteration), open("/proc/self/status") as status:  # noqa: PTH123
        return int(next(line for line in status if line.startswith("VmHWM:")).split()[1]) * 1024
    import resource

    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * (1 if sys.platform == "darwin" else 1024)


def _cannot_load(model: Model, error: Exception, discreet: bool) -> str:
    if discreet:
        return f"{model.name} cannot be loaded ({type(error).__name__}); check its file."
    return f"{model.name} cannot be loaded from {model.location} ({_in_short(error)}); check the file, or remove it and fetch it again."


def _in_short(error: Exception) -> str:
    """The library's last line, which says most, without its full stop."""
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    return (lines[-1] if lines else type(error).__name__)[:200].rstrip(".")


if __name__ == "__main__":
    main(*(int(word) for word in sys.argv[1:4]))
