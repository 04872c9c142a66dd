"""The loop: learns, stops, remembers, counts, and says in a sentence what went wrong."""

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import Tensor, nn
from torch.utils.flop_counter import FlopCounterMode

from gulliver.errors import TrainingError
from gulliver.training.base import Settings, Step
from gulliver.training.loop import Batch, rate_factor, train
from tests.training.small import WORDS, Small, count_up, next_token_loss, noise

FAST = Settings(steps=40, rate=1e-2, evaluate_every=10, checkpoint_every=10, patience=3)
DEV = count_up(10_000)


class Killed(Exception):
    pass


def kill_at(step: int) -> Any:
    def watch(told: Step) -> None:
        if told.step == step:
            raise Killed

    return watch


def weights(module: nn.Module) -> dict[str, Tensor]:
    return {name: value.detach().clone() for name, value in module.named_parameters()}


def test_what_can_be_learned_is_learned(tmp_path: Path) -> None:
    told: list[Step] = []
    trained = train(Small(), count_up, next_token_loss, FAST, tmp_path, told.append, DEV)
    assert trained.devs[0][1] == pytest.approx(torch.log(torch.tensor(WORDS)).item(), abs=0.7)
    assert trained.devs[-1][1] < trained.devs[0][1] / 2
    assert [step.step for step in told] == list(range(1, 41))
    assert trained.cost.tokens == told[-1].tokens == sum(batch.tokens for s in range(40) for batch in count_up(s))
    assert trained.cost.examples == 40 * 8
    assert told[-1].loss == pytest.approx(sum(trained.losses[-10:]) / 10)


@pytest.mark.parametrize("killed", [[3], [10], [17, 23, 39]])
def test_a_killed_run_ends_bit_for_bit_as_one_that_was_not(tmp_path: Path, killed: list[int]) -> None:
    whole = Small()
    expected = train(whole, count_up, next_token_loss, FAST, tmp_path / "whole", dev=DEV)
    for step in killed:
        with pytest.raises(Killed):
            train(Small(), count_up, next_token_loss, FAST, tmp_path / "cut", kill_at(step), DEV)
    again = Small()
    found = train(again, count_up, next_token_loss, FAST, tmp_path / "cut", dev=DEV)
    assert found.losses == expected.losses
    assert found.devs == expected.devs
    assert (found.cost.flops, found.cost.tokens) == (expected.cost.flops, expected.cost.tokens)
    assert found.cost.resumed == sum(step >= FAST.checkpoint_every for step in killed)
    for name, value in weights(whole).items():
        assert torch.equal(value, weights(again)[name])


def test_dropout_takes_part_so_that_the_random_state_matters(tmp_path: Path) -> None:
    once = train(Small(0.1), count_up, next_token_loss, FAST, tmp_path / "a")
    none = train(Small(0.0), count_up, next_token_loss, FAST, tmp_path / "b")
    assert once.losses != none.losses


def test_a_finished_run_is_not_run_again(tmp_path: Path) -> None:
    first = Small()
    expected = train(first, count_up, next_token_loss, FAST, tmp_path, dev=DEV)
    second = Small()
    found = train(second, lambda step: pytest.fail("a step was asked for"), next_token_loss, FAST, tmp_path, dev=DEV)
    assert found == expected
    for name, value in weights(first).items():
        assert torch.equal(value, weights(second)[name])


def test_without_a_better_development_loss_it_stops_and_the_best_weights_come_back(tmp_path: Path) -> None:
    dev = noise(1)[0]
    other = replace(dev, inputs={"ids": torch.flip(dev.inputs["ids"], [0, 1])})
    kept: dict[int, dict[str, Tensor]] = {}
    module = Small(0.0)
    kept[0] = weights(module)
    trained = train(
        module, noise, next_token_loss, replace(FAST, steps=400, evaluate_every=5), tmp_path,
        lambda told: kept.update({told.step: weights(module)}), [other],
    )  # fmt: skip
    assert trained.stopped
    assert trained.cost.steps < 400
    best = min(trained.devs, key=lambda row: row[1])
    assert trained.best_step == best[0]
    assert trained.cost.steps == trained.best_step + 5 * FAST.patience
    for name, value in weights(module).items():
        assert torch.equal(value, kept[trained.best_step][name])
    assert not list(tmp_path.glob("best-*"))


def test_flops_are_those_of_torchs_counter(tmp_path: Path) -> None:
    module = Small(0.0)
    steps = [count_up(step) for step in range(5)]
    attention = _counted_attention()
    with FlopCounterMode(display=False, custom_mapping=attention) as counter:
        for step in steps:
            for batch in step:
                next_token_loss(module, batch.inputs).backward()
    trained = train(Small(0.0), count_up, next_token_loss, replace(FAST, steps=5), tmp_path / "a")
    assert trained.cost.flops == counter.get_total_flops() > 0
    assert trained.cost.dev_flops == 0
    with FlopCounterMode(display=False, custom_mapping=attention) as counter, torch.no_grad():
        for batch in DEV:
            next_token_loss(module, batch.inputs)
    seen = train(Small(0.0), count_up, next_token_loss, replace(FAST, steps=5), tmp_path / "b", dev=DEV)
    assert seen.cost.dev_flops == 2 * counter.get_total_flops()  # before the first step and after the last
    assert seen.cost.flops == trained.cost.flops + seen.cost.dev_flops


