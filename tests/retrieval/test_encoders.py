"""A folder of sentence-transformers is run as its files say, and what cannot be run is refused."""

import json
from pathlib import Path

import numpy as np
import pytest

from gulliver.models.encoder import encoder_files, load_encoder
from gulliver.retrieval import RetrievalError
from gulliver.retrieval.encoders import encoder_digest, find_encoder

TEXTS = ["a ship", "the old king of the hill and a ship", "king"]
MODULES = ("Transformer", "Pooling", "Normalize")


def _describe(folder: Path, mean: bool = True, modules: tuple[str, ...] = MODULES) -> None:
    """The files that say how a transformer's states become a vector."""
    places = {"Transformer": "", "Pooling": "1_Pooling"}
    rows = [
        {"idx": i, "path": places.get(kind, f"{i}_{kind}"), "type": f"sentence_transformers.models.{kind}"}
        for i, kind in enumerate(modules)
    ]
    (folder / "modules.json").write_text(json.dumps(rows), encoding="utf-8")
    (folder / "1_Pooling").mkdir(exist_ok=True)
    pooling = {"pooling_mode_mean_tokens": mean, "pooling_mode_cls_token": not mean}
    (folder / "1_Pooling" / "config.json").write_text(json.dumps(pooling), encoding="utf-8")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A BERT of two small layers with random weights and a vocabulary of letters."""
    torch = pytest.importorskip("torch")
    transformers = pytest.importorskip("transformers")
    names = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", *"abcdefghijklmnopqrstuvwxyz"]
    (tmp_path / "vocab.txt").write_text("\n".join([*names, *(f"##{n}" for n in names[5:])]), encoding="utf-8")
    from tokenizers.implementations import BertWordPieceTokenizer

    BertWordPieceTokenizer(str(tmp_path / "vocab.txt")).save(str(tmp_path / "tokenizer.json"))
    transformers.PreTrainedTokenizerFast(
        tokenizer_file=str(tmp_path / "tokenizer.json"), pad_token="[PAD]", cls_token="[CLS]", sep_token="[SEP]", unk_token="[UNK]"
    ).save_pretrained(tmp_path)  # fmt: skip
    torch.manual_seed(0)
    config = transformers.BertConfig(
        vocab_size=57, hidden_size=16, num_hidden_layers=2, num_attention_heads=2, intermediate_size=32
    )
    transformers.BertModel(config).save_pretrained(tmp_path)
    _describe(tmp_path)
    return tmp_path


def test_vectors_have_length_one_and_do_not_depend_on_their_batch(folder: Path) -> None:
    encoder = find_encoder(str(folder))
    together = encoder.embed(TEXTS)
    assert together.shape == (3, 16)
    assert np.allclose(np.linalg.norm(together, axis=1), 1.0, atol=1e-5)
    assert np.allclose(together, np.concatenate([encoder.embed([text]) for text in TEXTS]), atol=1e-5)


def test_the_first_token_is_taken_where_the_folder_says_so(
    folder: Path, tmp_path_factory: pytest.TempPathFactory
) -> None:
    import shutil

    mean = find_encoder(str(folder)).embed(TEXTS)
    other = tmp_path_factory.mktemp("first") / "encoder"
    shutil.copytree(folder, other)
    _describe(other, mean=False)
    assert not np.allclose(mean, find_encoder(str(other)).embed(TEXTS), atol=1e-3)
    assert encoder_digest(str(folder)) != encoder_digest(str(other))


def test_what_cannot_be_run_is_refused(tmp_path: Path) -> None:
    with pytest.raises(RetrievalError, match=r"needs modules\.json"):
        find_encoder(str(tmp_path))
    _describe(tmp_path, modules=(*MODULES, "Dense"))
    with pytest.raises(RetrievalError, match="has a part Dense"):
        find_encoder(str(tmp_path))


@pytest.mark.models
def test_the_packaged_encoder_as_a_folder_gives_the_same_vectors(tmp_path: Path) -> None:
    transformers = pytest.importorskip("transformers")
    import shutil

    weights, tokenizer = encoder_files()
    shutil.copy(weights, tmp_path / "model.safetensors")
    transformers.PreTrainedTokenizerFast(tokenizer_file=str(tokenizer), pad_token="[PAD]").save_pretrained(tmp_path)
    transformers.BertConfig(hidden_size=384, num_hidden_layers=6, intermediate_size=1536).save_pretrained(tmp_path)
    _describe(tmp_path)
    texts = ["A lighthouse burns whale oil.", "Rye bread rests overnight, and then it is baked."]
    assert np.allclose(find_encoder(str(tmp_path)).embed(texts), load_encoder().embed(texts), atol=2e-3)
