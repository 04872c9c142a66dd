"""A whole ladder: every chain that lacks rows, on this machine's processes, on a Ray cluster, or one by one with DDP."""

import os
import queue
import subprocess
import sys
from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import dataclass
from functools import cache
from importlib import import_module
from multiprocessing import get_context
from pathlib import Path
from typing import Any

from gulliver.errors import MissingExtra
from gulliver.laws.base import LawError
from gulliver.laws.ladder.chain import Chain, chains_of, run_chain
from gulliver.laws.ladder.config import LadderConfig
from gulliver.laws.ladder.processes import processes
from gulliver.laws.ladder.rows import KEY, Row, add_row, read_rows


@dataclass(frozen=True)
class Event:
    """What happened: `row` was finished, or `flops` more were computed."""

    chain: str
    flops: float = 0.0
    row: Row | None = None


Watch = Callable[[Event], None]


def run_ladder(config: LadderConfig, watch: Watch | None = None) -> dict[str, Path]:
    """Run what is missing of a ladder; gives each grid's table by name.

    Run again after a crash, it goes on from the last checkpoint of each chain; a finished ladder costs nothing.

    Raises:
        LawError: the text is too short, or a table in `out` is of another ladder.
        MissingExtra: torch, or the engine's package, is not installed.
        TrainingError: a training failed.
    """
    tell = watch or (lambda event: None)
    missing = [chain for chain in chains_of(config) if _done(config, chain) != set(chain.counts)]
    if missing:
        for vocabulary in {chain.shape.vocabulary for chain in missing}:
            _tokens(config, vocabulary)  # the tokenizer is trained once, and the text's mistakes are said early
        engine = {"ray": _ray, "accelerate": _accelerate, "local": _local}[config.machine.engine]
        engine(config, missing, tell)
    return {grid.name: table_of(config, grid.name) for grid in config.grids}


def table_of(config: LadderConfig, grid: str) -> Path:
    """Where a grid's table is."""
    return config.out / f"{grid}.csv"


def remaining_flops(config: LadderConfig) -> float:
    """FLOPs of the trainings that have no row yet; what a checkpoint saves is not subtracted."""
    return sum(chain.paid(count) for chain in chains_of(config) for count in set(chain.counts) - _done(config, chain))


def run_one(
    config: LadderConfig,
    chain: Chain,
    tell: Watch,
    rank: int = 0,
    world: int = 1,
    wrap: Callable[[Any], Any] | None = None,
) -> None:
    """One chain in this process; each row is in its table before it is told."""
    tokens = _tokens(config, chain.shape.vocabulary)
    done = frozenset(_done(config, chain))
    if any(row.get("text") != tokens.digest for row in read_rows(table_of(config, chain.grid)) if is_of(row, chain)):
        raise _other("text", config, chain)

    def count(flops: float) -> None:
        tell(Event(chain.name, flops))

    for row in run_chain(chain, tokens, config.out, done, count, rank, world, wrap):
        if rank == 0:
            add_row(table_of(config, chain.grid), row)
            tell(Event(chain.name, row=row))


def _done(config: LadderConfig, chain: Chain) -> set[int]:
    """The chain's token counts that have a row of the same training."""
    rows = [row for row in read_rows(table_of(config, chain.grid)) if is_of(row, chain)]
    if any(row.get("recipe") != chain.recipe.digest for row in rows):
        raise _other("recipe", config, chain)
    return {int(row["tokens"]) for row in rows} & set(chain.counts)


def is_of(row: Row, chain: Chain) -> bool:
    """Whether a row is of the chain's training, at whatever token count."""
    shape = chain.shape
    same = (chain.kind, shape.width, shape.depth, shape.vocabulary, chain.unique or 0, chain.seed)
    return tuple(row[name] for name in KEY[:-1]) == same


def _other(what: str, config: LadderConfig, chain: Chain) -> LawError:
    table = table_of(config, chain.grid)
    return LawError(f"{table} was made with another {what}; give the ladder another `out`, or move the table away.")


@cache
def _text(config: LadderConfig) -> Any:
    from gulliver.laws.ladder.texts import load_text

    return load_text(config)


