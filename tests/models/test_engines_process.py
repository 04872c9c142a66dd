"""An engine's process: it dies with its study, alone it takes nothing along, and nobody's terminal hears of it."""

import asyncio
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import psutil
import pytest

from gulliver.errors import ModelError
from gulliver.models.base import Generate, Model, Reply, Sampling
from gulliver.models.engines.process import EngineProcess
from tests.models.engine_contract import scripted

SLOW = 60.0


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("GULLIVER_HOME", str(tmp_path / "home"))
    return tmp_path / "home"


def ask(client: EngineProcess, prompt: str = "2 + 2") -> "asyncio.Task[Reply]":
    return asyncio.create_task(client.ask(Generate(prompt, Sampling())))


async def started(client: EngineProcess) -> int:
    """The process id of the child, once it runs."""
    while client._child is None:  # noqa: ASYNC110 (nothing signals it)
        await asyncio.sleep(0.01)
    return client._child.process.pid


def gone(pid: int, within: float = 10.0) -> bool:
    end = time.monotonic() + within
    while time.monotonic() < end:
        if not psutil.pid_exists(pid) or psutil.Process(pid).status() == psutil.STATUS_ZOMBIE:
            return True
        time.sleep(0.02)
    return False


def test_nothing_starts_before_the_first_request_and_nothing_stays_after_the_end(home: Path) -> None:
    async def run() -> int:
        client = EngineProcess(scripted())
        assert client._child is None
        assert (await ask(client)).text == "4"
        assert client.peak_memory() > 1 << 20
        pid = await started(client)
        await client.close()
        return pid

    assert gone(asyncio.run(run()), within=0.1)
    assert list((home / "logs").iterdir()) == []


def test_replies_come_as_they_finish_and_not_in_the_order_asked() -> None:
    async def run() -> float:
        client = EngineProcess(scripted(latency=0.5))
        await ask(client)
        first = ask(client, "1 + 1")
        await asyncio.sleep(0.3)
        second = ask(client, "3 + 3")
        await first
        began = time.perf_counter()
        assert (await second).text == "6"
        await client.close()
        return time.perf_counter() - began

    assert 0.1 < asyncio.run(run()) < 0.45  # asked while the first was under way, not after it


def test_a_killed_engine_gives_one_sentence_and_the_next_request_another_engine(home: Path) -> None:
    async def run() -> tuple[list[BaseException], Reply]:
        client = EngineProcess(scripted(latency=SLOW))
        waiting = [ask(client, f"{n} + 1") for n in range(5)]
        os.kill(await started(client), signal.SIGKILL)
        errors = await asyncio.gather(*waiting, return_exceptions=True)
        client.model = scripted()
        reply = await ask(client)
        await client.close()
        return [error for error in errors if isinstance(error, BaseException)], reply

    errors, reply = asyncio.run(run())
    assert [type(error) for error in errors] == [ModelError] * 5
    sentence = str(errors[0])
    assert "SIGKILL" in sentence
    assert str(home / "logs") in sentence
    assert "\n" not in sentence
    assert reply.text == "4"


def test_an_engine_killed_while_idle_is_not_noticed() -> None:
    async def run() -> str:
        client = EngineProcess(scripted())
        await ask(client)
        pid = await started(client)
        os.kill(pid, signal.SIGSEGV)
        assert gone(pid)
        text = (await ask(client)).text
        await client.close()
        return text

    assert asyncio.run(run()) == "4"


def test_two_deaths_in_a_row_are_the_end() -> None:
    async def run() -> str:
        client = EngineProcess(scripted(latency=SLOW))
        for _ in range(2):
            waiting = ask(client)
            os.kill(await started(client), signal.SIGKILL)
            with pytest.raises(ModelError):
                await waiting
        with pytest.raises(ModelError) as refused:
            await ask(client)
        assert client._child is None
        return str(refused.value)

    assert "SIGKILL" in asyncio.run(run())


