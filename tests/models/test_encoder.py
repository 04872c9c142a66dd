"""Sentence vectors: the graph computes what the weights say, and alike texts lie close."""

from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest
from scipy.special import erf, softmax

from gulliver.errors import ModelError
from gulliver.models.encoder import LENGTH, Encoder, encoder_files, load_encoder

Array = npt.NDArray[np.float64]

TEXTS = [
    "The cat sat on the mat.",
    "A cat was sitting on a rug.",
    "Interest rates rose by half a point last quarter.",
    "",
    "Naïve café — 東京 🙂",
    "How do I return a parcel that arrived broken? " * 12,
]


def _norm(x: Array, weight: Array, bias: Array) -> Array:
    centred = x - x.mean(-1, keepdims=True)
    return np.asarray(centred / np.sqrt((centred**2).mean(-1, keepdims=True) + 1e-12) * weight + bias)


def _numpy_forward(weights: Path, ids: list[int]) -> Array:
    """One text at a time, in float64, written from the paper's formulas."""
    from safetensors.numpy import load_file

    w = {key: value.astype(np.float64) for key, value in load_file(weights).items()}

    def dense(x: Array, name: str) -> Array:
        return x @ w[f"{name}.weight"].T + w[f"{name}.bias"]

    e = "embeddings"
    x = w[f"{e}.word_embeddings.weight"][ids] + w[f"{e}.position_embeddings.weight"][: len(ids)]
    x = x + w[f"{e}.token_type_embeddings.weight"][0]
    x = _norm(x, w[f"{e}.LayerNorm.weight"], w[f"{e}.LayerNorm.bias"])
    for i in range(6):
        at = f"encoder.layer.{i}"
        q, k, v = (dense(x, f"{at}.attention.self.{part}") for part in ("query", "key", "value"))
        mixed = np.zeros_like(x)
        for head in range(12):
            own = slice(32 * head, 32 * head + 32)
            mixed[:, own] = softmax(q[:, own] @ k[:, own].T / np.sqrt(32.0), axis=-1) @ v[:, own]
        x = x + dense(mixed, f"{at}.attention.output.dense")
        x = _norm(x, w[f"{at}.attention.output.LayerNorm.weight"], w[f"{at}.attention.output.LayerNorm.bias"])
        inner = dense(x, f"{at}.intermediate.dense")
        inner = inner * 0.5 * (1.0 + erf(inner / np.sqrt(2.0)))
        x = x + dense(inner, f"{at}.output.dense")
        x = _norm(x, w[f"{at}.output.LayerNorm.weight"], w[f"{at}.output.LayerNorm.bias"])
    mean = x.mean(0)
    return np.asarray(mean / np.linalg.norm(mean))


def test_a_language_model_is_no_encoder() -> None:
    with pytest.raises(ModelError, match="smollm2-135m is a language model and gives no sentence vectors"):
        load_encoder("smollm2-135m")


@pytest.fixture(scope="module")
def encoder() -> Encoder:
    return load_encoder("minilm-22m")


@pytest.mark.models
class TestMiniLM:
    def test_vectors_agree_with_numpy_on_the_same_weights(self, encoder: Encoder) -> None:
        weights, _ = encoder_files("minilm-22m")
        found = encoder.embed(TEXTS)
        for text, vector in zip(TEXTS, found, strict=True):
            ids = encoder.tokenizer.encode(text).ids
            assert np.abs(_numpy_forward(weights, ids) - vector).max() < 1e-4, text

    def test_vectors_are_of_unit_length_and_384_wide(self, encoder: Encoder) -> None:
        found = encoder.embed(TEXTS)
        assert found.shape == (len(TEXTS), 384)
        assert found.dtype == np.float32
        assert np.linalg.norm(found, axis=1) == pytest.approx(1.0, abs=1e-5)
        assert encoder.embed([]).shape == (0, 384)

    def test_paraphrases_are_closer_than_unrelated_texts(self, encoder: Encoder) -> None:
        cat, rug, rates, *_ = encoder.embed(TEXTS)
        assert cat @ rug > 0.5 > 0.2 > cat @ rates

    def test_a_text_has_the_same_vector_alone_and_in_a_batch(self, encoder: Encoder) -> None:
        together = encoder.embed(TEXTS * 8)
        alone = np.concatenate([encoder.embed([text]) for text in TEXTS])
        assert together == pytest.approx(np.tile(alone, (8, 1)), abs=1e-5)

    def test_a_text_is_read_to_its_256th_token(self, encoder: Encoder) -> None:
        long = "word " * 1000
        assert encoder.tokens([long, "word"]) == [LENGTH, 3]
        changed = encoder.embed([long, long + "something else entirely"])
        assert changed[0] == pytest.approx(changed[1], abs=1e-6)

    def test_the_card_counts_the_weights(self, encoder: Encoder) -> None:
        assert encoder.parameters == 22_713_216
        assert encoder.flops_per_token == 2 * (22_713_216 - (30522 + 512 + 2) * 384)
