"""Words every training shares: what is learned from, how, and what it cost."""

import hashlib
import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Literal, TypeVar

DEV = 64
"""Development examples that are looked at: more would cost more than they tell."""

Kind = TypeVar("Kind")


@dataclass(frozen=True)
class Example:
    """One thing to learn: `completion` after `prompt`, both as text exactly as tokenised; only the completion is learned."""

    prompt: str
    completion: str


@dataclass(frozen=True)
class Settings:
    """How to train.

    Attributes:
        steps: the most optimiser steps; fewer when `patience` evaluations pass without a better development loss.
        batch: examples a step.
        rate: the peak learning rate of AdamW: linear warm-up over `warmup` of the steps, then what `schedule` says.
        schedule: `cosine` to a tenth; `constant`, whose finished training can be continued (it keeps the optimiser's
            state); `linear` down to zero, the decay of a training that continues a constant one.
        max_length: tokens of one example; longer ones are left out and counted.
        checkpoint_every: steps between checkpoints; a crash loses at most so many.
    """

    steps: int = 200
    batch: int = 8
    rate: float = 2e-4
    warmup: float = 0.05
    weight_decay: float = 0.0
    clip: float = 1.0
    max_length: int = 512
    evaluate_every: int = 25
    patience: int = 3
    checkpoint_every: int = 25
    seed: int = 0
    schedule: Literal["cosine", "constant", "linear"] = "cosine"


@dataclass(frozen=True)
class Step:
    """What is told while training: `loss` is the running mean of the last steps' (nats a token), `dev` the last evaluation's."""

    step: int
    of: int
    loss: float
    dev: float | None
    seconds: float
    tokens: int
    flops: float


Watch = Callable[[Step], None]


@dataclass(frozen=True)
class TrainingCost:
    """A training's line of the ledger.

    Attributes:
        flops: counted exactly from the shapes that were run: forward and backward, only what was computed; `dev_flops` of
            them went into the development loss.
        tokens: trained on, padding not counted; `examples` likewise, repeats counted.
        peak_memory: bytes of the training process at its highest.
        resumed: how often the training went on from a checkpoint.
    """

    steps: int = 0
    examples: int = 0
    tokens: int = 0
    flops: float = 0.0
    dev_flops: float = 0.0
    seconds: float = 0.0
    peak_memory: int = 0
    trainable: int = 0
    resumed: int = 0


def examples_digest(examples: Sequence[Example]) -> str:
    """sha256 of the examples, in order."""
    text = json.dumps([[e.prompt, e.completion] for e in examples], ensure_ascii=False)
    return hashlib.sha256(text.encode()).hexdigest()


def spread(items: Sequence[Kind], most: int) -> Sequence[Kind]:
    """At most so many, evenly from first to last: the first of a list that is sorted are all of one kind."""
    return items if len(items) <= most else [items[place * len(items) // most] for place in range(most)]
