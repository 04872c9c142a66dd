"""Every kind of bad input, by number: how a sound study is spoiled, and how it must end."""

import errno
import os
import signal
import time
from collections.abc import Callable
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from typing import Any, Literal

import gguf

from tests.bad_input.place import Place, reply
from tests.models.tiny import tiny_gguf

End = Literal["sentence", "outcome", "stopped"]
Make = Callable[[Place], list[str]]


@dataclass(frozen=True)
class Kind:
    """`make` spoils a place and gives the command; `end`: a sentence and exit code 2, or the outcome of an item."""

    number: int
    what: str
    make: Make
    end: End = "sentence"


KINDS: list[Kind] = []


def kind(what: str, end: End = "sentence") -> Callable[[Make], Make]:
    """Number and keep a kind."""

    def keep(make: Make) -> Make:
        KINDS.append(Kind(len(KINDS) + 1, what, make, end))
        return make

    return keep


# The study


@kind("The study's file is not there")
def _(place: Place) -> list[str]:
    return ["find", str(place.folder / "nowhere.toml")]


@kind("The study is not TOML")
def _(place: Place) -> list[str]:
    return ["find", str(place.write("study.toml", "[study\ntarget = 0.5\n"))]


@kind("The study is not text")
def _(place: Place) -> list[str]:
    return ["find", str(place.write("study.toml", b"\xff\xfe\x00[study]"))]


@kind("An option of the study is misspelled")
def _(place: Place) -> list[str]:
    place.study["stategies"] = '["direct"]'
    return place.find()


@kind("The target is no share")
def _(place: Place) -> list[str]:
    place.study["target"] = "80"
    return place.find()


@kind("The target names a recipe that cannot be read")
def _(place: Place) -> list[str]:
    place.study["target"] = '"within 0.02 of scripted:m | cot("'
    return place.find()


@kind("No model is named")
def _(place: Place) -> list[str]:
    del place.study["models"]
    return place.find()


@kind("There is no such model")
def _(place: Place) -> list[str]:
    place.model("smollm3-135m")
    return place.find()


@kind("There is no such strategy")
def _(place: Place) -> list[str]:
    place.study["strategies"] = '["guess"]'
    return place.find()


@kind("A strategy's option is of another kind")
def _(place: Place) -> list[str]:
    place.study["strategies"] = '["majority(n=many)"]'
    return place.find()


@kind("The models need several engines")
def _(place: Place) -> list[str]:
    tiny_gguf(place.folder / "tiny.gguf")
    place.study["models"] = f'["gguf:{place.folder}/tiny.gguf", "openai:m@http://127.0.0.1:8000/v1"]'
    return place.find()


@kind("The cheapest by money is wanted and no price is given")
def _(place: Place) -> list[str]:
    place.study["cheap"] = '"money"'
    return place.find()


@kind("A model is to be tuned and the task has no training data")
def _(place: Place) -> list[str]:
    place.study["recipes"] = f'["gguf:{tiny_gguf(place.folder / "tiny.gguf")} | lora | direct"]'
    return place.find()


@kind("A transform stands behind the strategy")
def _(place: Place) -> list[str]:
    place.study["strategies"] = '["direct | int8"]'
    return place.find()


# The data


@kind("The data's file is not there")
def _(place: Place) -> list[str]:
    place.task["file"] = '"nowhere.jsonl"'
    return place.find()


@kind("The data are cut short")
def _(place: Place) -> list[str]:
    whole = (place.folder / "sums.jsonl").read_bytes()
    place.write("sums.jsonl", whole[:-9])
    return place.find()


@kind("The data are empty")
def _(place: Place) -> list[str]:
    place.write("sums.jsonl", "")
    return place.find()


@kind("The data are not UTF-8")
def _(place: Place) -> list[str]:
    place.write("sums.jsonl", '{"q": "Größe?", "a": 1}'.encode("latin-1"))
    return place.find()


@kind("A row lacks the target")
def _(place: Place) -> list[str]:
    place.task["target"] = '"answer"'
    return place.find()


@kind("The template names a column that is not there")
def _(place: Place) -> list[str]:
    place.task["template"] = '"{{ question }}"'
    return place.find()


@kind("A row of a CSV file has too few cells")
def _(place: Place) -> list[str]:
    place.write("sums.csv", "q,a\n1 + 1,2\n2 + 2\n")
    place.task["file"] = '"sums.csv"'
    return place.find()


@kind("A Parquet file is cut short")
def _(place: Place) -> list[str]:
    import polars

    path = place.folder / "sums.parquet"
    polars.DataFrame({"q": ["1 + 1"], "a": [2]}).write_parquet(path)
    path.write_bytes(path.read_bytes()[:-20])
    place.task["file"] = '"sums.parquet"'
    return place.find()


@kind("There are fewer worked examples than the strategy shows")
def _(place: Place) -> list[str]:
    place.study["strategies"] = '["few_shot(k=4)"]'
    return place.find()


@kind("There is no such task")
def _(place: Place) -> list[str]:
    place.task = {"name": '"gsm9k"'}
    return place.find()


