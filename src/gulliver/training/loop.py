"""The one training loop: AdamW, warm-up and cosine, early stopping, checkpoints; it needs torch.

A step's batches are a function of the step's number alone, so that nothing about the data has to be kept: a run that was
killed goes on from its last checkpoint and ends bit for bit as one that was not.
"""

import json
import math
import os
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from gulliver.errors import TrainingError
from gulliver.models.engines.worker import peak_memory
from gulliver.training.base import Settings, Step, TrainingCost, Watch
from gulliver.training.checkpoint import copy_into, load_best, load_state, save_best, save_state
from gulliver.training.flops import FlopMeter

_MEAN_OVER = 10  # steps that `Step.loss` is a mean of


@dataclass(frozen=True)
class Batch:
    """What goes through the module at once.

    Attributes:
        inputs: tensors by name, as `loss` wants them; the FLOPs of two batches with the same shapes are taken to be the same.
        learned: how many tokens the loss is a mean over: the weight of this batch in its step and in the development loss.
        tokens: tokens read, padding not counted.
        examples: how many are in it.
    """

    inputs: Mapping[str, Tensor]
    learned: int
    tokens: int
    examples: int = 0


Batches = Callable[[int], Sequence[Batch]]
"""The batches of step 0, 1, …: several are one step, their gradients added up. The same step must give the same batches."""

Loss = Callable[[Any, Mapping[str, Tensor]], Tensor]
"""`loss(module, inputs)`: the mean over the batch's learned tokens, nats, one number that can be differentiated."""


@dataclass(frozen=True)
class Trained:
    """How a training ended; the module holds the best weights (the last ones when there is no development set).

    Attributes:
        losses: each step's, nats a token.
        devs: (step, development loss) of each evaluation, step 0 (before training) first.
        best_step: the step whose weights were kept.
        stopped: True when it ended early, for want of a better development loss.
    """

    cost: TrainingCost
    losses: tuple[float, ...]
    devs: tuple[tuple[int, float], ...]
    best_step: int
    stopped: bool


def train(
    module: nn.Module,
    batches: Batches,
    loss: Loss,
    settings: Settings,
    folder: Path,
    watch: Watch | None = None,
    dev: Sequence[Batch] = (),
    work: str = "",
    after: Path | None = None,
) -> Trained:
    """Train those weights of `module` that require gradients; all are 32-bit floats or as the module has them.

    Args:
        folder: where checkpoints lie; one of the same work is continued, a finished one is returned at once.
        dev: what the development loss is computed on, before the first step, every `settings.evaluate_every`, and at the
            end. None: no early stopping.
        work: what tells this training from others besides its settings and shapes, such as a digest of the data.
        after: the folder of a finished training with the schedule `constant`: its weights and the optimiser's state are
            where this training starts; steps and cost are counted anew.

    Raises:
        TrainingError: the loss is no number, nothing can be trained, the folder holds another training, or it cannot be
            written.
    """
    torch.set_num_threads(cores())
    run = _Run(module, loss, settings, folder, dev, work)
    with torch.random.fork_rng([run.device] if run.device.type == "cuda" else []):
        torch.manual_seed(settings.seed)
        run.resume()
        if run.step == 0 and after is not None:
            run.follow(after)
        if run.step == 0 and dev and not run.devs:
            run.evaluate()
        while not run.finished:
            run.advance(batches(run.step))
            last = run.step == settings.steps
            if dev and (last or run.step % settings.evaluate_every == 0):
                run.evaluate()
            run.stopped = run.stopped and not last
            run.finished = last or run.stopped
            if run.finished:
                run.keep_best()
            if run.finished or run.step % settings.checkpoint_every == 0:
                run.save()
            if watch is not None:
                watch(run.told())
    return run.result()


def cores() -> int:
    """Threads to compute with: `OMP_NUM_THREADS` when set, else the processors this process may use."""
    stated = os.environ.get("OMP_NUM_THREADS", "")
    if stated.isdigit() and int(stated) > 0:
        return int(stated)
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def rate_factor(step: int, settings: Settings) -> float:
    """The learning rate of a step (0 the first) as a part of its peak: up in a line, then what the schedule says."""
    rising = max(1, round(settings.warmup * settings.steps))
    if step < rising:
        return (step + 1) / rising
    if settings.schedule == "constant":
        return 1.0
    if settings.schedule == "linear":
        return (settings.steps - step) / (settings.steps - rising + 1)
    done = (step - rising) / max(1, settings.steps - 1 - rising)
    return 0.1 + 0.45 * (1 + math.cos(math.pi * min(1.0, done)))