def test_closing_tells_who_still_waits() -> None:
    async def run() -> None:
        client = EngineProcess(scripted(latency=SLOW))
        waiting = ask(client)
        await started(client)
        await client.close()
        with pytest.raises(ModelError, match="closed"):
            await waiting

    asyncio.run(run())


def test_one_engine_serves_several_event_loops_in_turn() -> None:
    client = EngineProcess(scripted())
    texts = [asyncio.run(client.ask(Generate(f"{n} + 1", Sampling()))).text for n in range(3)]
    asyncio.run(client.close())
    assert texts == ["1", "2", "3"]


def test_a_file_that_is_no_model_gives_a_sentence_with_its_name(tmp_path: Path) -> None:
    broken = tmp_path / "broken.gguf"
    broken.write_bytes(b"GGUF but no more")
    model = Model("broken", scripted().card, "openvino", "1", location=broken)

    async def run() -> list[str]:
        client = EngineProcess(model)
        sentences = []
        for _ in range(2):
            with pytest.raises(ModelError) as refused:
                await ask(client)
            sentences.append(str(refused.value))
        await client.close()
        return sentences

    first, second = asyncio.run(run())
    assert str(broken) in first
    assert "\n" not in first
    assert first == second


STUDY = """
import asyncio, sys
from gulliver.models.base import Card, Generate, Model, Sampling
from gulliver.models.engines import open_client
model = Model("m", Card("m", "m", "d" * 64), "scripted", "1", options={"process": True, "latency": LATENCY})
async def main():
    client = open_client(model)
    task = asyncio.create_task(client.ask(Generate("2 + 2", Sampling())))
    while client._child is None:
        await asyncio.sleep(0.01)
    print(client._child.process.pid, flush=True)
    print((await task).text, flush=True)
    await client.close()
asyncio.run(main())
"""


def study(folder: Path, latency: float) -> subprocess.Popen[str]:
    """A script without a `__main__` guard, in a folder with files named like modules of the standard library."""
    (folder / "study.py").write_text(STUDY.replace("LATENCY", str(latency)))
    (folder / "work").mkdir()
    for name in ("pickle", "select", "struct"):
        (folder / "work" / f"{name}.py").write_text("raise SystemExit('the wrong module')")
    return subprocess.Popen(
        [sys.executable, str(folder / "study.py")],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
        cwd=folder / "work",
    )


def test_a_script_without_a_main_guard_works_in_any_folder(tmp_path: Path) -> None:
    with study(tmp_path, 0.0) as process:
        out, err = process.communicate(timeout=30)
    assert (out.split()[1:], err) == (["4"], "")


@pytest.mark.parametrize("end", [signal.SIGKILL, signal.SIGTERM])
def test_the_engine_dies_with_its_study(tmp_path: Path, end: signal.Signals) -> None:
    with study(tmp_path, SLOW) as process:
        assert process.stdout is not None
        pid = int(process.stdout.readline())
        process.send_signal(end)
        process.wait(timeout=10)
    assert gone(pid)


@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere the engine notices between two steps")
def test_the_engine_dies_with_its_study_also_in_the_middle_of_a_step(tmp_path: Path) -> None:
    with study(tmp_path, SLOW) as process:
        assert process.stdout is not None
        pid = int(process.stdout.readline())
        time.sleep(0.5)
        os.kill(pid, signal.SIGSTOP)  # a stopped process reads no pipe, as one in a long step
        process.kill()
        process.wait(timeout=10)
    ended = gone(pid, within=5.0)
    if not ended:
        os.kill(pid, signal.SIGKILL)  # leave nothing stopped behind
    assert ended


def test_ctrl_c_brings_no_word_from_the_engine(tmp_path: Path) -> None:
    with study(tmp_path, SLOW) as process:
        assert process.stdout is not None
        pid = int(process.stdout.readline())
        time.sleep(0.3)
        os.killpg(process.pid, signal.SIGINT)
        _, err = process.communicate(timeout=30)
    assert gone(pid)
    assert "worker" not in err
    assert err.count("Traceback (most recent call last)") <= 2  # the script's own: the cancellation and its cause