# The judge


@kind("There is no such judge")
def _(place: Place) -> list[str]:
    place.task["judge"] = '"numbre"'
    return place.find()


@kind("The judge's pattern is no regular expression")
def _(place: Place) -> list[str]:
    place.task["judge"] = "\"regex(pattern='(')\""
    return place.find()


@kind("The judge's file cannot be imported")
def _(place: Place) -> list[str]:
    place.write("mine.py", "def judge(answer, row)\n    return True\n")
    place.task["judge"] = '"function(path=mine.py)"'
    return place.find()


@kind("The judge raises on some items", "outcome")
def _(place: Place) -> list[str]:
    place.write(
        "raises.py", "def judge(answer, row):\n    return row['hint' if row['a'] == 4 else 'a'] == int(answer)\n"
    )
    place.task["judge"] = '"function(path=raises.py)"'
    return place.find()


@kind("The judge ends the program on some items", "outcome")
def _(place: Place) -> list[str]:
    place.write("leaves.py", "import sys\ndef judge(answer, row):\n    return sys.exit(3) if row['a'] == 4 else True\n")
    place.task["judge"] = '"function(path=leaves.py)"'
    return place.find()


@kind("The judge raises on every item")
def _(place: Place) -> list[str]:
    place.write("raises.py", "def judge(answer, row):\n    return row['hint'] == answer\n")
    place.task["judge"] = '"function(path=raises.py)"'
    return place.find()


@kind("The judge returns no verdict")
def _(place: Place) -> list[str]:
    place.write("vague.py", "def judge(answer, row):\n    return 'perhaps'\n")
    place.task["judge"] = '"function(path=vague.py)"'
    return place.find()


@kind("A target is no number where the judge compares numbers", "outcome")
def _(place: Place) -> list[str]:
    rows = (place.folder / "sums.jsonl").read_text()
    place.write("sums.jsonl", rows.replace('"a": 4}', '"a": "a pair of pairs"}'))
    return place.find()


# The model


@kind("A model's file is not there")
def _(place: Place) -> list[str]:
    place.model(f"gguf:{place.folder}/nowhere.gguf")
    return place.find()


@kind("A model's file is cut short")
def _(place: Place) -> list[str]:
    path = tiny_gguf(place.folder / "tiny.gguf")
    path.write_bytes(path.read_bytes()[:-1000])
    place.model(f"gguf:{path}")
    return place.find()


@kind("A model's file is something else, such as a page of HTML")
def _(place: Place) -> list[str]:
    place.model(f"gguf:{place.write('tiny.gguf', '<!doctype html><title>Sign in</title>' * 20)}")
    return place.find()


@kind("A model's file has a damaged header")
def _(place: Place) -> list[str]:
    path = tiny_gguf(place.folder / "tiny.gguf")
    data = bytearray(path.read_bytes())
    data[8:16] = b"\xff" * 8
    place.model(f"gguf:{place.write('tiny.gguf', bytes(data))}")
    return place.find()


@kind("A model's file lacks weights that its header promises")
def _(place: Place) -> list[str]:
    place.model(f"gguf:{tiny_gguf(place.folder / 'tiny.gguf')}")
    return place.find()


@kind("A model is of an architecture that no engine here knows")
def _(place: Place) -> list[str]:
    place.model(f"gguf:{_other_architecture(place.folder / 'tiny.gguf')}")
    return place.find()


@kind("A model that was fetched has another digest than the pinned one")
def _(place: Place) -> list[str]:
    from gulliver.models import ladder
    from tests.models.tiny import fake_wheel

    rung = ladder.find_rung("smollm2-135m")
    part = rung.parts[0]
    fake_wheel(place.folder / "home" / "downloads", part.package, part.version, {part.member: b"something else"})
    place.model(rung.name)
    return place.find()


@kind("A folder of safetensors is cut short")
def _(place: Place) -> list[str]:
    folder = place.folder / "weights"
    folder.mkdir()
    (folder / "config.json").write_text('{"model_type": "llama"}')
    (folder / "tokenizer.json").write_text("{}")
    header = b'{"a": {"dtype": "F32", "shape": [4], "data_offsets": [0, 16]}}'
    (folder / "model.safetensors").write_bytes(len(header).to_bytes(8, "little") + header + bytes(7))
    place.model(f"torch:dir:{folder}")
    return place.find()


@kind("A folder holds no weights")
def _(place: Place) -> list[str]:
    (place.folder / "weights").mkdir()
    place.model(f"dir:{place.folder / 'weights'}")
    return place.find()


@kind("An optional package is missing")
def _(place: Place) -> list[str]:
    import importlib.util

    find = importlib.util.find_spec
    place.patch.setattr(importlib.util, "find_spec", lambda name, *more: None if name == "torch" else find(name, *more))
    place.model("torch:smollm2-135m")
    return place.find()


@kind("The engine's process dies again and again")
def _(place: Place) -> list[str]:
    from gulliver.models.engines import process

    place.patch.setattr(process, "_START", "import os, signal; os.kill(os.getpid(), signal.SIGKILL)")
    place.model("scripted:m?process=true")
    return place.find()


