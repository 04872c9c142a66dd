"""A real model behind the server: the same answer as without it, in pieces, and after a kill."""

import asyncio
import os
import signal
from collections.abc import Iterator

import pytest

from gulliver.inference import Session, Store
from gulliver.models import load_model
from gulliver.models.base import Message
from gulliver.serving.question import asked_item, open_item
from gulliver.spec import parse
from gulliver.strategies import parse_strategy
from tests.serving.place import Place, serving

pytestmark = pytest.mark.models
QUESTION = "Name three colours of the rainbow."


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Place]:
    folder = tmp_path_factory.mktemp("real")
    from gulliver.home import home

    with serving(folder, "smollm2-135m | direct(max_tokens=40)", GULLIVER_HOME=str(home())) as made:
        yield made


async def alone() -> str:
    async with Store("sqlite://") as store, Session(store) as session:
        strategy = parse_strategy(parse("direct(max_tokens=40)"))
        item = asked_item(open_item(), [Message("user", QUESTION)])
        return (await strategy.answer(item, session.bind(load_model("smollm2-135m")))).text


def test_the_server_says_what_the_recipe_says_also_in_pieces_and_after_a_kill(place: Place) -> None:
    expected = asyncio.run(alone())
    client = place.client(timeout=120.0)
    turns = [{"role": "user", "content": QUESTION}]

    def whole() -> str | None:
        return client.chat.completions.create(model="", messages=turns).choices[0].message.content  # type: ignore[call-overload]

    assert whole() == expected
    pieces = [
        piece.choices[0].delta.content
        for piece in client.chat.completions.create(model="", messages=turns, stream=True)  # type: ignore[call-overload]
        if piece.choices[0].delta.content
    ]
    assert "".join(pieces) == expected
    assert len(pieces) > 10  # about one a token
    os.kill(place.engines()[0].pid, signal.SIGKILL)
    assert whole() == expected


def test_a_prompt_beyond_the_context_is_refused_in_words(place: Place) -> None:
    import openai

    with pytest.raises(openai.BadRequestError) as refused:
        place.client().chat.completions.create(model="", messages=[{"role": "user", "content": "word " * 20_000}])  # type: ignore[call-overload]
    assert refused.value.code == "context_length_exceeded"
