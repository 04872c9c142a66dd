"""How much cache the engine openvino asks for follows from what runs at once; with a pipeline that computes nothing."""

from types import SimpleNamespace
from typing import Any

import numpy as np
import openvino_genai as genai
import pytest

from gulliver.models.base import Card, Generate, Model, Reply, Sampling
from gulliver.models.engines import openvino
from gulliver.models.engines.openvino_parts import BLOCK, ROW, SEQUENCES

CARD = Card("s", "f", "d", layers=30, kv_heads=3, head_dim=64, context_length=100_000)


class Idle:
    """A pipeline and its tokenizer (a character is a token) whose requests all end in the next step."""

    def __init__(self, blocks: int) -> None:
        self.blocks = blocks
        self.most = 0
        self._running: list[Any] = []

    def get_tokenizer(self) -> "Idle":
        return self

    def get_eos_token_id(self) -> int:
        return 0

    def get_vocab(self) -> dict[str, int]:
        return {}

    def encode(self, text: str, add_special_tokens: bool) -> Any:
        return SimpleNamespace(input_ids=SimpleNamespace(data=np.array([[ord(letter) for letter in text]])))

    def decode(self, ids: list[int], skip_special_tokens: bool) -> str:
        return "x" * len(ids)

    def add_request(self, *_: Any) -> Any:
        output = SimpleNamespace(
            generated_ids=[1], generated_log_probs=[-1.0], finish_reason=genai.GenerationFinishReason.STOP
        )
        outputs = [{0: output}]
        status = genai.GenerationStatus
        handle = SimpleNamespace(can_read=lambda: bool(outputs), read=outputs.pop, cancel=lambda: None, over=False)
        handle.get_status = lambda: status.FINISHED if handle.over else status.RUNNING
        self._running.append(handle)
        return handle

    def step(self) -> None:
        self.most = max(self.most, len(self._running))
        for handle in self._running:
            handle.over = True
        self._running = []


@pytest.fixture
def opened(monkeypatch: pytest.MonkeyPatch) -> list[Idle]:
    """The pipelines that were opened, in order."""
    made: list[Idle] = []

    def open_pipeline(_model: Model, blocks: int, exact: bool, prefixes: bool) -> Idle:
        made.append(Idle(blocks))
        return made[-1]

    monkeypatch.setattr(openvino, "open_pipeline", open_pipeline)
    monkeypatch.setattr(openvino, "BATCHED_TOKENS", 1 << 20)
    return made


def engine(**options: str) -> openvino.OpenVino:
    return openvino.OpenVino(Model("s", CARD, "openvino", "1", options=options))


def answered(made: openvino.OpenVino, *prompts: str, new: int = 16) -> list[Reply]:
    for key, prompt in enumerate(prompts):
        made.submit(key, Generate(prompt, Sampling(max_tokens=new)))
    replies: list[Reply] = []
    while made.busy():
        replies += [reply for _, reply in made.step()]
    return replies


def numbered(count: int, length: int) -> list[str]:
    return [f"{number:03}".ljust(length, "a") for number in range(count)]


def test_room_is_for_short_sequences_until_longer_ones_come(opened: list[Idle]) -> None:
    made = engine()
    assert len(answered(made, *numbered(100, 200), new=256)) == 100
    assert [one.blocks * BLOCK for one in opened] == [SEQUENCES * ROW]
    assert opened[0].most == SEQUENCES
    assert len(answered(made, *numbered(100, 200), new=600)) == 100  # 41 at once: not worth opening anew
    assert len(opened) == 1
    assert len(answered(made, *numbered(100, 200), new=900)) == 100
    assert [one.blocks * BLOCK for one in opened] == [SEQUENCES * ROW, SEQUENCES * 1120]
    assert opened[1].most == SEQUENCES


def test_a_few_long_ones_fit_and_nothing_is_opened_anew(opened: list[Idle]) -> None:
    answered(engine(), *numbered(4, 5000))
    assert len(opened) == 1


def test_one_that_is_longer_than_the_room_gets_what_it_needs(opened: list[Idle]) -> None:
    reply = answered(engine(), "a" * 90_000)[0]
    assert reply.finish == "stop", reply.error
    assert 90_000 <= opened[-1].blocks * BLOCK <= CARD.context_length


def test_what_is_shared_takes_room_once(opened: list[Idle]) -> None:
    examples = "e" * 3000
    assert len(answered(engine(), *(examples + one for one in numbered(100, 100)), new=128)) == 100
    assert len(opened) == 1
    assert opened[0].most == SEQUENCES


def test_without_a_prefix_cache_room_is_taken_as_needed(opened: list[Idle]) -> None:
    answered(engine(prefix_cache="false"), *numbered(100, 2000))
    assert [one.blocks for one in opened] == [0]
