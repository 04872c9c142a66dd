"""One function in a process of its own: what it loads is gone afterwards, and what kills it leaves the study standing."""

import importlib
import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import traceback
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from gulliver.errors import GulliverError, ModelError
from gulliver.home import folder

# As an engine's process starts (models/engines/process.py): neither the user's main module nor the working folder.
_START = "import sys; sys.path.append(sys.argv.pop(1)); from gulliver.transforms.apart import main; main(*sys.argv[1:])"


def run_apart(function: str, what: str, **arguments: Any) -> Any:
    """What `module:function` of Gulliver returns for these arguments; both pass as JSON.

    Args:
        what: what is being done, for the sentence when it fails, such as "reading smollm2-135m".

    Raises:
        ModelError: it failed, or its process died.
    """
    root = str(Path(__file__).parents[2])
    with scratch() as place:
        job, out, log = place / "job.json", place / "out.json", place / "log"
        job.write_text(json.dumps({"function": function, "arguments": arguments}), encoding="utf-8")
        command = [sys.executable, "-P", "-c", _START, root, str(job), str(out), str(os.getpid())]
        with log.open("wb") as stream:
            code = subprocess.run(
                command, stdin=subprocess.DEVNULL, stdout=stream, stderr=stream, check=False
            ).returncode
        if code != 0 or not out.is_file():
            raise ModelError(f"{what} failed: {_how(code)}; free some memory, then run the same command again.")
        told = json.loads(out.read_text(encoding="utf-8"))
        if "error" in told:
            raise ModelError(f"{what} failed: {told['error'].rstrip('.')}." if not told["ours"] else told["error"])
        return told["result"]


@contextmanager
def scratch() -> Iterator[Path]:
    """A folder that is gone afterwards; those of processes that were killed are removed on the way."""
    for left in folder("scratch").iterdir():
        owner = left.name.partition("-")[0]
        if owner.isdigit() and not Path(f"/proc/{owner}").exists() and Path("/proc/self").exists():
            shutil.rmtree(left, ignore_errors=True)
    with tempfile.TemporaryDirectory(dir=folder("scratch"), prefix=f"{os.getpid()}-") as name:
        yield Path(name)


def main(job: str, out: str, parent: str) -> None:
    """The other side: run what the job says and write what came of it."""
    from gulliver.models.engines.worker import die_with

    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for the study, which then ends this process
    die_with(int(parent))
    asked = json.loads(Path(job).read_text(encoding="utf-8"))
    module, _, name = asked["function"].partition(":")
    told: dict[str, Any]
    try:
        told = {"result": getattr(importlib.import_module(module), name)(**asked["arguments"])}
    except GulliverError as error:
        told = {"error": str(error), "ours": True}
    except Exception as error:  # whatever a library raises becomes a sentence
        traceback.print_exc()
        lines = [line.strip() for line in str(error).splitlines() if line.strip()]
        told = {"error": (lines[-1] if lines else type(error).__name__)[:200], "ours": False}
    Path(out).write_text(json.dumps(told), encoding="utf-8")


def _how(code: int) -> str:
    if code == -signal.SIGKILL:
        return "its process was killed, often for a lack of memory"
    return f"its process ended with {signal.Signals(-code).name}" if code < 0 else f"its process ended with code {code}"