@kind("Some requests fail", "outcome")
def _(place: Place) -> list[str]:
    place.model("scripted:m?failures=0.3")
    return place.find()


# The endpoint


@kind("No server is there")
def _(place: Place) -> list[str]:
    place.model("openai:m@http://127.0.0.1:9/v1?retries=1&backoff=0.01")
    return place.find()


@kind("The server hangs")
def _(place: Place) -> list[str]:
    place.model(place.server(lambda handler: time.sleep(2.5)))
    return place.find()


@kind("The server floods with 429")
def _(place: Place) -> list[str]:
    place.model(place.server(reply(429, Retry_After="0")))
    return place.find()


@kind("The server sends HTML")
def _(place: Place) -> list[str]:
    place.model(place.server(reply(200, "<html>Welcome to the proxy</html>")))
    return place.find()


@kind("The server closes in mid-answer")
def _(place: Place) -> list[str]:
    def cut(handler: BaseHTTPRequestHandler) -> None:
        handler.send_response(200)
        handler.send_header("Content-Length", "1000")
        handler.end_headers()
        handler.wfile.write(b'{"choices": [')
        handler.close_connection = True

    place.model(place.server(cut))
    return place.find()


@kind("The server refuses the key")
def _(place: Place) -> list[str]:
    place.patch.setenv("GULLIVER_API_KEY", "sk-very-secret")
    place.model(place.server(reply(401)))
    return place.find()


@kind("The server has no such model")
def _(place: Place) -> list[str]:
    place.model(place.server(reply(404)))
    return place.find()


@kind("The server refuses one request in four", "outcome")
def _(place: Place) -> list[str]:
    asked = iter(range(10_000))
    good = reply(200, '{"choices": [{"message": {"content": "4"}, "finish_reason": "stop"}]}')
    bad = reply(400, '{"error": {"message": "The prompt offends."}}')
    place.model(place.server(lambda handler: (bad if next(asked) % 4 == 3 else good)(handler)))
    return place.find()


@kind("The address holds a key")
def _(place: Place) -> list[str]:
    place.model("openai:m@http://me:sk-very-secret@127.0.0.1/v1")
    return place.find()


# The machine


@kind("The disk is full while answers are kept")
def _(place: Place) -> list[str]:
    from gulliver.inference import tables

    careful, create = tables._careful, tables.meta.create_all

    def full(connection: Any, record: Any) -> None:
        careful(connection, record)
        connection.execute("PRAGMA max_page_count=1").close()  # SQLite takes it as: no page more than there are

    def then_full(engine: Any) -> None:
        create(engine)
        engine.dispose()
        tables.sql.event.listen(engine, "connect", full)

    place.patch.setattr(tables.meta, "create_all", then_full)
    return place.find()


@kind("The disk is full while the run is written")
def _(place: Place) -> list[str]:
    write = Path.write_text

    def full(self: Path, *arguments: Any, **options: Any) -> int:
        if self.name.startswith("result.json"):
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), str(self))
        return write(self, *arguments, **options)

    place.patch.setattr(Path, "write_text", full)
    return place.find()


@kind("The store is something else than a database")
def _(place: Place) -> list[str]:
    return place.find("--store", str(place.write("notes.txt", "These are my notes. " * 100)))


@kind("The home is a file")
def _(place: Place) -> list[str]:
    place.patch.setenv("GULLIVER_HOME", str(place.write("a-file", "")))
    return place.find()


@kind("The report cannot be written there")
def _(place: Place) -> list[str]:
    (place.folder / "report.html").mkdir()
    return place.find("--report", str(place.folder / "report.html"))


@kind("The lock file is no lock file")
def _(place: Place) -> list[str]:
    place.write("study.lock", "[1, 2]")
    return place.find("--require")


@kind("There is no such run")
def _(place: Place) -> list[str]:
    return ["report", "2026-01-01"]


@kind("A run's file is cut short")
def _(place: Place) -> list[str]:
    (place.folder / "home" / "runs" / "mine").mkdir(parents=True)
    place.write("home/runs/mine/result.json", '{"answer": {"kind": "mee')
    return ["report", "mine"]


@kind("There is no such publication")
def _(place: Place) -> list[str]:
    return ["reproduce", "perpetual-motion-1618"]


@kind("Ctrl-C", "stopped")
def _(place: Place) -> list[str]:
    from gulliver.models.engines import scripted

    asked = iter(range(10_000))
    whole = scripted.scripted_reply

    def interrupted(model: Any, request: Any) -> Any:
        if next(asked) == 9:
            os.kill(os.getpid(), signal.SIGINT)
        return whole(model, request)

    place.patch.setattr(scripted, "scripted_reply", interrupted)
    # A shell's background job ignores Ctrl-C, and so would all that is tested in it.
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    place.stack.callback(signal.signal, signal.SIGINT, before)
    return place.find()


def _other_architecture(path: Path) -> Path:
    writer = gguf.GGUFWriter(path, "lilliput")
    writer.add_name("tiny")
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
    return path
