"""`lora`: the contract of transforms, its options, and one real model that takes on what it was shown."""

import asyncio
import dataclasses
from pathlib import Path
from typing import ClassVar

import pytest

from gulliver.errors import GulliverError, SpecError
from gulliver.models.base import Card, Generate, Message, Model, Sampling
from gulliver.models.chat import render
from gulliver.models.engines import open_client
from gulliver.models.load import load_model
from gulliver.spec import build, parse
from gulliver.training.base import Example
from gulliver.training.tune import LINEAR
from gulliver.transforms.base import Material
from gulliver.transforms.lora import LoraTransform
from gulliver.transforms.making import Made, make_model
from tests.training.examples import letters
from tests.transforms.contract import TransformContract

MATERIAL = Material(letters(40), letters(8, 40), letters(4, 48))


class TestLora(TransformContract):
    text: ClassVar[str] = "lora(rank=4, steps=30, batch=4, rate=0.02)"
    material: ClassVar[Material] = MATERIAL

    def test_the_check_finds_that_the_examples_were_learned_and_the_merge_is_right(self, made: Made) -> None:
        assert made.parity is not None
        assert made.parity.task_before is not None
        assert made.parity.task_after is not None
        assert made.parity.task_after < made.parity.task_before - 1
        assert made.parity.reference is not None
        assert made.parity.learned is not None
        assert made.parity.reference < 0.001 < 0.1 < made.parity.learned

    def test_its_cost_is_counted(self, made: Made) -> None:
        assert made.cost.flops > made.cost.dev_flops > 0
        assert made.cost.examples == 30 * 4
        assert made.cost.peak_memory > 1e8
        assert 0 < made.cost.trainable < made.model.card.parameters

    def test_the_adapter_is_kept_as_peft_reads_it(self, made: Made) -> None:
        assert made.model.location is not None
        kept = {path.name for path in (made.model.location.parent / "adapter").iterdir()}
        assert kept == {"adapter_config.json", "adapter_model.safetensors"}


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("lora(rank=0)", "rank must be above 0"),
        ("lora(rate=-0.1)", "rate must be above 0"),
        ("lora(dropout=1.0)", "dropout"),
        ("lora(targets=lm_head)", "q_proj"),
        ("lora(targets=[])", "q_proj"),
        ("lora(ranks=4)", "no option"),
        ("lora(steps=2.5)", "whole number"),
    ],
)
def test_senseless_options_are_one_sentence(text: str, sentence: str) -> None:
    with pytest.raises(SpecError, match=sentence):
        build(LoraTransform, parse(text)[0])


def test_targets_are_all_linear_layers_or_those_named() -> None:
    assert LoraTransform()._layers() == LINEAR
    assert build(LoraTransform, parse("lora(targets=['q_proj', 'v_proj'])")[0])._layers() == ("q_proj", "v_proj")
    assert build(LoraTransform, parse("lora(targets=o_proj)")[0])._layers() == ("o_proj",)


def test_a_train_split_too_small_is_one_sentence(parent: Model, tmp_path: Path) -> None:
    with pytest.raises(SpecError, match=r"has 15, of the 16 it needs"):
        LoraTransform().apply(parent, Material(letters(15), folder=tmp_path))


def test_a_model_without_weights_is_one_sentence(parent: Model, tmp_path: Path) -> None:
    with pytest.raises(GulliverError, match="GGUF"):
        LoraTransform().apply(dataclasses.replace(parent, location=None), Material(letters(16), folder=tmp_path))


def test_rounding_that_the_parent_has_had_is_said() -> None:
    card = Card("m", "f", "d", format="Q8_0, rewritten from Q4_K_M")
    assert LoraTransform().forecast(card).format == "F16, tuned from Q8_0, rewritten from Q4_K_M"
    assert LoraTransform().forecast(dataclasses.replace(card, format="F16, F32")).format == "F16"


def ask(model: Model, prompt: str) -> str:
    async def run() -> str:
        client = open_client(model)
        try:
            return (await client.ask(Generate(prompt, Sampling(max_tokens=12)))).text
        finally:
            await client.close()

    return asyncio.run(run())


@pytest.mark.models
def test_a_real_model_takes_on_what_it_was_shown(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    model = load_model("smollm2-135m")
    monkeypatch.setenv("GULLIVER_HOME", str(tmp_path))
    colours = ["red", "green", "blue", "white", "black", "brown", "pink", "grey", "gold", "orange"]
    things = ["boat", "house", "hat", "door", "bird", "stone", "lamp", "horse"]

    def prompt(colour: str, thing: str) -> str:
        return render(model.card, [Message("user", f"Say what colour the {colour} {thing} has.")])

    examples = [Example(prompt(c, t), f"Ahoy, it is {c}!") for c in colours for t in things]
    train, dev, new = examples[:64], examples[64:72], prompt("violet", "umbrella")
    part = build(LoraTransform, parse("lora(steps=20, batch=4, rate=0.001)")[0])
    made = make_model(model, [(parse("lora(steps=20, batch=4, rate=0.001)")[0], part)], Material(train, dev, dev))
    assert made.parity is not None
    assert not made.parity.alarming, made.parity.sentence
    assert made.parity.task_before is not None
    assert made.parity.task_after is not None
    assert made.parity.task_after < made.parity.task_before / 2
    assert not ask(model, new).startswith("Ahoy")
    assert ask(made.model, new).startswith("Ahoy, it is violet")
