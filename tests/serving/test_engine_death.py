"""kill -9 of the engine: every request ends in an answer or a clear error, and service is back."""

import asyncio
import os
import signal
import time
from collections.abc import Iterator

import httpx
import psutil
import pytest

from tests.serving.hostile import CHAT
from tests.serving.place import Place, ask, serving


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Place]:
    with serving(tmp_path_factory.mktemp("death"), "scripted:m?latency=0.5 | cot", "--at-once", "8") as made:
        yield made


def engine(place: Place, other_than: int = 0) -> int:
    """The process id of the engine, once there is one (other than that)."""
    end = time.monotonic() + 10
    while time.monotonic() < end:
        for process in place.engines():
            if process.pid != other_than and process.status() != psutil.STATUS_ZOMBIE:
                return process.pid
        time.sleep(0.02)
    raise AssertionError("no engine came back")


async def load(place: Place, number: int) -> list[httpx.Response]:
    async with httpx.AsyncClient(timeout=60, limits=httpx.Limits(max_connections=number)) as client:
        return await asyncio.gather(
            *(client.post(f"{place.root}{CHAT}", json=ask(f"What is {n} + 1?")) for n in range(number))
        )


def test_a_killed_engine_loses_no_request(place: Place) -> None:
    async def run() -> list[httpx.Response]:
        waiting = asyncio.create_task(load(place, 40))  # eight are asked, the others wait in the queue
        await asyncio.sleep(0.4)
        os.kill(engine(place), signal.SIGKILL)
        return await waiting

    replies = asyncio.run(run())
    assert [reply.status_code for reply in replies] == [200] * 40
    texts = [reply.json()["choices"][0]["message"]["content"] for reply in replies]
    assert all(text.startswith(f"{n} plus 1 makes {n + 1}.") for n, text in enumerate(texts))
    assert "gulliver_engine_restarts 1.0" in httpx.get(f"{place.root}/metrics").text


def test_service_is_back_within_ten_seconds_of_a_kill(place: Place) -> None:
    before = engine(place)
    os.kill(before, signal.SIGKILL)
    began = time.monotonic()
    assert httpx.post(f"{place.root}{CHAT}", json=ask(), timeout=20).status_code == 200
    assert time.monotonic() - began < 10
    assert place.ready()


def test_a_request_over_which_engines_keep_dying_gets_a_clear_error(place: Place) -> None:
    async def run() -> httpx.Response:
        async with httpx.AsyncClient(timeout=60) as client:
            waiting = asyncio.create_task(client.post(f"{place.root}{CHAT}", json=ask()))
            killed = 0
            while not waiting.done():
                killed = await asyncio.to_thread(engine, place, killed)
                await asyncio.sleep(0.1)
                os.kill(killed, signal.SIGKILL)
            return waiting.result()

    reply = asyncio.run(run())
    assert reply.status_code == 503
    assert "retry-after" in reply.headers
    assert reply.json()["error"]["message"].startswith("The engine died 3 times over this request")
    assert httpx.post(f"{place.root}{CHAT}", json=ask(), timeout=20).status_code == 200


def test_a_stream_goes_on_where_it_was_when_the_engine_comes_back(place: Place) -> None:
    texts: list[str] = []
    client = place.client()
    whole = client.chat.completions.create(model="", messages=ask()["messages"]).choices[0].message.content  # type: ignore[call-overload]
    pieces = client.chat.completions.create(model="", messages=ask()["messages"], stream=True)  # type: ignore[call-overload]
    for piece in pieces:
        texts.append(piece.choices[0].delta.content or "")
        if len("".join(texts)) > 3 and len(texts) < 100:
            os.kill(engine(place), signal.SIGKILL)
            texts.extend([""] * 100)  # once
    assert "".join(texts) == whole


def test_the_engine_ends_with_its_server_also_by_kill(tmp_path_factory: pytest.TempPathFactory) -> None:
    with serving(tmp_path_factory.mktemp("killed"), "scripted:m | direct") as place:
        pid = engine(place)
        place.process.kill()
        place.process.wait()
        end = time.monotonic() + 5
        while psutil.pid_exists(pid) and psutil.Process(pid).status() != psutil.STATUS_ZOMBIE:
            assert time.monotonic() < end
            time.sleep(0.02)
