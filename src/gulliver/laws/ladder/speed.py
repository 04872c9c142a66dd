"""How fast this machine trains a model of the ladder: a few real steps, timed."""

import time
from typing import Any

import numpy as np

from gulliver.laws.ladder.chain import Chain

_LONGEST = 2.0  # seconds of timing


def measure_chain(chain: Chain, threads: int | None = None) -> tuple[float, float]:
    """FLOPs a second of the chain's training steps, and the seconds that all of it will take, scoring included.

    Args:
        threads: to compute with; None is torch's own choice.
    """
    import torch

    from gulliver.laws.ladder.models import build
    from gulliver.laws.ladder.objectives import make_batch, mean_loss, window_losses

    if threads:
        torch.set_num_threads(threads)
    model = build(chain.kind, chain.shape, chain.seed)
    optimizer = torch.optim.AdamW(model.parameters(), lr=1e-5)
    draw = np.random.default_rng(0)
    windows = draw.integers(2, chain.shape.vocabulary, (chain.recipe.batch, chain.shape.context))

    def step() -> None:
        inputs = make_batch(chain.kind, windows, chain.recipe, draw).inputs
        optimizer.zero_grad()
        mean_loss(model, inputs).backward()  # type: ignore[no-untyped-call]
        torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()

    def score() -> None:
        with torch.no_grad():
            window_losses(model, make_batch(chain.kind, windows, chain.recipe, draw).inputs)

    each, scoring = _timed(step), _timed(score)
    steps = sum(chain.paid(count) for count in chain.counts) / chain.shape.step_flops(chain.recipe.batch)
    draws = 1 if chain.kind == "decoder" else chain.recipe.draws
    scored = len(chain.counts) * draws * chain.recipe.held_out_tokens / chain.step_tokens
    return chain.shape.step_flops(chain.recipe.batch) / each, steps * each + scored * scoring


def _timed(work: Any) -> float:
    for _ in range(3):
        work()
    times: list[float] = []
    while sum(times) < _LONGEST and len(times) < 200:
        began = time.perf_counter()
        work()
        times.append(time.perf_counter() - began)
    return float(np.median(times))
