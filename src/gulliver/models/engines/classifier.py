"""A sequence classifier of transformers as a reward model (PyTorch)."""

import os
from collections.abc import Sequence
from typing import Any

from gulliver.errors import MissingExtra, ModelError
from gulliver.models.base import Model
from gulliver.models.engines.torch_weights import quietly
from gulliver.models.engines.waiting import Batches

GOOD = ("correct", "right", "positive", "good", "entailment", "accept", "yes", "true", "label_1")
LONGEST = 2048


class Classifier(Batches):
    """An `Engine` over a folder of safetensors whose model has a head for whole sequences.

    With one output its value is the log-odds (a reward model trained on pairs); with several, those of the label whose name
    says good (`GOOD`), else of the last one.
    """

    def __init__(self, model: Model) -> None:
        super().__init__(self._odds)
        try:
            import torch
            import transformers
        except ImportError:
            raise MissingExtra("A reward model", "torch") from None
        if model.location is None or not model.location.exists():
            raise ModelError(f"{model.name} is not at {model.location} any more; fetch it again.")
        where = os.fspath(model.location)
        with quietly(transformers):
            self._tokenizer: Any = transformers.AutoTokenizer.from_pretrained(where, local_files_only=True)
            self._module: Any = transformers.AutoModelForSequenceClassification.from_pretrained(
                where, dtype=torch.float32, local_files_only=True, use_safetensors=True
            )
        if self._tokenizer.pad_token is None:
            self._tokenizer.pad_token = self._tokenizer.eos_token
            self._module.config.pad_token_id = self._tokenizer.pad_token_id
        config = self._module.config
        self._longest = min(LONGEST, getattr(config, "max_position_embeddings", LONGEST) or LONGEST)
        self._good = good_label({int(key): str(name) for key, name in config.id2label.items()})
        self._module.train(False)

    def _odds(self, pairs: Sequence[tuple[str, str]]) -> tuple[list[float], list[int]]:
        import torch

        rows = self._rows(pairs)
        with torch.inference_mode():
            logits = self._module(**rows).logits.double()
        if logits.shape[1] == 1:
            odds = logits[:, 0]
        else:
            logprobs = torch.log_softmax(logits, -1)[:, self._good]
            odds = logprobs - torch.log1p(-logprobs.exp().clamp(max=1.0 - 1e-12))
        return odds.tolist(), rows["attention_mask"].sum(-1).tolist()

    def _rows(self, pairs: Sequence[tuple[str, str]]) -> Any:
        how = {"padding": True, "truncation": True, "max_length": self._longest, "return_tensors": "pt"}
        if self._tokenizer.chat_template:  # a reward model made from a chat model reads a conversation
            turns = [[{"role": "user", "content": a}, {"role": "assistant", "content": b}] for a, b in pairs]
            texts = [self._tokenizer.apply_chat_template(turn, tokenize=False) for turn in turns]
            return self._tokenizer(texts, add_special_tokens=False, **how)
        return self._tokenizer([a for a, _ in pairs], [b for _, b in pairs], **how)


def good_label(names: dict[int, str]) -> int:
    """The number of the label that says an answer is good.

    >>> good_label({0: "incorrect", 1: "correct"}), good_label({0: "POSITIVE", 1: "NEGATIVE"}), good_label({0: "a", 1: "b"})
    (1, 0, 1)
    """
    return next((key for key, name in names.items() if name.lower() in GOOD), max(names))
