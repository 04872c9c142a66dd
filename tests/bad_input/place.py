"""Where a kind of bad input happens: a folder with a sound study in it, to be spoiled in one way, and the command line."""

import contextlib
import io
import json
import re
import sys
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

Answer = Callable[[BaseHTTPRequestHandler], None]


@dataclass
class Place:
    """`study` and `task` are the lines of the tables [study] and [task], as TOML text by option."""

    folder: Path
    patch: pytest.MonkeyPatch
    stack: contextlib.ExitStack
    study: dict[str, str] = field(default_factory=dict)
    task: dict[str, str] = field(default_factory=dict)
    more: str = ""

    def __post_init__(self) -> None:
        self.patch.setenv("GULLIVER_HOME", str(self.folder / "home"))
        self.patch.setenv("GULLIVER_OFFLINE", "1")
        self.patch.setenv("COLUMNS", "200")
        self.study = {"target": "0.5", "models": '["scripted:m?accuracy=0.9"]'}
        self.task = {
            "file": '"sums.jsonl"',
            "template": '"{{ q }}"',
            "target": '"a"',
            "judge": '"number"',
        }
        rows = [{"q": f"What is {a} + {a % 17}?", "a": a + a % 17} for a in range(24)]
        self.write("sums.jsonl", "\n".join(map(json.dumps, rows)))

    def write(self, name: str, content: str | bytes) -> Path:
        path = self.folder / name
        path.write_bytes(content.encode() if isinstance(content, str) else content)
        return path

    def model(self, name: str) -> None:
        """The study's only model."""
        self.study["models"] = json.dumps([name])

    def find(self, *options: str) -> list[str]:
        """Write the study; the command that runs it."""
        lines = ["[study]", *(f"{key} = {value}" for key, value in self.study.items())]
        lines += ["[task]", *(f"{key} = {value}" for key, value in self.task.items()), self.more]
        return ["find", str(self.write("study.toml", "\n".join(lines) + "\n")), *options]

    def server(self, answer: Answer) -> str:
        """A model behind a server that treats every request so; three quick tries."""
        return f"openai:m@{self.stack.enter_context(serving(answer))}?timeout=1&retries=2&backoff=0.01"


@dataclass(frozen=True)
class Said:
    """What came of a command."""

    code: int
    err: str
    out: str

    @property
    def sentence(self) -> str:
        """The last line on standard error, without the program's name."""
        lines = self.err.strip().splitlines()
        return lines[-1].removeprefix("gulliver: ") if lines else ""


def gulliver(arguments: list[str]) -> Said:
    """The real command line, in this process."""
    from gulliver.cli import main

    out, err = io.StringIO(), io.StringIO()
    code: Any = 0
    with pytest.MonkeyPatch.context() as patch, contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
        patch.setattr(sys, "argv", ["gulliver", *arguments])
        try:
            main()
        except SystemExit as end:
            code = end.code or 0
    return Said(int(code), err.getvalue(), out.getvalue())


def outcomes(place: Place) -> list[tuple[str, str]]:
    """Outcome and detail of each item of the newest run."""
    run = max((place.folder / "home" / "runs").glob("*/result.json"), key=lambda path: path.stat().st_mtime)
    recipes = json.loads(run.read_text())["recipes"]
    return [(record["outcome"], record["detail"]) for recipe in recipes for record in recipe["records"]]


_GENERAL = (
    (r"127\.0\.0\.1:\d+", "127.0.0.1:8000"),
    (r"\b[0-9a-f]{16}…", "0123456789abcdef…"),
    (r"engine-[\w-]+\.log", "engine.log"),
    (r"sent nothing for [\d.]+ s", "sent nothing for 0.6 s"),
    (r"as GGUF \(.*?\)(?=; it is)", "as GGUF (…)"),
    (r"(cannot be loaded from \S+) \(.*?\)(?=; check)", r"\1 (…)"),
    (r"broke off \(\w+\)", "broke off (…)"),
    (r"study-[0-9a-f]{8}", "study-0123abcd"),
    (r"(strategies are|transforms are|there are:?|it has:|write a rung) .*?(?=[;.](\s|$))", r"\1 …"),
)


def general(text: str, folder: Path) -> str:
    """A message without what differs from run to run (folders, ports, digests), or grows with Gulliver (lists of names)."""
    text = re.sub(re.escape(str(folder)) + r"(/[^/\s;,)|]+)*?(?=/[^/\s;,)|]+)", "…", text).replace(str(folder), "…")
    for pattern, plain in _GENERAL:
        text = re.sub(pattern, plain, text)
    return text


@contextlib.contextmanager
def serving(answer: Answer) -> Iterator[str]:
    """The address of a server on this machine that answers every request so."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            self.rfile.read(int(self.headers["Content-Length"]))
            with contextlib.suppress(BrokenPipeError, ConnectionResetError):
                answer(self)

        def log_message(self, *_: Any) -> None:
            pass

    class Quiet(ThreadingHTTPServer):
        def handle_error(self, *_: Any) -> None:
            """A client that hangs up is no news."""

    with Quiet(("127.0.0.1", 0), Handler) as http:
        http.daemon_threads = True
        http.block_on_close = False
        thread = threading.Thread(target=http.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        try:
            yield f"http://127.0.0.1:{http.server_address[1]}/v1"
        finally:
            http.shutdown()
            thread.join()


def reply(status: int, body: str = "", **headers: str) -> Answer:
    """A server's answer that is always this."""

    def answer(handler: BaseHTTPRequestHandler) -> None:
        raw = body.encode()
        handler.send_response(status)
        handler.send_header("Content-Length", str(len(raw)))
        for name, value in headers.items():
            handler.send_header(name.replace("_", "-"), value)
        handler.end_headers()
        handler.wfile.write(raw)

    return answer
