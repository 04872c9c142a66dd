"""`/v1/embeddings`: vectors as the encoder gives them, in both of OpenAI's forms."""

import asyncio
import base64
from collections.abc import Iterator
from typing import Any

import httpx
import numpy as np
import openai
import pytest

from gulliver.models import load_model
from gulliver.models.encoder import Encoder, load_encoder
from gulliver.serving.app import make_app
from gulliver.serving.choose import choose
from gulliver.serving.room import Room, open_room
from tests.serving.place import Place, serving


class Letters:
    """A tokenizer of letters."""

    def encode_batch(self, texts: list[str]) -> list[Any]:
        return [type("Encoding", (), {"ids": [ord(letter) % 50 for letter in text]}) for text in texts]


class Counting:
    """A graph whose vector is the number of ids and their sum."""

    def create_infer_request(self) -> "Counting":
        return self

    def infer(self, inputs: list[Any]) -> dict[int, Any]:
        ids, mask = inputs
        return {0: np.stack([mask.sum(axis=1), (ids * mask).sum(axis=1)], axis=1)}


TINY = Encoder("tiny", 2, 100, 40, Letters(), Counting())


def post(body: dict[str, object], encoder: Encoder | None = TINY) -> httpx.Response:
    async def run() -> httpx.Response:
        room: Room = await open_room(choose("scripted:m | direct", load_model), encoder=encoder)
        try:
            transport = httpx.ASGITransport(make_app(room))
            async with httpx.AsyncClient(transport=transport, base_url="http://here") as client:
                return await client.post("/v1/embeddings", json=body)
        finally:
            await room.close()

    return asyncio.run(run())


def test_vectors_come_in_order_with_what_they_cost() -> None:
    reply = post({"input": ["abc", "a"]})
    assert [row["embedding"] for row in reply.json()["data"]] == [[3.0, 144.0], [1.0, 47.0]]
    assert reply.json()["usage"] == {"prompt_tokens": 4, "total_tokens": 4}
    assert float(reply.headers["x-gulliver-flops"]) == 4 * 2 * 60


@pytest.mark.parametrize(
    ("body", "status", "about"),
    [
        ({"input": []}, 400, "input"),
        ({"input": [1, 2]}, 400, "input"),
        ({"input": "a", "model": "gpt"}, 404, "tiny"),
        ({"input": "a", "dimensions": 1}, 400, "2 dimensions"),
        ({"input": "a", "more": 1}, 400, "more"),
    ],
)
def test_what_cannot_be_done_is_refused(body: dict[str, object], status: int, about: str) -> None:
    reply = post(body)
    assert reply.status_code == status
    assert about in reply.json()["error"]["message"]


def test_a_server_without_an_encoder_says_how_to_have_one() -> None:
    reply = post({"input": "a"}, None)
    assert reply.status_code == 404
    assert "--embeddings" in reply.json()["error"]["message"]


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Place]:
    from gulliver.home import home

    folder = tmp_path_factory.mktemp("vectors")
    with serving(folder, "scripted:m | direct", "--embeddings", "minilm-22m", GULLIVER_HOME=str(home())) as made:
        yield made


@pytest.mark.models
def test_the_official_client_gets_the_encoders_vectors(place: Place) -> None:
    texts = ["A dog.", "A puppy.", "The stock market fell."]
    reply = place.client().embeddings.create(model="minilm-22m", input=texts)  # asks for base64
    vectors = np.array([row.embedding for row in reply.data])
    assert np.allclose(vectors, load_encoder().embed(texts), atol=1e-5)
    assert vectors[0] @ vectors[1] > vectors[0] @ vectors[2] + 0.2
    raw = httpx.post(f"{place.url}/embeddings", json={"input": texts[0], "encoding_format": "base64"}).json()
    assert np.frombuffer(base64.b64decode(raw["data"][0]["embedding"]), "<f4").shape == (384,)
    assert "minilm-22m" in [model.id for model in place.client().models.list()]
    with pytest.raises(openai.NotFoundError):
        place.client().embeddings.create(model="other", input="a")