class _Run:
    """The state of a training, and each thing that changes it."""

    def __init__(
        self, module: nn.Module, loss: Loss, settings: Settings, folder: Path, dev: Sequence[Batch], work: str
    ) -> None:
        _check(settings)
        self.module, self.loss, self.settings, self.folder, self.dev = module, loss, settings, folder, dev
        self.weights = {name: weight for name, weight in module.named_parameters() if weight.requires_grad}
        if not self.weights:
            raise TrainingError("Nothing in this model can be trained: no weight requires a gradient.")
        shapes = {name: list(weight.shape) for name, weight in self.weights.items()}
        self.mark = json.dumps([work, asdict(settings), shapes], sort_keys=True)
        self.device = next(iter(self.weights.values())).device
        matrices = [weight for weight in self.weights.values() if weight.ndim > 1]
        vectors = [weight for weight in self.weights.values() if weight.ndim <= 1]
        groups = [{"params": matrices, "weight_decay": settings.weight_decay}, {"params": vectors, "weight_decay": 0.0}]
        self.optimizer = torch.optim.AdamW([g for g in groups if g["params"]], lr=settings.rate, betas=(0.9, 0.95))
        self.meter = FlopMeter()
        self.step = 0
        self.losses: list[float] = []
        self.devs: list[tuple[int, float]] = []
        self.best_step, self.best_file = 0, ""
        self.stopped = self.finished = False
        trainable = sum(weight.numel() for weight in self.weights.values())
        self.cost = TrainingCost(trainable=trainable)
        self.began, self.before = time.perf_counter(), 0.0

    def resume(self) -> None:
        state = load_state(self.folder)
        if state is None:
            return
        if state["mark"] != self.mark:
            raise TrainingError(
                f"{self.folder} holds a checkpoint of another training; remove that folder or name another one."
            )
        copy_into(self.weights, state["weights"])
        if not state["finished"]:
            self.optimizer.load_state_dict(state["optimizer"])
        torch.set_rng_state(state["rng"])
        if self.device.type == "cuda":
            torch.cuda.set_rng_state(state["device_rng"], self.device)
        self.step, self.losses = state["step"], state["losses"]
        self.devs = [(step, value) for step, value in state["devs"]]
        self.best_step, self.best_file = state["best_step"], state["best_file"]
        self.stopped, self.finished = state["stopped"], state["finished"]
        cost = TrainingCost(**state["cost"])
        self.cost = cost if self.finished else replace(cost, resumed=cost.resumed + 1)
        self.before = cost.seconds

    def follow(self, folder: Path) -> None:
        """Start where another training ended."""
        state = load_state(folder)
        if state is None or not state["finished"] or not state["optimizer"]:
            raise TrainingError(f"{folder} holds no finished training with a constant rate; run that one first.")
        if {name: value.shape for name, value in state["weights"].items()} != {
            name: weight.shape for name, weight in self.weights.items()
        }:
            raise TrainingError(f"{folder} holds a training of another model, which cannot be continued with this one.")
        copy_into(self.weights, state["weights"])
        self.optimizer.load_state_dict(state["optimizer"])

    def advance(self, batches: Sequence[Batch]) -> None:
        """One optimiser step."""
        for group in self.optimizer.param_groups:
            group["lr"] = self.settings.rate * rate_factor(self.step, self.settings)
        self.module.train()
        self.optimizer.zero_grad(set_to_none=True)
        learned = sum(batch.learned for batch in batches)
        total, flops = 0.0, 0.0
        for batch in batches:
            value, spent = self.meter.run(("step", *_shapes(batch)), partial(self._backward, batch, learned))
            total += value
            flops += spent
        self.step += 1
        if not math.isfinite(total):
            raise TrainingError(
                f"The loss was {total} at step {self.step} of the training; lower the rate, which is {self.settings.rate:g}."
            )
        norm = nn.utils.clip_grad_norm_(list(self.weights.values()), self.settings.clip)
        if not math.isfinite(float(norm)):
            raise TrainingError(
                f"The gradient was {float(norm)} at step {self.step} of the training; lower the rate, which is {self.settings.rate:g}."
            )
        self.optimizer.step()
        self.losses.append(total)
        self.cost = replace(
            self.cost,
            steps=self.step,
            examples=self.cost.examples + sum(batch.examples for batch in batches),
            tokens=self.cost.tokens + sum(batch.tokens for batch in batches),
            flops=self.cost.flops + flops,
            seconds=self.seconds(),
        )

    def evaluate(self) -> None:
        """The development loss; the weights are kept when it is the best so far."""
        self.module.eval()
        total, flops = 0.0, 0.0
        for batch in self.dev:
            value, spent = self.meter.run(("dev", *_shapes(batch)), partial(self._forward, batch))
            total += value * batch.learned
            flops += spent
        found = total / sum(batch.learned for batch in self.dev)
        if not math.isfinite(found):
            raise TrainingError(
                f"The development loss was {found} after step {self.step}; look for empty or broken examples."
            )
        best = min((value for _, value in self.devs), default=math.inf)
        self.devs.append((self.step, found))
        self.cost = replace(
            self.cost,
            flops=self.cost.flops + flops,
            dev_flops=self.cost.dev_flops + flops,
            seconds=self.seconds(),
        )
        if found < best:
            self.best_step, self.best_file = self.step, save_best(self.folder, self.step, self.weights)
        since = sum(step > self.best_step for step, _ in self.devs)
        self.stopped = since >= self.settings.patience

    def keep_best(self) -> None:
        """Put the best weights back, at the end."""
        if not self.dev:
            self.best_step = self.step
        elif self.best_file and self.best_step != self.step:
            load_best(self.folder, self.best_file, self.weights)
        self.best_file = ""

    def save(self) -> None:
        self.cost = replace(self.cost, seconds=self.seconds(), peak_memory=max(self.cost.peak_memory, peak_memory()))
        save_state(
            self.folder,
            {
                "mark": self.mark,
                "weights": {name: weight.detach() for name, weight in self.weights.items()},
                "optimizer": {}
                if self.finished and self.settings.schedule != "constant"
                else self.optimizer.state_dict(),
                "rng": torch.get_rng_state(),
                "device_rng": torch.cuda.get_rng_state(self.device) if self.device.type == "cuda" else None,
                "step": self.step,
                "losses": self.losses,
                "devs": self.devs,
                "best_step": self.best_step,
                "best_file": self.best_file,
                "stopped": self.stopped,
                "finished": self.finished,
                "cost": asdict(self.cost),
            },
        )

    def seconds(self) -> float:
        return self.before + time.perf_counter() - self.began

    def told(self) -> Step:
        recent = self.losses[-_MEAN_OVER:]
        dev = self.devs[-1][1] if self.devs else None
        cost = self.cost
        return Step(
            self.step, self.settings.steps, sum(recent) / len(recent), dev, self.seconds(), cost.tokens, cost.flops
        )

    def result(self) -> Trained:
        return Trained(self.cost, tuple(self.losses), tuple(self.devs), self.best_step, self.stopped)

    def _backward(self, batch: Batch, learned: int) -> float:
        part = self.loss(self.module, self._moved(batch)) * (batch.learned / learned)
        torch.autograd.backward(part)
        return part.item()

    def _forward(self, batch: Batch) -> float:
        with torch.no_grad():
            return self.loss(self.module, self._moved(batch)).item()

    def _moved(self, batch: Batch) -> Mapping[str, Tensor]:
        if self.device.type == "cpu":
            return batch.inputs
        return {name: value.to(self.device) for name, value in batch.inputs.items()}


def _shapes(batch: Batch) -> tuple[tuple[str, tuple[int, ...]], ...]:
    return tuple((name, tuple(value.shape)) for name, value in batch.inputs.items())


def _check(settings: Settings) -> None:
    positive = ("steps", "batch", "rate", "clip", "max_length", "evaluate_every", "patience", "checkpoint_every")
    for name in positive:
        if not getattr(settings, name) > 0:
            raise TrainingError(f"A training's {name} must be above 0, not {getattr(settings, name)}.")
    if not 0 <= settings.warmup <= 1 or settings.weight_decay < 0:
        raise TrainingError("A training's warmup must be between 0 and 1, and its weight_decay not below 0.")
