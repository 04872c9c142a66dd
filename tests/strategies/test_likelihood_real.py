"""The engine's scores on real weights are the sums of the log-probabilities in the model's own logits."""

import asyncio
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from gulliver.inference import Draft, Meter, Session, Store
from gulliver.models.chat import render
from gulliver.models.gguf_rewrite import rewrite_readable
from gulliver.models.load import load_model
from gulliver.tasks import load_task


@pytest.mark.models
def test_scores_of_endings_and_labels_are_those_of_the_logits(tmp_path: Path) -> None:
    torch = pytest.importorskip("torch")
    from gulliver.models.engines.torch_weights import load_weights

    # Of a Q8_0 file: openvino rounds the zero points of a Q4_1 one, and is then 0.7 to 0.9 nats a token away.
    shipped = load_model("smollm2-135m").location
    assert shipped is not None
    file = tmp_path / "smollm2.q8_0.gguf"
    rewrite_readable(shipped, file)
    model = replace(load_model(f"gguf:{file}"), options={"exact": True})
    items = list(load_task("hellaswag").test)[:3]
    asked: list[tuple[Any, list[str]]] = [(item.cloze, [f" {ending}" for ending in item.choices]) for item in items]
    asked += [(item.prompt, ["A", "B", "C", "D"]) for item in items]

    async def scored() -> Sequence[Sequence[Draft]]:
        async with Store(tmp_path / "s.sqlite") as store, Session(store) as session:
            lm = session.bind(model, Meter())
            return await asyncio.gather(*(lm.weigh(prompt, said) for prompt, said in asked))

    module, tokenizer = load_weights(model)
    for (prompt, _), drafts in zip(asked, asyncio.run(scored()), strict=True):
        text = prompt if isinstance(prompt, str) else render(model.card, prompt)
        before = tokenizer(text, add_special_tokens=False).input_ids
        for draft in drafts:
            ids = tokenizer(text + draft.text, add_special_tokens=False).input_ids
            assert ids[: len(before)] == before
            with torch.inference_mode():
                logprobs = torch.log_softmax(module(torch.tensor([ids])).logits[0].float(), dim=-1)
            wanted = sum(logprobs[at - 1, ids[at]].item() for at in range(len(before), len(ids)))
            assert draft.completion_tokens == len(ids) - len(before)
            assert draft.logprob == pytest.approx(wanted, abs=0.02)
