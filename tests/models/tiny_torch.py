"""A tiny causal language model with random weights and a tokenizer of single characters, as the hub would hold it."""

import json
from pathlib import Path
from typing import Any

import tokenizers
from tokenizers import decoders, models, pre_tokenizers

CHARACTERS = ["Ġ", "Ċ", *(chr(code) for code in range(33, 127))]
SPECIAL = ["<s>", "</s>", "<|im_start|>", "<|im_end|>"]
TEMPLATE = "{% for m in messages %}<|im_start|>{{ m.role }}\n{{ m.content }}<|im_end|>\n{% endfor %}<|im_start|>"


def tiny_folder(path: Path, model_type: str = "llama", **changes: Any) -> Path:
    """Two layers, hidden 32; numbers large enough that what it says depends on all it read."""
    import torch
    import transformers

    torch.manual_seed(0)
    transformers.logging.disable_progress_bar()
    config = transformers.AutoConfig.for_model(
        model_type,
        **{
            "vocab_size": len(CHARACTERS) + len(SPECIAL),
            "hidden_size": 32,
            "intermediate_size": 64,
            "num_hidden_layers": 2,
            "num_attention_heads": 4,
            "num_key_value_heads": 2,
            "head_dim": 8,
            "max_position_embeddings": 512,
            "initializer_range": 0.4,
            "bos_token_id": 0,
            "eos_token_id": 1,
            "pad_token_id": None,
            "tie_word_embeddings": False,
            **changes,
        },
    )
    transformers.AutoModelForCausalLM.from_config(config).save_pretrained(path)
    vocabulary = {token: number for number, token in enumerate([*SPECIAL, *CHARACTERS])}
    made = tokenizers.Tokenizer(models.BPE(vocab=vocabulary, merges=[], unk_token=None))
    made.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    made.decoder = decoders.ByteLevel()
    made.add_special_tokens(SPECIAL)
    made.save(str(path / "tokenizer.json"))
    stated = {
        "tokenizer_class": "PreTrainedTokenizerFast",
        "bos_token": "<s>",
        "eos_token": {"__type": "AddedToken", "content": "</s>", "special": True},
        "chat_template": TEMPLATE,
    }
    (path / "tokenizer_config.json").write_text(json.dumps(stated))
    return path
