"""Models that judge answers: a head trained here, and any sequence classifier."""

import asyncio
import json
import math
from pathlib import Path
from typing import Any

import pytest

from gulliver.errors import ModelError
from gulliver.models import load_model
from gulliver.models.base import Model, Reply, Score
from gulliver.models.engines import open_client, open_engine
from gulliver.models.engines.classifier import good_label
from gulliver.models.rewards import load_reward, load_verifier, verifier_path
from gulliver.models.verifier import PLAIN, Head

PAIRS = [("What is 3 + 4?", "3 + 4 = 7"), ("What is 3 + 4?", "It is 8."), ("Name a colour.", "red " * 40)]


def classifier(path: Path, labels: int = 2, template: bool = False) -> Path:
    """A tiny BERT with random weights and a head for whole sequences, as the hub would hold it."""
    import tokenizers
    import torch
    import transformers
    from tokenizers import models, pre_tokenizers, processors

    torch.manual_seed(0)
    characters = ["[PAD]", "[CLS]", "[SEP]", "[UNK]", *(chr(code) for code in range(33, 127))]
    config = transformers.BertConfig(
        vocab_size=len(characters), hidden_size=32, num_hidden_layers=2, num_attention_heads=4, intermediate_size=64,
        max_position_embeddings=256, num_labels=labels, initializer_range=0.5,
        id2label={0: "CORRECT", 1: "INCORRECT"} if labels == 2 else {0: "LABEL_0"},
        label2id={"CORRECT": 0, "INCORRECT": 1} if labels == 2 else {"LABEL_0": 0},
    )  # fmt: skip
    transformers.BertForSequenceClassification(config).save_pretrained(path)
    vocabulary = {token: number for number, token in enumerate(characters)}
    made = tokenizers.Tokenizer(models.WordLevel(vocabulary, unk_token="[UNK]"))
    made.pre_tokenizer = pre_tokenizers.Split("", "isolated")
    made.post_processor = processors.TemplateProcessing(
        "[CLS] $A [SEP]", "[CLS] $A [SEP] $B [SEP]", [("[CLS]", 1), ("[SEP]", 2)]
    )
    made.save(str(path / "tokenizer.json"))
    stated: dict[str, Any] = {"tokenizer_class": "PreTrainedTokenizerFast", "pad_token": "[PAD]"}
    if template:
        stated["chat_template"] = "{% for m in messages %}{{ m.role }}:{{ m.content }};{% endfor %}"
    (path / "tokenizer_config.json").write_text(json.dumps(stated))
    return path


def replies(model: Model, pairs: list[tuple[str, str]]) -> list[Reply]:
    engine = open_engine(model)
    for key, pair in enumerate(pairs):
        engine.submit(key, Score(*pair))
    found: dict[int, Reply] = {}
    while engine.busy():
        found |= dict(engine.step())
    return [found[key] for key in range(len(pairs))]


@pytest.mark.filterwarnings("ignore::DeprecationWarning")
@pytest.mark.usefixtures("home")
class TestClassifier:
    def test_alone_is_as_in_company_and_probabilities_differ(self, tmp_path: Path) -> None:
        model = load_reward(f"dir:{classifier(tmp_path / 'm')}")
        together = replies(model, PAIRS)
        alone = [replies(model, [pair])[0] for pair in PAIRS]
        assert [r.logprob for r in together] == pytest.approx([r.logprob for r in alone], abs=1e-5)
        assert all(r.logprob is not None and r.logprob < 0 for r in together)
        assert len({round(r.logprob or 0.0, 4) for r in together}) == 3
        assert [r.prompt_tokens for r in together] == [r.prompt_tokens for r in alone]

    def test_one_output_is_a_log_odds(self, tmp_path: Path) -> None:
        import torch
        import transformers

        folder = classifier(tmp_path / "m", labels=1)
        reply = replies(load_reward(f"dir:{folder}"), PAIRS[:1])[0]
        module = transformers.AutoModelForSequenceClassification.from_pretrained(folder)
        tokenizer = transformers.AutoTokenizer.from_pretrained(folder)
        with torch.inference_mode():
            odds = float(module(**tokenizer(*PAIRS[0], return_tensors="pt")).logits[0, 0])
        assert math.exp(reply.logprob or 0.0) == pytest.approx(1 / (1 + math.exp(-odds)), abs=1e-5)

    def test_a_model_made_from_a_chat_model_reads_a_conversation(self, tmp_path: Path) -> None:
        plain = replies(load_reward(f"dir:{classifier(tmp_path / 'a')}"), PAIRS[:1])[0]
        chat = replies(load_reward(f"dir:{classifier(tmp_path / 'b', template=True)}"), PAIRS[:1])[0]
        assert chat.prompt_tokens > plain.prompt_tokens

    def test_what_is_no_classifier_is_a_sentence(self, tmp_path: Path) -> None:
        with pytest.raises(ModelError, match=r"write dir:FOLDER or hf:owner/name"):
            load_reward("smollm2-135m")
        with pytest.raises(ModelError, match="give a sequence classifier's folder"):
            load_reward(f"dir:{tmp_path}")


def test_labels_are_found_by_what_they_say() -> None:
    assert good_label({0: "incorrect", 1: "correct"}) == 1
    assert good_label({0: "POSITIVE", 1: "NEGATIVE"}) == 0
    assert good_label({0: "a", 1: "b"}) == 1


@pytest.mark.usefixtures("home")
def test_a_verifier_that_is_not_there_says_how_to_train_one() -> None:
    with pytest.raises(ModelError, match="gulliver verifier TASK --name mine"):
        load_verifier("mine")
    assert verifier_path("mine").name == "mine.json"
    assert verifier_path("/tmp/x.json") == Path("/tmp/x.json")


@pytest.mark.models
def test_a_verifier_reads_with_the_packaged_encoder_in_a_process_of_its_own(tmp_path: Path) -> None:
    from gulliver.models.encoder import load_encoder

    width = 2 * load_encoder().dimensions + PLAIN
    weights = (*([0.0] * (width - PLAIN)), 1.0, -1.0, *([0.0] * (PLAIN - 2)))  # right equations less wrong ones
    Head((0.0,) * width, (1.0,) * width, weights, 0.0).save(tmp_path / "v.json")
    model = load_verifier(str(tmp_path / "v.json"))

    async def ask() -> list[Reply]:
        client = open_client(model)
        try:
            return list(await asyncio.gather(*(client.ask(Score(*pair)) for pair in PAIRS)))
        finally:
            await client.close()

    found = asyncio.run(ask())
    assert [math.exp(r.logprob or 0.0) for r in found] == pytest.approx([1 / (1 + math.exp(-1)), 0.5, 0.5], abs=1e-6)
    assert all(r.prompt_tokens > 4 and r.seconds > 0 for r in found)


@pytest.mark.usefixtures("home")
def test_a_recipe_names_them_like_other_models() -> None:
    with pytest.raises(ModelError, match="There is no verifier 'default'"):
        load_model("verifier:default")
    with pytest.raises(ModelError, match="is no reward model"):
        load_model("reward:smollm2-135m")
