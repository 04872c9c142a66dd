"""A model behind a server, against a real one on this machine that misbehaves as planned."""

import asyncio
import json
import logging
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest

from gulliver.errors import ModelError
from gulliver.models.base import Card, Generate, Model, Reply, Sampling, Score
from gulliver.models.engines.congestion import Gate
from gulliver.models.engines.endpoint import Endpoint
from gulliver.models.engines.protocol import read_reply
from gulliver.models.engines.scripted import scripted_reply
from tests.models.engine_contract import EngineContract, scripted

KEY = "sk-very-secret-1234"
Plan = Callable[["Handler", int], bool]


@dataclass
class Server:
    """What it does to request number n is `plan(handler, n)`: True when that answered, else the script does."""

    url: str = ""
    plan: Plan = lambda handler, n: False
    bodies: list[dict[str, Any]] = field(default_factory=list)
    headers: list[dict[str, str]] = field(default_factory=list)
    paths: list[str] = field(default_factory=list)
    delay: float = 0.0
    lock: threading.Lock = field(default_factory=threading.Lock)


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    state: Server

    def do_POST(self) -> None:
        state = self.state
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        with state.lock:
            number = len(state.bodies)
            state.bodies.append(body)
            state.headers.append(dict(self.headers))
            state.paths.append(self.path)
        time.sleep(state.delay)
        if not state.plan(self, number):
            self.answer(200, completion(body))

    def answer(self, status: int, data: Any, kind: str = "application/json", **headers: str) -> bool:
        raw = data.encode() if isinstance(data, str) else json.dumps(data).encode()
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(raw)))
        for name, value in headers.items():
            self.send_header(name.replace("_", "-"), value)
        self.end_headers()
        self.wfile.write(raw)
        return True

    def break_off(self) -> bool:
        self.send_response(200)
        self.send_header("Content-Length", "1000")
        self.end_headers()
        self.wfile.write(b'{"choices": [')
        self.close_connection = True
        return True

    def log_message(self, *_: Any) -> None:
        pass


def completion(body: dict[str, Any]) -> dict[str, Any]:
    prompt = body["messages"][-1]["content"] if "messages" in body else body["prompt"]
    limits = Sampling(body["max_tokens"], body["temperature"], stop=tuple(body.get("stop", ())))
    reply = scripted_reply(scripted(accuracy=0.5, tokens=12), Generate(prompt, limits, body.get("seed", 0)))
    choice: dict[str, Any] = {"finish_reason": reply.finish}
    choice |= {"message": {"role": "assistant", "content": reply.text}} if "messages" in body else {"text": reply.text}
    if body.get("logprobs"):
        choice["logprobs"] = {"content": [{"token": "a", "logprob": -0.5}, {"token": "b", "logprob": -0.25}]}
    usage = {"prompt_tokens": reply.prompt_tokens, "completion_tokens": reply.completion_tokens}
    return {"choices": [choice], "usage": usage}


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[Server]:
    monkeypatch.setenv("GULLIVER_API_KEY", KEY)
    state = Server()
    handler = type("Planned", (Handler,), {"state": state})
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as http:
        http.daemon_threads = True
        state.url = f"http://127.0.0.1:{http.server_address[1]}/v1"
        thread = threading.Thread(target=http.serve_forever, kwargs={"poll_interval": 0.02})
        thread.start()
        yield state
        http.shutdown()
        thread.join()


def endpoint(server: Server, **options: float | str | bool) -> Model:
    defaults = {"url": server.url, "model": "m", "backoff": 0.01, "retries": 3}
    return Model("openai:m", Card("openai:m", "m", "d" * 64), "endpoint", "1", options={**defaults, **options})


def chat(question: str = "2 + 2", seed: int = 0, **sampling: object) -> Generate:
    messages = json.dumps([{"role": "user", "content": question}])
    return Generate(messages, Sampling(**sampling), seed)  # type: ignore[arg-type]


def ask(model: Model, *requests: Generate | Score) -> list[Reply]:
    async def run() -> list[Reply]:
        client = Endpoint(model)
        try:
            return list(await asyncio.gather(*(client.ask(request) for request in requests)))
        finally:
            await client.close()

    return asyncio.run(run())


def once(act: Callable[[Handler], bool]) -> Plan:
    return lambda handler, n: n == 0 and act(handler)


class TestEndpoint(EngineContract):
    @pytest.fixture
    def model(self, server: Server) -> Model:
        return endpoint(server)


