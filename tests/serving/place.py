"""A real server on this machine, for tests: the command line in a process of its own."""

import contextlib
import os
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import httpx
import openai
import psutil


@dataclass
class Place:
    """A server that runs. `url` ends with /v1; `log` is what it wrote to standard error so far."""

    process: subprocess.Popen[str]
    url: str
    log_file: Path
    clients: list[openai.OpenAI] = field(default_factory=list)

    @property
    def port(self) -> int:
        return int(self.url.rsplit(":", 1)[1].split("/")[0])

    @property
    def root(self) -> str:
        return self.url.removesuffix("/v1")

    @property
    def log(self) -> str:
        return self.log_file.read_text()

    def client(self, **more: object) -> openai.OpenAI:
        """The official client; it is closed when the server ends."""
        settings: dict[str, object] = {"api_key": "none", "max_retries": 0, "timeout": 30.0, **more}
        self.clients.append(openai.OpenAI(base_url=self.url, **settings))  # type: ignore[arg-type]
        return self.clients[-1]

    def engines(self) -> list[psutil.Process]:
        """The processes of its engines."""
        return psutil.Process(self.process.pid).children()

    def ready(self) -> bool:
        with contextlib.suppress(httpx.HTTPError):
            return httpx.get(f"{self.root}/ready", timeout=5).status_code == 200
        return False


@contextlib.contextmanager
def serving(folder: Path, *arguments: str, **environment: str) -> Iterator[Place]:
    """`gulliver serve ARGUMENTS` on a free port; what is served is loaded when this begins."""
    folder.mkdir(parents=True, exist_ok=True)
    log = folder / "server.log"
    with log.open("w") as errors:
        process = subprocess.Popen(
            [sys.executable, "-c", "from gulliver.cli import main; main()", "serve", *arguments, "--port", "0"],
            stdout=subprocess.PIPE,
            stderr=errors,
            text=True,
            env={"GULLIVER_HOME": str(folder / "home"), **os.environ, "OMP_NUM_THREADS": "1", **environment},
        )
    assert process.stdout is not None
    try:
        line = process.stdout.readline()
        assert " answers at " in line, log.read_text()
        place = Place(process, line.rsplit(" ", 1)[1].strip(), log)
        yield place
        for client in place.clients:
            client.close()
    finally:
        if process.poll() is None:
            process.terminate()
            try:
                process.wait(timeout=20)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
        process.stdout.close()


def ask(question: str = "What is 3 + 4?", **more: object) -> dict[str, object]:
    """A body of a chat."""
    return {"messages": [{"role": "user", "content": question}], **more}
