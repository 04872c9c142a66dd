"""More than it can take: a full queue, slow clients, clients that leave, a server that is told to stop."""

import asyncio
import signal
import socket
import time
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from gulliver.serving.run import bind
from tests.serving.hostile import CHAT
from tests.serving.place import Place, ask, serving


@pytest.fixture(scope="module")
def busy(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Place]:
    options = ("--at-once", "2", "--queue", "2", "--patience", "0.6")
    with serving(tmp_path_factory.mktemp("busy"), "scripted:m?latency=0.4 | direct", *options) as place:
        yield place


@pytest.fixture(scope="module")
def stuck(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Place]:
    with serving(tmp_path_factory.mktemp("stuck"), "scripted:m?latency=60 | direct", "--timeout", "1.5") as place:
        yield place


def running(place: Place, number: int, within: float = 5.0) -> None:
    """Wait until so many requests are being answered."""
    end = time.monotonic() + within
    while f"gulliver_running {number}.0" not in httpx.get(f"{place.root}/metrics").text:
        assert time.monotonic() < end
        time.sleep(0.02)


async def burst(place: Place, number: int) -> list[httpx.Response]:
    async with httpx.AsyncClient(timeout=30, limits=httpx.Limits(max_connections=number)) as client:
        return await asyncio.gather(*(client.post(f"{place.root}{CHAT}", json=ask()) for _ in range(number)))


def test_a_full_queue_sends_away_with_a_time_to_come_back(busy: Place) -> None:
    replies = asyncio.run(burst(busy, 12))
    answered = [reply for reply in replies if reply.status_code == 200]
    turned = [reply for reply in replies if reply.status_code == 429]
    assert len(answered) >= 4
    assert len(answered) + len(turned) == 12
    assert turned
    for reply in turned:
        assert int(reply.headers["retry-after"]) >= 1
        assert reply.json()["error"]["type"] == "rate_limit_error"
    running(busy, 0)
    assert asyncio.run(burst(busy, 1))[0].status_code == 200


def test_a_head_that_drips_is_dropped(busy: Place) -> None:
    began = time.monotonic()
    with socket.create_connection(("127.0.0.1", busy.port), timeout=5) as connection:
        try:
            for byte in b"GET /health HTTP/1.1\r\nHost: x\r\nA: " + b"a" * 1000:
                connection.sendall(bytes([byte]))
                time.sleep(0.02)
        except ConnectionError:
            pass
    assert time.monotonic() - began < 5


def test_a_connection_that_says_nothing_is_dropped(busy: Place) -> None:
    with socket.create_connection(("127.0.0.1", busy.port), timeout=5) as connection:
        assert connection.recv(100) == b""


def test_a_body_that_drips_gets_a_sentence(busy: Place) -> None:
    with socket.create_connection(("127.0.0.1", busy.port), timeout=5) as connection:
        connection.sendall(f"POST {CHAT} HTTP/1.1\r\nHost: x\r\nContent-Length: 500\r\n\r\n".encode())
        connection.sendall(b'{"messages": ')
        back = connection.recv(1 << 16)
    assert back.startswith(b"HTTP/1.1 408")


def test_the_time_limit_ends_a_request_and_leaves_a_slow_engine_alone(stuck: Place) -> None:
    before = [engine.pid for engine in stuck.engines()]
    reply = httpx.post(f"{stuck.root}{CHAT}", json=ask(), timeout=10)
    assert reply.status_code == 504
    assert reply.json()["error"]["code"] == "timeout"
    time.sleep(0.3)
    assert [engine.pid for engine in stuck.engines()] == before


def test_an_engine_that_hangs_is_ended_and_another_starts(stuck: Place) -> None:
    before = stuck.engines()[0]
    before.suspend()
    assert httpx.post(f"{stuck.root}{CHAT}", json=ask(), timeout=10).status_code == 504
    end = time.monotonic() + 10
    while not stuck.ready():
        assert time.monotonic() < end
        time.sleep(0.05)
    assert before.pid not in [engine.pid for engine in stuck.engines()]


def test_small_answers_do_not_wait_for_more() -> None:
    with bind("127.0.0.1", 0) as listening:
        assert listening.proto == socket.IPPROTO_TCP  # else asyncio leaves Nagle's algorithm on: 40 ms a request


@pytest.mark.parametrize("stream", [False, True])
def test_a_client_that_leaves_frees_its_place(stuck: Place, stream: bool) -> None:
    with pytest.raises(httpx.ReadTimeout):
        httpx.post(f"{stuck.root}{CHAT}", json=ask(stream=stream), timeout=0.2)
    running(stuck, 0, within=1.0)


def test_sigterm_lets_requests_end_and_then_ends_all(tmp_path: Path) -> None:
    with serving(tmp_path, "scripted:m?latency=0.8 | direct") as place:

        async def run() -> list[httpx.Response]:
            waiting = asyncio.create_task(burst(place, 5))
            await asyncio.sleep(0.4)
            place.process.send_signal(signal.SIGTERM)
            return await waiting

        engines = place.engines()
        replies = asyncio.run(run())
        assert [reply.status_code for reply in replies] == [200] * 5
        assert place.process.wait(timeout=10) == 0
        assert not any(engine.is_running() for engine in engines)
        with pytest.raises(httpx.ConnectError):
            httpx.get(f"{place.root}/health")