def test_the_request_says_what_was_asked_and_carries_the_key(server: Server) -> None:
    ask(endpoint(server), chat(seed=5, temperature=0.7, top_p=0.9, top_k=3, max_tokens=9, stop=("x",)))
    assert server.paths == ["/v1/chat/completions"]
    assert server.headers[0]["Authorization"] == f"Bearer {KEY}"
    assert server.bodies[0] == {
        "model": "m", "max_tokens": 9, "temperature": 0.7, "top_p": 0.9, "top_k": 3, "seed": 5, "stop": ["x"],
        "messages": [{"role": "user", "content": "2 + 2"}],
    }  # fmt: skip


def test_plain_text_goes_to_completions_and_no_key_is_sent_when_there_is_none(
    server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("GULLIVER_API_KEY")
    monkeypatch.delenv("OPENAI_API_KEY", raising=False)
    assert ask(endpoint(server), Generate("[2 + 2", Sampling()))[0].finish == "stop"
    assert server.paths == ["/v1/completions"]
    assert "Authorization" not in server.headers[0]


def test_logprobs_are_summed_when_asked_for(server: Server) -> None:
    assert ask(endpoint(server), chat())[0].logprob is None
    assert ask(endpoint(server, logprobs=True), chat())[0].logprob == -0.75


@pytest.mark.parametrize(
    "act",
    [
        lambda h: h.answer(500, {"error": {"message": "oops"}}),
        lambda h: h.answer(200, "<html>Bad gateway</html>", "text/html"),
        lambda h: h.answer(200, '{"choices": [{"mess'),
        lambda h: h.answer(200, {"choices": []}),
        lambda h: h.answer(200, [1, 2]),
        lambda h: h.break_off(),
        lambda h: h.answer(429, {}, Retry_After="0"),
        lambda h: h.answer(503, "busy", "text/plain", Retry_After="Wed, 21 Oct 2015 07:28:00 GMT"),
    ],
    ids=["500", "html", "cut JSON", "no choices", "a list", "breaks off", "429", "503"],
)
def test_a_passing_trouble_is_tried_again(server: Server, act: Callable[[Handler], bool]) -> None:
    server.plan = once(act)
    reply = ask(endpoint(server), chat())[0]
    assert reply.finish == "stop"
    assert len(server.bodies) == 2


@pytest.mark.parametrize(
    ("act", "word"),
    [
        (lambda h: h.answer(500, "x"), "it answered 500"),
        (lambda h: h.answer(200, "<html>", "text/html"), "not JSON"),
        (lambda h: h.break_off(), "broke off"),
        (lambda h: h.answer(429, {}), "busy"),
    ],
)
def test_a_lasting_trouble_is_a_failed_reply_after_the_stated_tries(
    server: Server, act: Callable[[Handler], bool], word: str
) -> None:
    server.plan = lambda handler, n: act(handler)
    reply = ask(endpoint(server), chat())[0]
    assert reply.finish == "failed"
    assert word in reply.error
    assert "\n" not in reply.error
    assert len(server.bodies) == 4


def test_a_server_that_hangs_is_given_up_after_the_timeout(server: Server) -> None:
    server.delay = 0.6
    began = time.perf_counter()
    with pytest.raises(ModelError, match=r"has sent nothing for 0\.\d+ s"):
        ask(endpoint(server, timeout=0.1, retries=1), chat())
    assert time.perf_counter() - began < 0.6


def test_a_request_that_the_server_never_answers_fails_alone_while_it_answers_others(server: Server) -> None:
    def plan(handler: Handler, n: int) -> bool:
        hangs = "slow" in str(server.bodies[n])
        time.sleep(0.5 if hangs else 0.0)
        return hangs

    server.plan = plan
    slow, *others = ask(endpoint(server, timeout=0.3, retries=1), chat("slow"), *(chat(f"{n} + 1") for n in range(20)))
    assert "within 0.3 s" in slow.error
    assert all(reply.finish == "stop" for reply in others)


def test_retry_after_is_waited_for(server: Server) -> None:
    server.plan = once(lambda h: h.answer(429, {}, Retry_After="0.4"))
    began = time.perf_counter()
    assert ask(endpoint(server), chat())[0].finish == "stop"
    assert time.perf_counter() - began >= 0.4


def test_fewer_requests_are_under_way_after_a_refusal_and_more_again_later(server: Server) -> None:
    client = Endpoint(endpoint(server))
    seen: list[tuple[float, int]] = []
    refused_at: list[float] = []

    def plan(handler: Handler, n: int) -> bool:
        seen.append((time.monotonic(), client.gate.under_way))
        if n != 10:
            return False
        refused_at.append(time.monotonic())
        return handler.answer(429, {}, Retry_After="0.3")

    async def run() -> list[Reply]:
        replies = await asyncio.gather(*(client.ask(chat(f"{n} + 1")) for n in range(120)))
        await client.close()
        return list(replies)

    server.delay, server.plan = 0.02, plan
    assert all(reply.finish == "stop" for reply in asyncio.run(run()))
    before = max(under_way for at, under_way in seen if at <= refused_at[0])
    after = [under_way for at, under_way in seen if at > refused_at[0] + 0.2]  # all that set out after the pause
    assert before >= 8
    assert max(after[:6]) <= before // 2 + 2
    assert max(after) > max(after[:6])


@pytest.mark.parametrize("status", [401, 403])
def test_a_refused_key_ends_the_study_with_a_sentence_that_does_not_show_it(
    server: Server, status: int, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    server.plan = lambda handler, n: handler.answer(status, {"error": {"message": f"Bad key {KEY}"}})
    with pytest.raises(ModelError, match=str(status)) as refused:
        ask(endpoint(server), chat())
    assert "GULLIVER_API_KEY" in str(refused.value)
    assert KEY not in str(refused.value) + caplog.text
    assert len(server.bodies) == 1


def test_a_bad_request_is_a_failed_reply_at_once_that_does_not_show_the_key(server: Server) -> None:
    server.plan = lambda handler, n: handler.answer(400, {"error": {"message": f"context\ntoo long, {KEY}."}})
    reply = ask(endpoint(server), chat())[0]
    assert reply.error == f"{server.url} refused the request (400): context too long, ***."
    assert len(server.bodies) == 1


def test_a_model_that_the_server_lacks_is_named(server: Server) -> None:
    server.plan = lambda handler, n: handler.answer(404, {"error": {"message": "no such model"}})
    with pytest.raises(ModelError, match="'m'"):
        ask(endpoint(server), chat())


def test_no_server_at_all_is_said_without_the_password_in_the_address() -> None:
    nowhere = Server("http://user:hidden@127.0.0.1:9/v1")
    with pytest.raises(ModelError, match=r"No server answers at http://127\.0\.0\.1:9/v1") as refused:
        ask(endpoint(nowhere, retries=1), chat())
    assert "hidden" not in str(refused.value)


def test_a_query_of_the_servers_own_stays_behind_the_path(server: Server) -> None:
    server.url += "?api-version=3"
    assert ask(endpoint(server), chat())[0].finish == "stop"
    assert server.paths == ["/v1/chat/completions?api-version=3"]


def test_scoring_is_refused_with_a_sentence(server: Server) -> None:
    assert "only generates" in ask(endpoint(server), Score("a", "b"))[0].error


def test_counts_that_are_missing_are_estimated_and_a_cut_is_noticed() -> None:
    request = chat(max_tokens=5)
    reply = read_reply({"choices": [{"message": {"content": "x" * 24}}]}, request)
    assert (reply.finish, reply.completion_tokens) == ("length", 6)
    empty = read_reply({"choices": [{"message": {"content": None}, "finish_reason": "stop"}]}, request)
    assert (empty.text, empty.finish) == ("", "stop")
    filtered = read_reply({"choices": [{"message": {"content": ""}, "finish_reason": "content_filter"}]}, request)
    assert (filtered.finish, filtered.error != "") == ("failed", True)


def test_the_limit_grows_by_one_a_window_and_halves_once_a_refusal() -> None:
    async def run() -> list[float]:
        gate = Gate(8, 64)
        starts = [await gate.enter() for _ in range(8)]
        limits = []
        for start in starts:
            gate.kept_up(start)
        limits.append(gate.limit)
        for start in starts:
            gate.refused(start)
        limits.append(gate.limit)
        return limits

    grown, halved = asyncio.run(run())
    assert grown == pytest.approx(9, abs=0.1)
    assert halved == pytest.approx(grown / 2)


def test_a_place_is_not_lost_when_who_waits_for_it_gives_up() -> None:
    async def run() -> int:
        gate = Gate(1, 1)
        await gate.enter()
        waiting = [asyncio.create_task(gate.enter()) for _ in range(3)]
        await asyncio.sleep(0)
        waiting[1].cancel()
        gate.leave()
        waiting[0].cancel()  # in the moment that it was given the place
        await asyncio.gather(*waiting[:2], return_exceptions=True)
        await asyncio.wait_for(waiting[2], 1)
        gate.leave()
        return gate.under_way

    assert asyncio.run(run()) == 0
