"""Examples a tiny byte-level model can learn: the answer is the prompt's letter in upper case."""

from pathlib import Path

from gulliver.training.base import Example, Settings
from gulliver.training.encode import Room
from gulliver.training.tune import Job, Lora
from tests.models.tiny_causal import tiny_causal

WIDE = Room(10**6, 10**6)
LORA = Lora(rank=4, alpha=8)
SETTINGS = Settings(steps=12, batch=4, rate=2e-2, evaluate_every=4, checkpoint_every=4, max_length=64)


def letters(count: int, first: int = 0) -> tuple[Example, ...]:
    found = []
    for number in range(first, first + count):
        letter = chr(ord("a") + number % 26)
        filler = "x" * (number % 7)
        found.append(Example(f"<|im_start|>user\n{filler}{letter}<|im_end|>\n<|im_start|>assistant\n", letter.upper()))
    return tuple(found)


def job(folder: Path, *, lora: Lora | None = LORA, settings: Settings = SETTINGS) -> Job:
    folder.mkdir(parents=True, exist_ok=True)
    source = folder.parent / "tiny.gguf"
    if not source.exists():
        tiny_causal(source)
    return Job("tiny", source, letters(40), letters(8, 40), settings, folder, lora, end="<|im_end|>")
