"""The store in a file keeps the contract of stores, and its keys stay those of earlier releases."""

import itertools
import json
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest

from gulliver.inference.store import draw_seed, request_key
from gulliver.models.base import Card, Embed, Generate, Model, Request, Sampling, Score
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
