"""The tuning itself, where torch is loaded: weights in, adapters or all of them trained, merged, written as GGUF."""

import os
from collections.abc import Callable
from dataclasses import asdict
from typing import Any

import torch

from gulliver.errors import TrainingError
from gulliver.models.files import writing
from gulliver.models.gguf_write import write_gguf
from gulliver.training.base import DEV, Step, spread
from gulliver.training.encode import Room, completion_loss, encode, split, step_batches
from gulliver.training.loop import Trained, train
from gulliver.training.tune import LEAST, Job, Lora, Tell, record
from gulliver.training.weights import load_causal

REFERENCE = 4
"""Texts by which the file is held against the model that was trained."""


def tune_here(job: Job, tell: Tell) -> Trained:
    """Tune in this process. See `tune.tune`, which does it in another."""
    job.folder.mkdir(parents=True, exist_ok=True)
    tell(f"loading {job.name}", 0, 1)
    tokenise = tokeniser(job)
    rows, left_out = encode(job.train, tokenise, job.end, job.settings.max_length)
    if len(rows) < LEAST:
        raise TrainingError(
            f"Only {len(rows)} of {len(job.train)} training examples for {job.name} have at most "
            f"{job.settings.max_length} tokens, and tuning needs {LEAST}; raise max_length."
        )
    dev_rows, _ = encode(spread(job.dev, DEV), tokenise, job.end, job.settings.max_length)
    module = load_causal(job.source, job.tied)
    config = module.config
    room = Room.of(config.num_hidden_layers, config.hidden_size, config.intermediate_size, config.vocab_size)
    learner = with_adapters(module, job.lora, job.settings.seed) if job.lora else module.requires_grad_(True)

    def watch(step: Step) -> None:
        dev = "" if step.dev is None else f", dev {step.dev:.3f}"
        tell(f"tuning {job.name}: loss {step.loss:.3f}{dev}", step.step, step.of)

    trained = train(
        learner,
        step_batches(rows, job.settings, room),
        completion_loss,
        job.settings,
        job.folder,
        watch,
        split(dev_rows, room),
        job.mark(),
    )
    keep_reference(learner, job, tokenise)
    changed = merged(learner, job) if job.lora else weights_of(module)
    drop = frozenset({"output.weight"}) if job.tied else frozenset[str]()
    write_gguf(job.source, job.target, changed, drop=drop, progress=tell)
    record(
        job,
        {
            "cost": asdict(trained.cost),
            "losses": trained.losses,
            "devs": trained.devs,
            "best_step": trained.best_step,
            "stopped": trained.stopped,
            "left_out": left_out,
        },
    )
    (job.folder / "checkpoint.pt").unlink(missing_ok=True)
    return trained


def tokeniser(job: Job) -> Callable[[str], list[int]]:
    """Text to ids by the engine's own tokenizer, so that what is learned is what will be read; no token is added."""
    import openvino_genai

    made = openvino_genai.Tokenizer(os.fspath(job.source))

    def tokenise(text: str) -> list[int]:
        if not text:
            return []
        ids: list[int] = made.encode(text, add_special_tokens=False).input_ids.data[0].tolist()
        return ids

    return tokenise


def with_adapters(module: Any, lora: Lora, seed: int) -> Any:
    """PEFT's model around it, with fresh adapters drawn from the seed; nothing else requires a gradient."""
    from peft import LoraConfig, get_peft_model

    config = LoraConfig(
        r=lora.rank,
        lora_alpha=lora.alpha,
        lora_dropout=lora.dropout,
        target_modules=list(lora.targets),
        task_type="CAUSAL_LM",
    )
    with torch.random.fork_rng([]):
        torch.manual_seed(seed)
        return get_peft_model(module, config)


def keep_reference(learner: Any, job: Job, tokenise: Callable[[str], list[int]]) -> None:
    """What the trained model, nothing merged yet, expects on a few examples: the file that comes out can be held against it.

    `reference.npz`: `texts` (N,), their tokens `ids` (T,) one after the other, `starts` (N+1,), and after each token the 64
    likeliest next ones, `top` and `logprobs` (T, 64).
    """
    import numpy as np

    shown = [example.prompt + example.completion for example in (*job.dev, *job.train)]
    encoded = [(text, tokenise(text)) for text in dict.fromkeys(shown)]
    encoded = [(text, ids) for text, ids in encoded if 0 < len(ids) <= job.settings.max_length][:REFERENCE]
    learner.eval()
    tops, logprobs = [], []
    with torch.no_grad():
        for _, ids in encoded:
            likely = learner(input_ids=torch.tensor([ids])).logits[0].float().log_softmax(-1)
            found = likely.topk(min(64, likely.shape[-1]))
            tops.append(found.indices.numpy().astype(np.int32))
            logprobs.append(found.values.numpy())
    with writing(job.folder / "reference.npz") as part, part.open("wb") as stream:
        np.savez(
            stream,
            texts=np.array([text for text, _ in encoded]),
            ids=np.array([index for _, ids in encoded for index in ids], np.int32),
            starts=np.cumsum([0, *(len(ids) for _, ids in encoded)]).astype(np.int32),
            top=np.concatenate(tops),
            logprobs=np.concatenate(logprobs),
        )


def merged(learner: Any, job: Job) -> dict[str, Any]:
    """The changed matrices by name, with the adapters added; the adapters alone go to `adapter/` in PEFT's format."""
    from peft import get_peft_model_state_dict
    from safetensors.torch import save_file

    place = job.folder / "adapter"
    place.mkdir(exist_ok=True)
    config = learner.peft_config["default"]
    config.base_model_name_or_path = job.name
    config.inference_mode = True
    config.save_pretrained(os.fspath(place))
    # Without that option PEFT looks the model's name up on the hub.
    kept = get_peft_model_state_dict(learner, save_embedding_layers=False)
    adapters = {name: value.detach().contiguous() for name, value in kept.items()}
    save_file(adapters, place / "adapter_model.safetensors")
    causal = learner.get_base_model()
    touched = [name for name, layer in causal.named_modules() if hasattr(layer, "lora_A")]
    plain = learner.merge_and_unload()
    return {f"{name}.weight": plain.get_submodule(name).weight.detach().numpy() for name in touched}


def weights_of(module: Any) -> dict[str, Any]:
    """Every weight by name; a table that is input and output at once stands there once."""
    return {name: value.detach().numpy() for name, value in module.named_parameters()}
