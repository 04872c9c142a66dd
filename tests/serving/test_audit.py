"""Answers are looked at again, and a fall of quality is noticed, with few false alarms."""

import asyncio
import random
import time
from collections.abc import Iterator

import httpx
import pytest

from gulliver.errors import GulliverError
from gulliver.inference import Cost
from gulliver.inference.keys import model_key
from gulliver.models import load_model
from gulliver.models.base import Message, Reply, Request
from gulliver.serving.answering import Outcome, Wishes
from gulliver.serving.audit import Audit, AuditPlan, agree
from gulliver.serving.drift import Drift
from gulliver.serving.engine import OnText
from gulliver.serving.metrics import Metrics
from tests.serving.hostile import CHAT
from tests.serving.place import Place, ask, serving


def noticed(quality: float, answers: int, seed: int, before: int = 0, target: float = 0.8) -> int:
    """After how many answers at this quality, which follow `before` at the target; 0 for never."""
    draw, drift = random.Random(seed), Drift(target)
    for n in range(before + answers):
        if drift.take(1.0 if draw.random() < (quality if n >= before else target) else 0.0):
            return max(0, drift.found_at - before)
    return 0


def test_a_fall_is_noticed_also_after_a_long_good_time() -> None:
    soon = [noticed(0.6, 600, seed) for seed in range(20)]
    late = [noticed(0.6, 600, seed, before=1000) for seed in range(20)]
    assert min(soon) > 2  # nothing is found out of nothing
    assert all(0 < n < 300 for n in soon)
    assert sum(0 < n < 400 for n in late) >= 19


def test_while_the_target_holds_alarms_are_few() -> None:
    assert sum(noticed(0.8, 600, seed) > 0 for seed in range(60)) <= 6  # at most 3 % are expected
    assert not any(noticed(0.9, 600, seed) for seed in range(20))


def test_it_is_found_once_and_stays_found() -> None:
    drift = Drift(0.5)
    assert sum(drift.take(0.0) for _ in range(100)) == 1
    assert drift.found
    assert drift.mean == 0.0
    with pytest.raises(GulliverError, match="between 0 and 1"):
        Drift(1.0)


def outcome(text: str, **more: object) -> Outcome:
    return Outcome(text, "stop", "m", Cost(), **more)  # type: ignore[arg-type]


def test_answers_agree_by_value_or_by_calls() -> None:
    assert agree(outcome("It makes 7.", value="7"), outcome("Answer: 7", value="7"))
    assert not agree(outcome("7", value="7"), outcome("7", value="", status="unreadable"))
    assert agree(outcome("Red  Roses"), outcome("red roses"))
    one, two = {"name": "f", "arguments": {"a": 1, "b": 2}}, {"name": "g", "arguments": {}}
    assert agree(outcome("", calls=(one, two)), outcome("x", calls=(two, {"arguments": {"b": 2, "a": 1}, "name": "f"})))
    assert not agree(outcome("", calls=(one,)), outcome(""))


class Saying:
    """An engine that says one thing."""

    restarts = 0

    def __init__(self, text: str) -> None:
        self.text = text
        self.heard: list[Request] = []

    async def ask(self, request: Request, on_text: OnText | None = None) -> Reply:
        self.heard.append(request)
        return Reply(self.text, "stop", 10, 1)


@pytest.mark.parametrize(("said", "right", "wrong", "failed"), [("Yes", 1, 0, 0), ("no.", 0, 1, 0), ("Hm", 0, 0, 1)])
def test_a_judge_reads_question_and_answer_and_says_yes_or_no(said: str, right: int, wrong: int, failed: int) -> None:
    engine, metrics = Saying(said), Metrics()

    async def run() -> Audit:
        engines = {model_key(load_model("scripted:judge")): engine}
        audit = Audit(AuditPlan(1.0, 0.5, "scripted:judge"), None, engines, metrics, 5.0)  # type: ignore[arg-type]
        audit.consider([Message("user", "What is 3 + 4?")], None, Wishes(), outcome("It is 7."))
        for _ in range(20):
            await asyncio.sleep(0)
        return audit

    audit = asyncio.run(run())
    assert (audit.drift.total, audit.drift.seen - audit.drift.total, audit.failed) == (right, wrong, failed)
    assert "What is 3 + 4?" in engine.heard[0].prompt  # type: ignore[union-attr]
    assert "It is 7." in engine.heard[0].prompt  # type: ignore[union-attr]


@pytest.fixture(scope="module")
def watched(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Place]:
    options = ("--fallback", "scripted:large?accuracy=1 | cot", "--threshold", "0", "--audit", "1", "--audit-target", "0.9")  # fmt: skip
    with serving(tmp_path_factory.mktemp("audit"), "scripted:small?accuracy=0.4 | cot", *options) as place:
        yield place


def test_the_server_warns_when_its_answers_are_worse_than_the_target(watched: Place) -> None:
    assert httpx.get(f"{watched.root}/health").json()["quality"]["drifted"] is False
    for n in range(60):
        assert httpx.post(f"{watched.root}{CHAT}", json=ask(f"What is {n} + 7?")).status_code == 200
    end = time.monotonic() + 10
    while not (quality := httpx.get(f"{watched.root}/health").json()["quality"])["drifted"]:
        assert time.monotonic() < end, quality
        time.sleep(0.05)
    assert quality["by"] == "fallback"
    assert quality["share_right"] < 0.7
    assert 5 < quality["drifted_at"] <= quality["audited"]
    assert "quality has drifted" in watched.log
    told = httpx.get(f"{watched.root}/metrics").text
    assert "gulliver_quality_drifted 1.0" in told
    assert 'gulliver_audited_total{found="wrong"}' in told


@pytest.mark.parametrize(
    ("options", "about"),
    [
        (("--audit", "0.1"), "audit-target"),
        (("--audit", "0.1", "--audit-target", "0.8"), "--fallback or --judge"),
        (("--audit", "2", "--audit-target", "0.8"), "at most 1"),
    ],
)
def test_an_audit_that_cannot_be_is_refused(options: tuple[str, ...], about: str) -> None:
    from typer.testing import CliRunner

    from gulliver.cli.app import app

    result = CliRunner().invoke(app, ["serve", "scripted:m | direct", "--port", "0", *options])
    assert isinstance(result.exception, GulliverError)
    assert about in str(result.exception)
