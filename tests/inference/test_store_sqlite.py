"""The store in a file keeps the contract of stores, and its keys stay those of earlier releases."""

import asyncio
import itertools
import json
import sqlite3
import threading
from dataclasses import replace
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest

from gulliver.inference.keys import draw_seed, model_key, request_key, seeded
from gulliver.inference.store import Store
from gulliver.inference.tables import open_database
from gulliver.models.base import Card, Embed, Generate, Model, Reply, Request, Sampling, Score
from tests.inference.store_contract import StoreContract


class TestSqlite(StoreContract):
    @pytest.fixture
    def url(self, tmp_path: Path) -> str:
        return f"sqlite:///{tmp_path / 's.sqlite'}"


def as_documented(model: Model, kind: str, request: dict[str, Any], draw: list[int]) -> str:
    content = {
        "version": "1", "weights": model.card.digest, "engine": [model.engine, model.engine_version],
        "settings": {k: v for k, v in model.options.items() if k != "timeout"}, "kind": kind, "request": request, "draw": draw,
    }  # fmt: skip
    text = json.dumps(content, sort_keys=True, ensure_ascii=False)
    return sha256(text.encode("utf-8", "surrogatepass")).hexdigest()


def test_a_key_is_the_hash_of_its_parts_as_json_whatever_was_asked_before() -> None:
    model = Model("m", Card("m", "m", 'dï"'), "scripted", "1é", None, {"z": 1.0, "a": True, "timeout": 3, "é": "x\ny"})
    samplings = [Sampling(9, t, 1, 3, stop) for t in (0.0, 0, 1, 1.0, 0.7) for stop in ((), ("\n", "</s>é"))]
    samplings.append(Sampling(9, 0.7, 1, 3, guide='{"type": "é"}'))
    for prompt, sampling, draw in itertools.product(("q", 'é\n"\x00', "\ud83d"), samplings, (0, 3)):
        request = Generate(prompt, sampling, 5)
        stated = {name: value for name, value in vars(sampling).items() if name != "guide" or value}
        plain = {"prompt": prompt, "sampling": {**stated, "stop": list(sampling.stop)}}
        told = [7, draw] if sampling.temperature > 0 else []
        assert request_key(model, request, draw, 7) == as_documented(model, "Generate", plain, told)
        seed = json.dumps([model.card.digest, plain, 7, draw], sort_keys=True)
        assert draw_seed(model, request, draw, 7) == int.from_bytes(sha256(seed.encode()).digest()[:4], "big")
    others: list[Request] = [Score("p é", " c"), Embed("t")]
    for other in others:
        assert request_key(model, other, 1, 7) == as_documented(model, type(other).__name__, dict(vars(other)), [])


def test_keys_and_rows_are_those_of_the_first_release(tmp_path: Path) -> None:
    model = Model("m", Card("m", "m", "d" * 64), "openvino", "2026.4.1", options={"exact": "true", "timeout": 3})
    drawn = Generate("What is 2 + 3?\n", Sampling(256, 0.8, 0.95, 0, ("\n\n",)))
    greedy = Generate("What is 2 + 3?\n", Sampling())
    assert [request_key(model, request, 5, 7) for request in (drawn, greedy, Score("p", " c"))] == [
        "b1840526b753ade7f925248ae9a519f4f17448ffa656f65a741c3c5245d566e3",
        "e183896d84c07fd84c900f0ae29986acd79503a6c2b3cf70452e8036b0f0d66f",
        "f6d63f64993465743e1ce43aa56baf492d6a0c942f79f414fdc75bffcf038424",
    ]
    assert model_key(model) == "77120e4fb1e769f0d158a9d970f3fd8bcce88d411e107effe44af39618077f6e"
    assert seeded(model, drawn, 5, 7) == replace(drawn, seed=3722254122)
    assert seeded(model, greedy, 5, 7) is greedy

    async def body() -> None:
        async with Store(tmp_path / "s.sqlite") as store:
            await store.put("k", model, drawn, Reply("fünf", "length", 3, 4, 1, -1.5, (0.5, 1.0), 0.25))

    asyncio.run(body())
    with sqlite3.connect(tmp_path / "s.sqlite") as database:
        row = database.execute("select model, engine, request, reply from answers where key = 'k'").fetchone()
    database.close()
    assert row == (
        "d" * 64,
        "openvino 2026.4.1",
        '{"prompt": "What is 2 + 3?\\n", "sampling": {"max_tokens": 256, "temperature": 0.8, "top_p": 0.95, "top_k": 0, "stop": ["\\n\\n"]}}',
        '{"text": "f\\u00fcnf", "finish": "length", "prompt_tokens": 3, "completion_tokens": 4, "cached_tokens": 1, "logprob": -1.5, "vector": [0.5, 1.0], "seconds": 0.25, "error": ""}',
    )


def test_a_file_that_another_process_is_making_is_waited_for(tmp_path: Path) -> None:
    file = tmp_path / "s.sqlite"
    # SQLite refuses at once, without any patience, to turn WAL on beside one who has begun to write.
    other = sqlite3.connect(file, isolation_level=None, check_same_thread=False)
    other.execute("BEGIN IMMEDIATE")
    other.execute("CREATE TABLE others (x)")
    done = threading.Timer(0.2, lambda: other.execute("COMMIT"))
    done.start()
    with open_database(file).connect() as opened:
        assert opened.exec_driver_sql("PRAGMA journal_mode").scalar() == "wal"
    done.join()
    other.close()
