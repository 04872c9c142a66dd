"""A chain's trainings, each a call of the one training loop: pieces of trunk, and decays that leave it."""

import hashlib
import json
import shutil
from collections.abc import Callable, Sequence
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import numpy as np

from gulliver.laws.ladder.chain import Chain, Tell
from gulliver.laws.ladder.models import build
from gulliver.laws.ladder.objectives import make_batch, mean_loss, window_order
from gulliver.laws.ladder.tokens import Tokens
from gulliver.training.base import Settings, Step
from gulliver.training.loop import Batch, Trained, train

_TOLD_EVERY = 20  # steps
_MEAN_OVER = 50  # steps that the training loss of a row is a mean of


class Trainer:
    """Where a chain stands: the folders of its trunk so far, and what they took."""

    def __init__(
        self,
        chain: Chain,
        tokens: Tokens,
        folder: Path,
        tell: Tell | None,
        rank: int,
        world: int,
        wrap: Callable[[Any], Any] | None,
    ) -> None:
        self.chain, self.folder, self.tell, self.rank, self.world = chain, folder, tell, rank, world
        self.wrap = wrap or (lambda model: model)
        recipe = chain.recipe
        windows = tokens.windows(recipe.context)
        self.pool = len(windows)
        if chain.unique is not None:
            self.pool = min(self.pool, max(1, chain.unique // recipe.context))
        kept = np.random.default_rng((chain.seed, 0)).permutation(len(windows))[: self.pool]
        self.windows = windows[kept]
        told = {**asdict(replace(chain, counts=())), "pool": self.pool, "text": tokens.digest, "world": world}
        self.work = hashlib.sha256(json.dumps(told, sort_keys=True).encode()).hexdigest()
        self.settings = Settings(
            batch=recipe.batch,
            rate=chain.rate,
            weight_decay=recipe.weight_decay,
            max_length=recipe.context,
            checkpoint_every=recipe.checkpoint_every,
            seed=chain.seed,
        )
        self.at = 0
        self.last: Path | None = None
        self.seconds = 0.0

    def follow_trunk(self, end: int) -> None:
        """Train the trunk on to step `end`, or find that it was."""
        if end <= self.at:
            return
        warmup = min(1.0, self.chain.recipe.warmup / end) if self.at == 0 else 0.0
        settings = replace(self.settings, steps=end - self.at, warmup=warmup, schedule="constant")
        folder = self._place(f"trunk-{end}")
        trained = self._train(self._model(), settings, folder)
        self.at, self.last = end, folder
        self.seconds += trained.cost.seconds

    def decay(self, end: int) -> tuple[Any, float, float]:
        """From where the trunk stands to step `end`: the model, its training loss at the end, and all its seconds."""
        settings = replace(self.settings, steps=end - self.at, warmup=0.0, schedule="linear")
        model = self._model()
        trained = self._train(model, settings, self._place(f"decay-{end}"))
        recent = trained.losses[-_MEAN_OVER:]
        return model, self._shared(sum(recent) / len(recent)), self.seconds + trained.cost.seconds

    def forget(self, end: int) -> None:
        """Remove the checkpoint of a decay whose row is written; the trunk's stay, so that the ladder can be extended."""
        shutil.rmtree(self._place(f"decay-{end}"), ignore_errors=True)

    def _train(self, model: Any, settings: Settings, folder: Path) -> Trained:
        folder.mkdir(parents=True, exist_ok=True)
        work = f"{self.work} {self.at}"
        return train(
            self.wrap(model), self._batches, mean_loss, settings, folder, self._watch(), work=work, after=self.last
        )

    def _model(self) -> Any:
        return build(self.chain.kind, self.chain.shape, self.chain.seed)

    def _batches(self, step: int) -> Sequence[Batch]:
        chain, at = self.chain, self.at + step
        chosen = self.windows[window_order(at, chain.recipe.batch, self.pool, chain.seed)]
        share = chain.recipe.batch // self.world
        part = slice(self.rank * share, (self.rank + 1) * share)
        return [make_batch(chain.kind, chosen, chain.recipe, np.random.default_rng((chain.seed, 2, at)), part)]

    def _watch(self) -> Callable[[Step], None] | None:
        if self.tell is None:
            return None
        tell, each, told = self.tell, self.chain.shape.step_flops(self.chain.recipe.batch), 0

        def watch(step: Step) -> None:
            nonlocal told
            if step.step == step.of or step.step % _TOLD_EVERY == 0:
                tell((step.step - told) * each)
                told = step.step

        return watch

    def _shared(self, value: float) -> float:
        """The mean over the processes that share the batches."""
        if self.world == 1:
            return value
        import torch
        from torch import distributed

        total = torch.tensor(value, dtype=torch.float64)
        if torch.cuda.is_available():
            total = total.to("cuda")
        distributed.all_reduce(total)
        return float(total) / self.world

    def _place(self, name: str) -> Path:
        return self.folder / (name if self.world == 1 else f"{name}-of-{self.world}/{self.rank}")
