"""The official client, unchanged, against a real server."""

import asyncio

import openai
import pytest

from tests.serving.place import Place

RECIPE = "scripted:m?accuracy=0.6&latency=0.05 | cot"
VOTE = f"{RECIPE}@sample | majority(n=5)"
QUESTION = [{"role": "user", "content": "What is 3 + 4?"}]


def test_models_are_the_recipe_and_its_model_with_other_strategies(server: Place) -> None:
    client = server.client()
    assert [model.id for model in client.models.list()] == [RECIPE, f"{RECIPE}@direct", VOTE]
    assert client.models.retrieve(VOTE).id == VOTE


def test_a_chat_is_answered_as_measured_and_says_by_whom_and_at_what_cost(server: Place) -> None:
    raw = server.client().chat.completions.with_raw_response.create(model=RECIPE, messages=QUESTION)
    reply = raw.parse()
    assert reply.choices[0].message.content.startswith("3 plus 4 makes ")  # the strategy asked for reasoning
    assert reply.choices[0].finish_reason == "stop"
    assert reply.usage is not None
    assert reply.usage.completion_tokens == 8
    assert raw.headers["x-gulliver-recipe"] == RECIPE
    assert raw.headers["x-gulliver-answered-by"] == "recipe"
    # One million weights: 2 FLOPs each, for every token read and every new one but the last.
    assert float(raw.headers["x-gulliver-flops"]) == 2e6 * (reply.usage.prompt_tokens + 8 - 1)
    assert float(raw.headers["x-gulliver-seconds"]) == pytest.approx(0.05)
    assert 0 < float(raw.headers["x-gulliver-confidence"]) <= 1


def test_the_same_question_gets_the_same_answer(server: Place) -> None:
    client = server.client()
    asked = [client.chat.completions.create(model=VOTE, messages=QUESTION) for _ in range(2)]
    assert asked[0].choices[0].message.content == asked[1].choices[0].message.content


def test_a_stream_comes_in_pieces_that_make_the_whole(server: Place) -> None:
    client = server.client()
    whole = client.chat.completions.create(model=RECIPE, messages=QUESTION).choices[0].message.content
    several = False
    for _ in range(5):  # on a machine that is busy the script may be done before anybody looks
        pieces = list(
            client.chat.completions.create(
                model=RECIPE, messages=QUESTION, stream=True, stream_options={"include_usage": True}
            )
        )
        texts = [piece.choices[0].delta.content or "" for piece in pieces if piece.choices]
        assert "".join(texts) == whole
        several = several or len([text for text in texts if text]) > 1
    assert several  # not all at the end
    assert [piece.choices[0].finish_reason for piece in pieces if piece.choices][-1] == "stop"
    assert pieces[-1].usage is not None
    assert pieces[-1].usage.completion_tokens == 8


def test_a_strategy_of_several_drafts_streams_its_answer_in_one_piece(server: Place) -> None:
    pieces = list(server.client().chat.completions.create(model=VOTE, messages=QUESTION, stream=True))
    assert len([piece for piece in pieces if piece.choices[0].delta.content]) == 1


def test_n_choices_are_draws_of_their_own(server: Place) -> None:
    reply = server.client().chat.completions.create(model=RECIPE, messages=QUESTION, n=8, temperature=1.0, seed=5)
    texts = [choice.message.content for choice in reply.choices]
    assert [choice.index for choice in reply.choices] == list(range(8))
    assert len(set(texts)) > 1
    again = server.client().chat.completions.create(model=RECIPE, messages=QUESTION, n=2, temperature=1.0, seed=5)
    assert [choice.message.content for choice in again.choices] == texts[:2]  # n = 2 is the first two of n = 8


def test_n_greedy_choices_are_the_same_and_paid_for_once(server: Place) -> None:
    client = server.client()
    one = client.chat.completions.create(model=RECIPE, messages=QUESTION)
    three = client.chat.completions.create(model=RECIPE, messages=QUESTION, n=3)
    assert {choice.message.content for choice in three.choices} == {one.choices[0].message.content}
    assert three.usage == one.usage


