"""One chain: every token count of one model, from one trunk at a constant rate and a short decay for each count.

A loss is honest for its token count only if the learning rate has come down by then (Hoffmann et al. 2022, arXiv:2203.15556, appendix B), so a
loss read off in the middle of a longer run is not. Here each count D has its own decay: the trunk is followed to (1 - decay) D tokens, and
from there the rate falls in a line to zero at D (warm-up, stable, decay: Hägele et al. 2024, arXiv:2405.18392). The trunk is paid once.
"""

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from gulliver.laws.ladder.config import Grid, Kind, LadderConfig, Recipe
from gulliver.laws.ladder.shapes import Shape


@dataclass(frozen=True)
class Chain:
    """One model of a grid, for all its token counts.

    Attributes:
        counts: token counts, rising, each a whole number of steps.
        unique: at most so many different tokens, or None.
    """

    grid: str
    kind: Kind
    shape: Shape
    unique: int | None
    seed: int
    counts: tuple[int, ...]
    recipe: Recipe

    @property
    def name(self) -> str:
        shape = self.shape
        seen = "all" if self.unique is None else str(self.unique)
        return f"{self.grid}-{shape.width}x{shape.depth}-v{shape.vocabulary}-u{seen}-s{self.seed}"

    @property
    def step_tokens(self) -> int:
        return self.recipe.batch * self.recipe.context

    @property
    def rate(self) -> float:
        return float(self.recipe.rate * (64 / self.shape.width) ** self.recipe.rate_power)

    def branch(self, count: int) -> int:
        """The step at which the decay of a token count leaves the trunk."""
        steps = count // self.step_tokens
        return max(1, steps - max(1, round(self.recipe.decay * steps)))

    def flops(self, count: int) -> float:
        """Training FLOPs of one run, as if nothing were shared."""
        return count // self.step_tokens * self.shape.step_flops(self.recipe.batch)

    def paid(self, count: int) -> float:
        """FLOPs that this run adds to those before it in the chain: its piece of trunk and its decay."""
        at = self.counts.index(count)
        shared = self.branch(self.counts[at - 1]) if at else 0
        return (count // self.step_tokens - shared) * self.shape.step_flops(self.recipe.batch)


def chains_of(config: LadderConfig) -> list[Chain]:
    """Every chain, the cheapest first, so that rows come early; token counts are rounded down to whole steps."""
    found = [chain for grid in config.grids for chain in _grid(grid, config.recipe)]
    return sorted(found, key=lambda chain: sum(map(chain.paid, chain.counts)))


def _grid(grid: Grid, recipe: Recipe) -> Iterator[Chain]:
    step = recipe.batch * recipe.context
    counts = tuple(sorted({count // step * step for count in grid.tokens}))
    for vocabulary in grid.vocabularies:
        for width, depth in grid.sizes:
            for unique in grid.unique_tokens:
                for seed in grid.seeds:
                    shape = Shape(width, depth, vocabulary, recipe.context)
                    yield Chain(grid.name, grid.kind, shape, unique, seed, counts, recipe)


Tell = Callable[[float], None]
"""Told, now and then, how many FLOPs more are done."""


def run_chain(
    chain: Chain,
    tokens: Any,
    folder: Path,
    done: frozenset[int] = frozenset(),
    tell: Tell | None = None,
    rank: int = 0,
    world: int = 1,
    wrap: Callable[[Any], Any] | None = None,
) -> Iterator[dict[str, Any]]:
    """Train what is missing of a chain, and give a row for each token count as it is finished.

    Args:
        tokens: the text in the chain's vocabulary (`Tokens`).
        folder: `checkpoints/` and `models/` are made in it; a killed run goes on from its last checkpoint.
        done: token counts that have their row.
        rank, world: this process and how many share each batch.
        wrap: makes the model one that several processes train together.

    Raises:
        TrainingError: a loss was no number, or a checkpoint cannot be read or written.
    """
    from gulliver.laws.ladder.objectives import held_out_loss
    from gulliver.laws.ladder.training import Trainer

    recipe, shape = chain.recipe, chain.shape
    trainer = Trainer(chain, tokens, folder / "checkpoints" / chain.name, tell, rank, world, wrap)
    held_out = tokens.windows(recipe.context, held_out=True)[: max(1, recipe.held_out_tokens // recipe.context)]
    per_byte = held_out.size / max(1, int(tokens.sizes[held_out].sum())) / 0.6931471805599453
    for count in chain.counts:
        trainer.follow_trunk(chain.branch(count))
        if count in done:
            continue
        model, train_loss, seconds = trainer.decay(count // chain.step_tokens)
        began = time.perf_counter()
        loss, error = held_out_loss(model, chain.kind, held_out, recipe)
        if rank == 0:
            place = folder / "models" / f"{chain.name}-d{count}"
            model.save_pretrained(place)
            tokens.tokenizer.save(str(place / "tokenizer.json"))
        unique = min(count, trainer.pool * recipe.context)
        yield {
            "kind": chain.kind,
            "width": shape.width,
            "depth": shape.depth,
            "vocabulary": shape.vocabulary,
            "unique_limit": chain.unique or 0,
            "seed": chain.seed,
            "tokens": count,
            "unique_tokens": unique,
            "epochs": count / unique,
            "parameters": shape.non_embedding,
            "embedding_parameters": shape.embedding,
            "all_parameters": shape.parameters,
            "flops": chain.flops(count),
            "paid_flops": chain.paid(count),
            "loss": loss,
            "loss_se": error,
            "bits_per_byte": None if chain.kind == "encoder" else loss * per_byte,
            "train_loss": train_loss,
            "seconds": seconds,
            "scoring_seconds": time.perf_counter() - began,
            "rate": chain.rate,
            "steps": count // chain.step_tokens,
            "recipe": recipe.digest,
            "text": tokens.digest,
        }
        trainer.forget(count // chain.step_tokens)