def test_what_is_frozen_costs_less_and_stays_and_is_in_no_checkpoint(tmp_path: Path) -> None:
    module = Small(0.0)
    for name, weight in module.named_parameters():
        weight.requires_grad = name.startswith("out")
    before = weights(module)
    trained = train(module, count_up, next_token_loss, replace(FAST, steps=4), tmp_path / "part")
    whole = train(Small(0.0), count_up, next_token_loss, replace(FAST, steps=4), tmp_path / "whole")
    assert trained.cost.flops < whole.cost.flops
    assert trained.cost.trainable == module.out.weight.numel() + module.out.bias.numel()
    changed = {name for name, value in weights(module).items() if not torch.equal(value, before[name])}
    assert changed == {"out.weight", "out.bias"}
    state = torch.load(tmp_path / "part" / "checkpoint.pt", weights_only=True)
    assert set(state["weights"]) == changed


def test_a_loss_that_is_no_number_is_one_sentence(tmp_path: Path) -> None:
    def broken(module: Any, inputs: Mapping[str, Tensor]) -> Tensor:
        return next_token_loss(module, inputs) * float("nan")

    with pytest.raises(TrainingError, match=r"nan at step 1 .*lower the rate, which is 0\.01"):
        train(Small(), count_up, broken, FAST, tmp_path)
    with pytest.raises(TrainingError, match="development loss was nan"):
        train(Small(), count_up, broken, FAST, tmp_path, dev=DEV)


def test_a_folder_of_another_training_is_refused(tmp_path: Path) -> None:
    train(Small(), count_up, next_token_loss, replace(FAST, steps=2), tmp_path, work="mails")
    with pytest.raises(TrainingError, match="another training"):
        train(Small(), count_up, next_token_loss, replace(FAST, steps=2), tmp_path, work="poems")
    with pytest.raises(TrainingError, match="another training"):
        train(Small(), count_up, next_token_loss, replace(FAST, steps=3), tmp_path, work="mails")


def test_a_damaged_checkpoint_is_one_sentence(tmp_path: Path) -> None:
    train(Small(), count_up, next_token_loss, replace(FAST, steps=2), tmp_path)
    path = tmp_path / "checkpoint.pt"
    path.write_bytes(path.read_bytes()[:200])
    with pytest.raises(TrainingError, match="cannot be read"):
        train(Small(), count_up, next_token_loss, replace(FAST, steps=2), tmp_path)


def test_nothing_to_train_and_senseless_settings_are_one_sentence(tmp_path: Path) -> None:
    module = Small().requires_grad_(False)
    with pytest.raises(TrainingError, match="no weight requires a gradient"):
        train(module, count_up, next_token_loss, FAST, tmp_path)
    for wrong in ({"steps": 0}, {"rate": -1.0}, {"patience": 0}, {"warmup": 2.0}):
        with pytest.raises(TrainingError, match=next(iter(wrong))):
            train(Small(), count_up, next_token_loss, replace(FAST, **wrong), tmp_path)


def test_the_rate_rises_in_a_line_and_falls_to_a_tenth() -> None:
    settings = Settings(steps=100, warmup=0.1)
    factors = [rate_factor(step, settings) for step in range(100)]
    assert factors[:10] == pytest.approx([n / 10 for n in range(1, 11)])
    assert max(factors) == factors[10] == 1.0
    assert factors[10:] == sorted(factors[10:], reverse=True)
    assert factors[-1] == pytest.approx(0.1)
    assert 0 < rate_factor(0, Settings(steps=1)) <= 1


def test_a_step_in_parts_is_the_step_as_a_whole(tmp_path: Path) -> None:
    def whole(step: int) -> list[Batch]:
        ids = (torch.arange(8)[:, None] * 3 + torch.arange(7) + step) % WORDS
        return [Batch({"ids": ids}, 8 * 6, 8 * 7, 8)]

    def parts(step: int) -> list[Batch]:
        ids = whole(step)[0].inputs["ids"]
        return [Batch({"ids": ids[:2]}, 2 * 6, 2 * 7, 2), Batch({"ids": ids[2:]}, 6 * 6, 6 * 7, 6)]

    one, other = Small(0.0), Small(0.0)
    first = train(one, whole, next_token_loss, replace(FAST, steps=5), tmp_path / "a")
    second = train(other, parts, next_token_loss, replace(FAST, steps=5), tmp_path / "b")
    assert first.losses == pytest.approx(second.losses, rel=1e-4)
    assert first.cost.tokens == second.cost.tokens


def _counted_attention() -> dict[Any, Any]:
    """By hand: two products forward, five backward, each 2·rows·heads·length²·width."""

    def square(query: Any, times: int) -> int:
        rows, heads, length, width = query
        return int(times * 2 * rows * heads * length * length * width)

    ops = torch.ops.aten
    return {
        ops._scaled_dot_product_flash_attention_for_cpu: lambda q, *_, **__: square(q, 2),
        ops._scaled_dot_product_flash_attention_for_cpu_backward: lambda _, q, *a, **k: square(q, 5),
    }
