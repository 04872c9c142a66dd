"""Running what a model wrote, with no way out."""

from gulliver.sandbox.monty import RunResult, run

__all__ = ["RunResult", "run"]
