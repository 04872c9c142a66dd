"""Tuning a language model on examples, in a process of its own: torch never loads here, and its memory goes back.

The result is a GGUF with the tuned weights merged, ready for the engine that ran the parent.
"""

import contextlib
import importlib.util
import json
import os
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from gulliver.errors import MissingExtra, TrainingError
from gulliver.models.engines.spawn import Spawned, how_it_ended, spawn, start_of
from gulliver.models.engines.wire import Inbox, send
from gulliver.training.base import Example, Settings, TrainingCost, examples_digest

LEAST = 16
"""Examples below which there is no tuning."""
LINEAR = ("q_proj", "k_proj", "v_proj", "o_proj", "gate_proj", "up_proj", "down_proj")

Tell = Callable[[str, int, int], None]

_START = start_of("gulliver.training.worker")
# Nothing is fetched, nothing is said on the terminal, and tokenizers don't start threads of their own.
_QUIET = {"HF_HUB_OFFLINE": "1", "TRANSFORMERS_VERBOSITY": "error", "TOKENIZERS_PARALLELISM": "false", "USE_TF": "0"}


@dataclass(frozen=True)
class Lora:
    """Low-rank adapters (Hu et al. 2021): `alpha / rank` scales them; `targets` are names of linear layers."""

    rank: int = 8
    alpha: int = 16
    dropout: float = 0.0
    targets: tuple[str, ...] = LINEAR


@dataclass(frozen=True)
class Job:
    """All a tuning needs.

    Attributes:
        name: the model's, for sentences.
        source: its GGUF.
        tied: whether a second table of the file is a copy of the embeddings; it is then left out.
        end: the end token as text, learned after each completion.
        lora: None tunes every weight.
        folder: for checkpoints, `model.gguf`, `tuning.json`, and `adapter/` with LoRA; of this job alone.
    """

    name: str
    source: Path
    train: Sequence[Example]
    dev: Sequence[Example]
    settings: Settings
    folder: Path
    lora: Lora | None = None
    end: str = ""
    tied: bool = False

    @property
    def target(self) -> Path:
        return self.folder / "model.gguf"

    def mark(self) -> str:
        """What tells this tuning from others."""
        facts = [
            self.source.stat().st_size,
            examples_digest(self.train),
            examples_digest(self.dev),
            self.end,
            self.tied,
        ]
        return json.dumps([*facts, asdict(self.settings), asdict(self.lora) if self.lora else None])


@dataclass(frozen=True)
class Tuned:
    """What came out.

    Attributes:
        losses: of each step, nats a token; `devs`: (step, development loss), step 0 before training.
        best_step: whose weights were kept; 0 when tuning made nothing better.
        left_out: training examples that were too long.
    """

    path: Path
    cost: TrainingCost
    losses: tuple[float, ...]
    devs: tuple[tuple[int, float], ...]
    best_step: int
    stopped: bool
    left_out: int


def tune(job: Job, tell: Tell | None = None) -> Tuned:
    """Tune, merge and write; killed and called again with the same folder, it goes on from its last checkpoint.

    Raises:
        MissingExtra: torch, transformers or peft is not installed.
        TrainingError: too few examples, a loss that is no number, or the process died.
        ModelError: the weights cannot be read or written.
    """
    if any(importlib.util.find_spec(name) is None for name in ("torch", "transformers", "peft")):
        raise MissingExtra("Tuning", "torch")
    if len(job.train) < LEAST:
        raise TrainingError(
            f"{job.name} has {len(job.train)} examples to learn from and tuning needs {LEAST}; "
            "give the task a larger train split, or leave the tuning out."
        )
    finished = _finished(job)
    if finished is not None:
        return finished
    with _started(job) as (made, inbox):
        while True:
            try:
                kind, *rest = inbox.one()
            except EOFError:
                raise TrainingError(
                    f"The tuning of {job.name} died ({how_it_ended(made.process)}); see {made.log}, then run the same "
                    "command again: it goes on from its last checkpoint."
                ) from None
            if kind == "told" and tell is not None:
                tell(*rest)
            elif kind == "refused":
                raise rest[0]
            elif kind == "done":
                made.log.unlink(missing_ok=True)
                break
    finished = _finished(job)
    if finished is None:
        raise TrainingError(f"The tuning of {job.name} left no model in {job.folder}; remove the folder and try again.")
    return finished


@contextlib.contextmanager
def _started(job: Job) -> Iterator[tuple[Spawned, Inbox]]:
    """The worker, from its start until it is gone; it is killed when this side leaves early."""
    try:
        made = spawn(_START, "tuning", _QUIET)
    except OSError as error:
        raise TrainingError(
            f"The tuning of {job.name} cannot be started ({error.strerror}); free some memory."
        ) from None
    try:
        with contextlib.suppress(OSError):  # it died at once: the reader will see
            send(made.out, job)
        yield made, Inbox(made.into)
    finally:
        made.process.kill()
        made.process.wait()
        os.close(made.into)
        os.close(made.out)


def record(job: Job, facts: dict[str, Any]) -> None:
    """Say that the tuning is finished, and how it went."""
    from gulliver.models.files import writing

    with writing(job.folder / "tuning.json") as part:
        facts = {**facts, "bytes": job.target.stat().st_size, "mark": job.mark()}
        part.write_text(json.dumps(facts, indent=1), encoding="utf-8")


def _finished(job: Job) -> Tuned | None:
    try:
        facts = json.loads((job.folder / "tuning.json").read_text(encoding="utf-8"))
        if facts.pop("bytes") != job.target.stat().st_size or facts.pop("mark") != job.mark():
            return None
        devs = tuple((int(step), float(loss)) for step, loss in facts.pop("devs"))
        cost, losses = TrainingCost(**facts.pop("cost")), tuple(facts.pop("losses"))
        return Tuned(path=job.target, cost=cost, losses=losses, devs=devs, **facts)
    except (OSError, ValueError, KeyError, TypeError):
        return None