def test_stop_and_max_tokens_cut_a_draft(server: Place) -> None:
    client = server.client()
    stopped = client.chat.completions.create(model=RECIPE, messages=QUESTION, stop=["\nAnswer"]).choices[0]
    assert "Answer" not in stopped.message.content
    assert stopped.finish_reason == "stop"
    cut = client.chat.completions.create(model=RECIPE, messages=QUESTION, max_completion_tokens=2)
    assert cut.choices[0].finish_reason == "length"
    assert cut.usage is not None
    assert cut.usage.completion_tokens == 2


def test_a_stream_never_shows_the_beginning_of_a_stop_string(server: Place) -> None:
    pieces = server.client().chat.completions.create(
        model=RECIPE, messages=QUESTION, stop=["Answer: "], stream=True, temperature=0
    )
    assert "".join(piece.choices[0].delta.content or "" for piece in pieces).endswith(".\n")


def test_a_vote_runs_as_measured_and_says_what_it_does_not_follow(server: Place) -> None:
    raw = server.client().chat.completions.with_raw_response.create(model=VOTE, messages=QUESTION, temperature=0.1)
    told = raw.parse().choices[0].model_extra["gulliver"]
    assert raw.headers["x-gulliver-as-measured"] == "temperature"
    assert told["confidence"] == told["votes"] / 5
    assert float(raw.headers["x-gulliver-confidence"]) == told["confidence"]


def test_completions_go_on_from_a_text_as_it_stands(server: Place) -> None:
    reply = server.client().completions.create(model=RECIPE, prompt=["10 + 10", "what?"], n=2)
    assert [choice.index for choice in reply.choices] == [0, 1, 2, 3]
    assert "plus" not in reply.choices[0].text  # no strategy put it
    pieces = server.client().completions.create(model=RECIPE, prompt="10 + 10", stream=True)
    assert "".join(piece.choices[0].text for piece in pieces) == reply.choices[0].text


@pytest.mark.parametrize(
    ("more", "param"),
    [
        ({"logprobs": True, "top_logprobs": 3}, "top_logprobs"),
        ({"presence_penalty": 1.0}, "frequency_penalty"),
    ],
)
def test_what_cannot_be_done_is_refused_in_words(server: Place, more: dict[str, object], param: str) -> None:
    with pytest.raises(openai.BadRequestError) as refused:
        server.client().chat.completions.create(model=RECIPE, messages=QUESTION, **more)  # type: ignore[call-overload]
    assert refused.value.param == param
    assert refused.value.code == "unsupported_parameter"


def test_an_unknown_model_is_not_found(server: Place) -> None:
    with pytest.raises(openai.NotFoundError) as refused:
        server.client().chat.completions.create(model="gpt-4", messages=QUESTION)
    assert refused.value.code == "model_not_found"


def test_many_connections_at_once(server: Place) -> None:
    async def run() -> list[str | None]:
        async with openai.AsyncOpenAI(base_url=server.url, api_key="none", max_retries=0) as client:
            asked = [
                client.chat.completions.create(
                    model=RECIPE, messages=[{"role": "user", "content": f"What is {n} + 1?"}]
                )
                for n in range(100)
            ]
            return [reply.choices[0].message.content for reply in await asyncio.gather(*asked)]

    texts = asyncio.run(run())
    assert all(text is not None and text.startswith(f"{n} plus 1 ") for n, text in enumerate(texts))


def test_the_log_holds_no_text(server: Place) -> None:
    secret = "a very private question, 5 + 5"
    server.client().chat.completions.create(model=RECIPE, messages=[{"role": "user", "content": secret}])
    assert "POST /v1/chat/completions 200" in server.log
    assert "private" not in server.log
    assert not any(b"private" in file.read_bytes() for file in server.log_file.parent.rglob("*") if file.is_file())
