"""How likely a trained ladder's decoder finds texts: whole ones, or what follows a beginning. Needs the extra `torch`."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from gulliver.laws.base import Array, LawError
from gulliver.laws.ladder.tokens import BEGIN

AT_ONCE = 64  # texts in one pass


class Likelihood:
    """A decoder out of its folder, as `run_ladder` keeps it, with its own tokenizer.

    Raises:
        LawError: the folder holds no such model.
    """

    def __init__(self, folder: Path) -> None:
        from tokenizers import Tokenizer
        from transformers import LlamaForCausalLM

        if not (folder / "tokenizer.json").is_file():
            raise LawError(f"{folder} holds no model of a ladder.")
        model: Any = LlamaForCausalLM.from_pretrained(folder)
        self.model = model.eval()
        self.tokenizer = Tokenizer.from_file(str(folder / "tokenizer.json"))
        self.longest = int(self.model.config.max_position_embeddings)

    def __call__(self, pairs: Sequence[tuple[str, str]]) -> tuple[Array, Array]:
        """Nats and tokens of each continuation after its beginning, (n,) both; begin it with a space where a word starts.

        Raises:
            LawError: a text is longer than the windows the model was trained on.
        """
        heads, tails = (
            [found.ids for found in self.tokenizer.encode_batch([pair[k] for pair in pairs], add_special_tokens=False)]
            for k in (0, 1)
        )
        lengths = np.array([len(head) + len(tail) for head, tail in zip(heads, tails, strict=True)])
        if len(lengths) and lengths.max() >= self.longest:
            raise LawError(
                f"A text of {lengths.max()} tokens is longer than the model's {self.longest - 1}; give shorter ones."
            )
        nats = np.zeros(len(pairs))
        order = np.argsort(lengths, kind="stable")
        for at in range(0, len(order), AT_ONCE):
            rows = order[at : at + AT_ONCE]
            nats[rows] = self._batch([heads[r] for r in rows], [tails[r] for r in rows])
        return nats, np.array([len(tail) for tail in tails], dtype=np.float64)

    def _batch(self, heads: Sequence[list[int]], tails: Sequence[list[int]]) -> Array:
        import torch

        width = max(len(head) + len(tail) for head, tail in zip(heads, tails, strict=True))
        ids, targets = np.full((len(heads), width), BEGIN), np.full((len(heads), width), -100)
        for row, (head, tail) in enumerate(zip(heads, tails, strict=True)):
            whole = [*head, *tail]
            ids[row, 1 : len(whole)] = whole[:-1]
            targets[row, len(head) : len(whole)] = tail
        with torch.no_grad():
            scores = self.model(input_ids=torch.from_numpy(ids)).logits.float()
            each = torch.nn.functional.cross_entropy(
                scores.flatten(0, 1), torch.from_numpy(targets).flatten(), reduction="none", ignore_index=-100
            )
        return np.asarray(-each.view(ids.shape).double().sum(1).numpy())