@cache
def _tokens(config: LadderConfig, vocabulary: int) -> Any:
    from gulliver.laws.ladder.tokens import tokenise

    return tokenise(_text(config), vocabulary, config.out)


def _local(config: LadderConfig, chains: list[Chain], tell: Watch) -> None:
    workers = min(config.machine.workers, len(chains))
    if workers == 1:
        if config.machine.threads:
            os.environ["OMP_NUM_THREADS"] = str(config.machine.threads)
        for chain in chains:
            run_one(config, chain, tell)
        return
    with get_context("spawn").Manager() as manager:
        events: Any = manager.Queue()
        threads = config.machine.threads or max(1, (os.cpu_count() or 1) // workers)
        with processes(workers, threads) as pool:
            # The longest first, so that no worker is left alone with it at the end.
            jobs: list[Future[None]] = [pool.submit(_work, config, chain, events) for chain in reversed(chains)]
            while not all(job.done() for job in jobs) or not events.empty():
                _next(events, tell)
                _raise(jobs)


def _next(events: Any, tell: Watch) -> None:
    try:
        tell(events.get(timeout=0.2))
    except queue.Empty:
        return


def _raise(jobs: list[Future[None]]) -> None:
    for job in jobs:
        if job.done():
            job.result()


def _work(config: LadderConfig, chain: Chain, events: Any) -> None:
    run_one(config, chain, events.put)


def _ray(config: LadderConfig, chains: list[Chain], tell: Watch) -> None:
    """One task a chain; `out` must be a folder that every machine of the cluster sees."""
    try:
        ray: Any = import_module("ray")
    except ImportError:
        raise MissingExtra("A sweep on Ray", "ray") from None
    threads = config.machine.threads or 1
    started = not ray.is_initialized()
    if started:
        ray.init(log_to_driver=False, include_dashboard=False, address=os.environ.get("RAY_ADDRESS"))

    # A lost machine's chain goes on elsewhere from its checkpoint.
    task = ray.remote(num_cpus=threads, max_retries=3)(_ray_task)
    try:
        waiting = {task.remote(config, chain, threads): chain for chain in reversed(chains)}
        while waiting:
            ended, _ = ray.wait(list(waiting), num_returns=1)
            for reference in ended:
                chain = waiting.pop(reference)
                ray.get(reference)
                _tell_all(config, chain, tell)
    finally:
        if started:
            ray.shutdown()


def _ray_task(config: LadderConfig, chain: Chain, threads: int) -> None:
    os.environ["OMP_NUM_THREADS"] = str(threads)
    run_one(config, chain, lambda event: None)


def _accelerate(config: LadderConfig, chains: list[Chain], tell: Watch) -> None:
    """One chain after another, each trained by `workers` processes that share its batches."""
    import pickle
    import tempfile

    machine = config.machine
    for chain in chains:
        with tempfile.TemporaryDirectory(prefix="gulliver-ladder-") as aside:
            job = Path(aside) / "job.pkl"
            job.write_bytes(pickle.dumps((config, chain, os.getpid())))
            # torchrun, since `accelerate launch --cpu` starts one process whatever number it is told.
            command = [sys.executable, "-m", "torch.distributed.run", "--standalone"]
            command += [f"--nproc-per-node={machine.workers}", "-m", "gulliver.laws.ladder.ddp", str(job)]
            threads = machine.threads or max(1, (os.cpu_count() or 1) // machine.workers)
            done = subprocess.run(
                command,
                env={**os.environ, "OMP_NUM_THREADS": str(threads)},
                capture_output=True,
                text=True,
                check=False,
            )
            if done.returncode:
                lines = [line for line in done.stderr.splitlines() if "Error" in line] or ["no reason given"]
                raise LawError(f"Training {chain.name} in {machine.workers} processes failed: {lines[0].strip()[:300]}")
        _tell_all(config, chain, tell)


def _tell_all(config: LadderConfig, chain: Chain, tell: Watch) -> None:
    for row in read_rows(table_of(config, chain.grid)):
        if is_of(row, chain) and row["tokens"] in chain.counts:
            tell(Event(chain.name, chain.paid(row["tokens"]), row))
