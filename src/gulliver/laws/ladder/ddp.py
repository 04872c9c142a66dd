"""One process of several that train a chain together: `torchrun -m gulliver.laws.ladder.ddp JOB`, joined by accelerate."""

import pickle
import shutil
import sys
from pathlib import Path
from typing import Any

from gulliver.laws.base import LawError
from gulliver.laws.ladder.chain import Chain
from gulliver.laws.ladder.config import LadderConfig
from gulliver.laws.ladder.processes import end_with
from gulliver.laws.ladder.sweep import Event, run_one


def main(job: Path) -> None:
    """Train this process's part of every batch; the first process writes the rows."""
    from accelerate import Accelerator

    config: LadderConfig
    chain: Chain
    config, chain, parent = pickle.loads(job.read_bytes())  # written by the parent a moment ago, for this one call
    end_with(parent)
    accelerator = Accelerator(cpu=not _cuda())
    rank, world = accelerator.process_index, accelerator.num_processes
    if world != config.machine.workers:
        raise LawError(f"{world} processes were started, not {config.machine.workers}.")
    if rank == 0:
        align(config.out / "checkpoints" / chain.name, world)
    accelerator.wait_for_everyone()

    def wrap(model: Any) -> Any:
        return accelerator.prepare(model)

    def silent(event: Event) -> None:
        return None

    run_one(config, chain, silent, rank, world, wrap)
    accelerator.wait_for_everyone()
    accelerator.end_training()


def align(folder: Path, world: int) -> None:
    """Bring all processes' checkpoints to one step, after a kill between two of them: the earliest; none where one has none."""
    for place in folder.glob(f"*-of-{world}"):
        states = [place / str(rank) / "checkpoint.pt" for rank in range(world)]
        if not all(state.is_file() for state in states):
            shutil.rmtree(place)
            continue
        steps = [_step(state) for state in states]
        first = steps.index(min(steps))
        for rank, step in enumerate(steps):
            if step != steps[first]:
                shutil.copyfile(states[first], states[rank])


def _step(state: Path) -> tuple[int, bool]:
    import torch

    found = torch.load(state, map_location="cpu", weights_only=True)
    return int(found["step"]), bool(found["finished"])


def _cuda() -> bool:
    import torch

    return bool(torch.cuda.is_available())


if __name__ == "__main__":
    main(Path(sys.argv[1]))
