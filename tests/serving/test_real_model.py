"""A real model behind the server: the same answer as without it, in pieces, and after a kill."""

import asyncio
import json
import os
import signal
from collections.abc import Iterator

import jsonschema
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


ADD = {
    "type": "function",
    "function": {
        "name": "add",
        "description": "Adds two numbers.",
        "parameters": {
            "type": "object",
            "properties": {"a": {"type": "integer"}, "b": {"type": "number"}, "how": {"enum": ['by "hand"', "by machine"]}},
            "required": ["a", "b", "how"],
        },
    },
}  # fmt: skip


def test_a_real_model_is_held_to_schemas_and_tells_its_tokens(place: Place) -> None:
    client = place.client(timeout=120.0)
    turns = [{"role": "user", "content": "What is 3 + 4?"}]
    called = client.chat.completions.create(  # type: ignore[call-overload]
        model="", messages=turns, tools=[ADD], tool_choice="required", parallel_tool_calls=False, max_tokens=80,
        temperature=1.5, seed=1,
    ).choices[0]  # fmt: skip
    arguments = json.loads(called.message.tool_calls[0].function.arguments)
    jsonschema.validate(arguments, ADD["function"]["parameters"])  # type: ignore[index]
    assert called.model_extra["gulliver"]["repaired"] is False  # guided, so that it was right at once
    form = {"type": "json_schema", "json_schema": {"name": "n", "schema": {"type": "object", "properties": {"n": {"type": "integer", "maximum": 9, "minimum": 1}}, "required": ["n"]}}}  # fmt: skip
    reply = client.chat.completions.create(  # type: ignore[call-overload]
        model="", messages=turns, response_format=form, logprobs=True, max_tokens=20, temperature=1.5, seed=2
    ).choices[0]
    assert 1 <= json.loads(reply.message.content)["n"] <= 9
    rows = reply.logprobs.content
    assert "".join(row.token for row in rows) == reply.message.content
    assert sum(row.logprob for row in rows) == pytest.approx(reply.model_extra["gulliver"]["logprob"], abs=1e-3)
