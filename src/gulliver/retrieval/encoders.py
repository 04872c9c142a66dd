"""Encoders for search by meaning: one of the ladder, or a folder that sentence-transformers wrote."""

import hashlib
import json
from collections.abc import Sequence
from functools import lru_cache
from pathlib import Path
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt

from gulliver.errors import MissingExtra
from gulliver.models.encoder import encoder_files, load_encoder
from gulliver.models.files import Progress, file_digest
from gulliver.retrieval.documents import RetrievalError

Array = npt.NDArray[np.float32]
BATCH = 32
_KINDS = ("Transformer", "Pooling", "Normalize")


class TextEncoder(Protocol):
    """Turns texts into unit vectors."""

    def embed(self, texts: Sequence[str]) -> Array:
        """Shape (n, dimensions)."""
        ...


def find_encoder(name: str, progress: Progress | None = None) -> TextEncoder:
    """An encoder of the ladder by name, or a folder by path.

    Raises:
        ModelError: the ladder has no such encoder, or it cannot be fetched.
        RetrievalError: the folder is none of sentence-transformers, or has parts that are not known here.
        MissingExtra: a folder needs torch.
    """
    return _folder(Path(name)) if Path(name).is_dir() else load_encoder(name, progress)


def encoder_digest(name: str, progress: Progress | None = None) -> str:
    """What an encoder's vectors depend on, in hex: the same for the same weights, wherever they lie."""
    path = Path(name)
    if not path.is_dir():
        weights, _ = encoder_files(name, progress)
        return _digest(weights, weights.stat().st_mtime_ns)
    files = sorted(file for file in path.rglob("*") if file.suffix in (".json", ".safetensors", ".bin", ".txt"))
    parts = [f"{file.relative_to(path)} {_digest(file, file.stat().st_mtime_ns)}" for file in files]
    return hashlib.sha256("\n".join(parts).encode()).hexdigest()


@lru_cache(maxsize=256)
def _digest(path: Path, _changed: int) -> str:
    return file_digest(path)


@lru_cache(maxsize=2)
def _folder(path: Path) -> "FolderEncoder":
    return FolderEncoder(path)


class FolderEncoder:
    """A sentence-transformers folder (transformer, pooling, normalisation) run by transformers on a processor, in 32 bits."""

    def __init__(self, path: Path) -> None:
        try:
            import transformers
        except ImportError:
            raise MissingExtra("A sentence-transformers folder", "torch") from None
        inside, self._mean, self._length = _settings(path)
        self._tokenizer: Any = transformers.AutoTokenizer.from_pretrained(inside)
        self._model: Any = transformers.AutoModel.from_pretrained(inside).float().eval()

    def embed(self, texts: Sequence[str]) -> Array:
        """Shape (n, dimensions), of length 1 each."""
        import torch

        rows = []
        for begin in range(0, len(texts), BATCH):
            batch = self._tokenizer(
                list(texts[begin : begin + BATCH]), padding=True, truncation=True, max_length=self._length, return_tensors="pt"
            )  # fmt: skip
            with torch.no_grad():
                hidden = self._model(**batch).last_hidden_state
            mask = batch["attention_mask"].unsqueeze(-1).float()
            pooled = (hidden * mask).sum(1) / mask.sum(1).clamp(min=1e-9) if self._mean else hidden[:, 0]
            rows.append(torch.nn.functional.normalize(pooled, dim=1).numpy())
        return np.concatenate(rows).astype(np.float32)


def _settings(path: Path) -> tuple[Path, bool, int]:
    """The transformer's folder, whether states are averaged (else the first is taken), and the length read in tokens."""
    try:
        modules = json.loads((path / "modules.json").read_text(encoding="utf-8"))
        kinds = {module["type"].rpartition(".")[2]: path / module["path"] for module in modules}
        unknown = [kind for kind in kinds if kind not in _KINDS]
        pooling = json.loads((kinds["Pooling"] / "config.json").read_text(encoding="utf-8"))
        inside = kinds["Transformer"]
    except (OSError, ValueError, KeyError, TypeError):
        raise RetrievalError(
            f"{path} is no folder of sentence-transformers: it needs modules.json with a transformer and a pooling."
        ) from None
    if unknown:
        raise RetrievalError(f"{path} has a part {unknown[0]}, which Gulliver cannot run; take an encoder without it.")
    mean, first = pooling.get("pooling_mode_mean_tokens", False), pooling.get("pooling_mode_cls_token", False)
    if not mean and not first:
        raise RetrievalError(f"{path} pools neither by the mean nor by the first token; take another encoder.")
    stated = inside / "sentence_bert_config.json"
    length = json.loads(stated.read_text(encoding="utf-8")).get("max_seq_length") if stated.is_file() else None
    return inside, bool(mean), int(length or 256)
