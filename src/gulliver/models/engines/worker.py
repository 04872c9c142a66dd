"""The engine's process: takes requests as they come, steps, and sends replies as they finish."""

import os
import queue
import signal
import sys
import threading
from dataclasses import replace
from pathlib import Path
from typing import Any

from gulliver.errors import GulliverError
from gulliver.models.base import Engine, Model, Reply
from gulliver.models.engines.wire import receive, send


def main() -> None:
    """Run until the other side closes its pipe."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for the study, which then closes the pipe
    into, out = int(sys.argv[1]), int(sys.argv[2])
    inbox: queue.SimpleQueue[Any] = queue.SimpleQueue()
    _, model = receive(into)
    threading.Thread(target=_listen, args=(into, inbox), daemon=True).start()
    try:
        engine = open_engine(model)
    except GulliverError as error:
        send(out, ("refused", str(error)))
        return
    except Exception as error:  # whatever the engine's library raises on a bad file
        reason = (str(error).strip().splitlines() or [type(error).__name__])[-1][:300]
        send(
            out,
            (
                "refused",
                f"The model {model.name} cannot be loaded by {model.engine} ({reason}); check the file, or fetch it again.",
            ),
        )
        return
    serve(engine, inbox, out)


def serve(engine: Engine, inbox: "queue.SimpleQueue[Any]", out: int) -> None:
    """The loop: take all that has come, one step, give all that is finished."""
    meter = EnergyMeter()
    joules: float | None = None
    while True:
        while not inbox.empty() or not engine.busy():
            kind, key, *rest = inbox.get()
            if kind == "ask":
                engine.submit(key, rest[0])
            else:
                engine.cancel(key)
        before = meter.read()
        finished = engine.step()
        spent = meter.since(before)
        joules = spent if joules is None or spent is None else joules + spent
        if finished:
            # What the steps took since the last reply went out is these replies' share, by their busy seconds.
            send(out, ("replies", _share(finished, joules), peak_memory()))
            joules = None


def open_engine(model: Model) -> Engine:
    """The engine that the model names.

    Raises:
        GulliverError: there is none.
    """
    if model.engine == "openvino":
        from gulliver.models.engines.openvino import OpenVino

        return OpenVino(model)
    if model.engine == "scripted":
        from gulliver.models.engines.scripted import Scripted

        return Scripted(model)
    raise GulliverError(f"There is no engine {model.engine!r} that runs in a process.")


class EnergyMeter:
    """Joules of the processor packages, by RAPL, where this process may read it."""

    def __init__(self, root: Path = Path("/sys/class/powercap")) -> None:
        self._files = []
        for zone in sorted(root.glob("intel-rapl:?")):
            try:
                (zone / "energy_uj").read_text()
                limit = int((zone / "max_energy_range_uj").read_text())
            except (OSError, ValueError):
                continue
            self._files.append((zone / "energy_uj", limit))

    def read(self) -> list[int] | None:
        """Counters in microjoules; None when there are none."""
        if not self._files:
            return None
        return [int(path.read_text()) for path, _ in self._files]

    def since(self, before: list[int] | None) -> float | None:
        """Joules since `before`; a counter that wrapped is mended."""
        after = self.read()
        if before is None or after is None:
            return None
        pairs = zip(before, after, self._files, strict=True)
        return sum((b - a) % limit if b < a else b - a for a, b, (_, limit) in pairs) / 1e6


def peak_memory() -> int:
    """Bytes: this process's highest resident size."""
    import resource

    scale = 1 if sys.platform == "darwin" else 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * scale


def _share(finished: list[tuple[int, Reply]], joules: float | None) -> list[tuple[int, Reply]]:
    """Joules by each reply's part of the busy seconds."""
    if joules is None:
        return finished
    seconds = sum(reply.seconds for _, reply in finished) or 1.0
    return [(key, replace(reply, joules=joules * reply.seconds / seconds)) for key, reply in finished]


def _listen(into: int, inbox: "queue.SimpleQueue[Any]") -> None:
    try:
        while True:
            inbox.put(receive(into))
    except (EOFError, OSError):
        os._exit(0)  # nobody is left to answer


if __name__ == "__main__":
    main()
