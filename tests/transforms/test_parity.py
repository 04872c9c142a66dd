"""What was planted is found; what is right is not called wrong."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import gguf
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from gulliver.errors import ModelError
from gulliver.models.base import Model
from gulliver.models.gguf_rewrite import Plan, rewrite
from gulliver.models.load import load_model
from gulliver.training.base import Example
from gulliver.transforms.parity import Parity, _doubled, _first_difference, check, check_logits, judge, write_reference
from gulliver.transforms.reading import Reading, Wanted, divergence, load_reading, read
from tests.transforms.tiny import HIDDEN, TEMPLATE, small_gguf

PROBE = Example("<|im_start|>user\nWhere is the cat?<|im_end|>\n<|im_start|>assistant\n", "On the mat.")
QUERIES = "blk.1.attn_q.weight"
UP = "blk.1.ffn_up.weight"


def adapter(rows: int, columns: int) -> np.ndarray:
    """What a merge adds: the product of two thin matrices."""
    random = np.random.default_rng(1)
    return random.normal(size=(rows, 4)) @ random.normal(size=(4, columns)) * 0.02


# On the tiny model: what reaches the engine, by what a merge adds to it.


@pytest.fixture(scope="module")
def trained(home: Path, parent: Model) -> Path:
    """The reference that a trainer leaves, of the parent with an adapter."""
    added = {QUERIES: adapter(HIDDEN, HIDDEN), UP: adapter(2 * HIDDEN, HIDDEN)}
    model = load_model(f"gguf:{small_gguf(home / 'trained.gguf', added=added)}")
    return reference_of(model, home / "reference.npz")


def reference_of(model: Model, path: Path) -> Path:
    texts = (PROBE.prompt + PROBE.completion, "The harbour was quiet that morning, and the cat slept on the rope.")
    made = read(model, Wanted(texts))[0]
    whole = np.full((len(made.ids), int(made.top.max()) + 1), -30.0, np.float32)
    np.put_along_axis(whole, made.top.astype(np.int64), made.logprobs, -1)
    write_reference(path, texts, made.texts(), [whole[a:b] for a, b in zip(made.starts, made.starts[1:], strict=False)])
    return path


def child(home: Path, name: str, **options: Any) -> Model:
    return load_model(f"gguf:{small_gguf(home / f'{name}.gguf', **options)}")


def test_a_right_merge_is_no_alarm(home: Path, parent: Model, trained: Path) -> None:
    right = child(home, "right", added={QUERIES: adapter(HIDDEN, HIDDEN), UP: adapter(2 * HIDDEN, HIDDEN)})
    found = check(parent, right, (PROBE,), True, trained)
    assert not found.alarming, found.sentence
    assert found.reference is not None
    assert found.learned is not None
    assert found.reference < 0.01 * found.learned
    assert check_logits(right, trained) == pytest.approx(found.reference)


@pytest.mark.parametrize(
    ("name", "added"),
    [
        ("twice", {QUERIES: 2 * adapter(HIDDEN, HIDDEN), UP: 2 * adapter(2 * HIDDEN, HIDDEN)}),
        ("never", {}),
        ("turned", {QUERIES: adapter(HIDDEN, HIDDEN).T, UP: adapter(2 * HIDDEN, HIDDEN)}),
        ("halved", {QUERIES: adapter(HIDDEN, HIDDEN)}),
    ],
)
def test_a_wrong_merge_is_found(home: Path, parent: Model, trained: Path, name: str, added: dict[str, Any]) -> None:
    found = check(parent, child(home, name, added=added), (), True, trained)
    assert found.verdict == "broken"
    assert "the merge is wrong" in found.sentence


def test_a_wrong_template_is_found(home: Path, parent: Model) -> None:
    other = child(home, "template", template=TEMPLATE.replace("assistant\n", "bot\n"))
    found = check(parent, other)
    assert (found.verdict, found.ids_equal, found.kl) == ("broken", False, 0.0)
    assert "read prompt 1 differently from token" in found.sentence


def test_a_begin_token_that_is_there_twice_is_found(home: Path, parent: Model) -> None:
    other = child(home, "begin", template="<|im_start|>" + TEMPLATE)
    assert check(parent, other).verdict == "broken"
    both = replace(PROBE, prompt="<|im_start|>" + PROBE.prompt)
    found = check(parent, parent, (both,))
    assert found.verdict == "broken"
    assert "twice" in found.sentence


def test_a_trainer_that_read_other_tokens_is_found(home: Path, parent: Model, trained: Path, tmp_path: Path) -> None:
    with np.load(trained) as data:
        parts = dict(data)
    parts["ids"], parts["starts"] = np.insert(parts["ids"], 0, 1), parts["starts"] + np.array([0, 1, 1], np.int32)
    parts["top"], parts["logprobs"] = (np.insert(parts[key], 0, parts[key][0], 0) for key in ("top", "logprobs"))
    np.savez(tmp_path / "reference.npz", **parts)
    found = check(parent, parent, (), True, tmp_path / "reference.npz")
    assert found.verdict == "broken"
    assert found.sentence.startswith("The trainer and the changed model read prompt 1 differently from token 2")


def test_a_model_is_the_same_as_itself_and_is_read_once(
    home: Path, parent: Model, monkeypatch: pytest.MonkeyPatch
) -> None:
    found = check(parent, parent, (PROBE,))
    assert (found.verdict, found.kl, found.top1) == ("same", 0.0, 1.0)
    assert found.nats_before == found.nats_after
    assert found.task_before == pytest.approx(found.task_after)
    monkeypatch.setattr("gulliver.transforms.reading.run_apart", None)
    assert check(parent, parent, (PROBE,)) == found


def test_long_texts_are_read_in_pieces_as_in_one(home: Path, parent: Model, monkeypatch: pytest.MonkeyPatch) -> None:
    long = "the cat and the dog " * 30
    whole = read(parent, Wanted((long,)))[0]
    assert len(whole.ids) > 300
    start = len(whole.ids) - 200
    assert whole.said[:-1].max() <= 0
    assert np.isnan(whole.said[-1])
    assert (np.diff(whole.logprobs, axis=1) <= 0).all()
    assert (whole.top[:, 0] == whole.best).all()
    front = read(parent, Wanted(ids=(tuple(whole.ids[:start].tolist()),)))[0]
    assert np.abs(front.logprobs[:, 0] - whole.logprobs[:start, 0]).max() < 1e-3


# Without a model: numbers to verdicts.

TUNED = Parity(
    "same", "", kl=0.05, top1=0.9, tokens=500, nats_before=3.0, nats_after=3.1, task_before=2.0, task_after=0.3
)


@pytest.mark.parametrize(
    ("found", "verdict"),
    [
        (Parity("same", "", kl=0.0004), "same"),
        (Parity("same", "", kl=0.05), "close"),
        (Parity("same", "", kl=0.8, nats_before=3, nats_after=3.4), "changed"),
        (Parity("same", "", kl=0.8, nats_before=3, nats_after=4.4), "broken"),
        (Parity("same", "", kl=float("nan")), "broken"),
        (Parity("same", "", difference="They differ."), "broken"),
        (TUNED, "close"),
        (replace(TUNED, reference=0.001, learned=0.9), "close"),
        (replace(TUNED, reference=0.4, learned=0.9), "broken"),
        (replace(TUNED, task_after=2.4), "broken"),
    ],
)
def test_numbers_have_the_verdict_they_deserve(found: Parity, verdict: str) -> None:
    made = judge(found, learned=True)
    assert made.verdict == verdict
    assert made.alarming == (verdict == "broken")
    assert made.sentence.endswith(".")


def test_a_task_may_become_less_likely_when_nothing_was_learned() -> None:
    assert judge(replace(TUNED, task_after=2.4), learned=False).verdict == "close"


def test_the_first_difference_is_named() -> None:
    assert _first_difference([[1, 2], [3, 4]], [[1, 2], [3, 4]]) == ""
    assert "prompt 2 differently from token 2 on ([4] became [5], 2 tokens became 2)" in _first_difference(
        [[1, 2], [3, 4]], [[1, 2], [3, 5]]
    )
    assert "from token 3 on" in _first_difference([[1, 2]], [[1, 2, 3]])


def test_only_a_mark_in_front_counts_as_doubled() -> None:
    assert _doubled(["<s><s>x"], [[1, 1, 5]])
    assert not _doubled(["<s>x<s>"], [[1, 5, 1]])
    assert not _doubled(["haha"], [[4, 4]])


logits = arrays(np.float64, (5, 12), elements=st.floats(-8, 8))


@given(logits, logits)
def test_divergence_is_never_negative_nor_more_than_over_all_tokens(one: np.ndarray, other: np.ndarray) -> None:
    p, q = (each - np.log(np.exp(each).sum(-1, keepdims=True)) for each in (one, other))
    top = np.argsort(-p, axis=-1)[:, :6].astype(np.int32)
    none = np.zeros(5, np.int32)
    kept = [
        Reading(none, none, top, np.take_along_axis(each, top, -1).astype(np.float32), none, none.astype(np.float32))
        for each in (p, q)
    ]
    whole = (np.exp(p) * (p - q)).sum(-1)
    found = divergence(*kept)
    assert (found >= 0).all()
    assert (found <= whole + 1e-4).all()
    assert divergence(kept[0], kept[0]) == pytest.approx(0, abs=1e-6)


def test_damaged_files_are_one_sentence(home: Path, parent: Model, tmp_path: Path) -> None:
    bad = tmp_path / "reference.npz"
    bad.write_bytes(b"PK nothing")
    with pytest.raises(ModelError, match=r"reference\.npz is no reference"):
        check_logits(parent, bad)
    with pytest.raises(ModelError, match="damaged"):
        load_reading(bad)


def test_a_file_that_the_engine_cannot_build_is_one_sentence(home: Path, parent: Model, tmp_path: Path) -> None:
    broken = tmp_path / "broken.gguf"
    broken.write_bytes(b"GGUF" + bytes(100))
    with pytest.raises(ModelError, match="Reading m failed"):
        read(replace(parent, name="m", location=broken, card=replace(parent.card, digest="0")), Wanted(("x",)))


# The same faults in real weights.


def merged(source: Path, target: Path, change: Callable[[str, np.ndarray], np.ndarray], **facts: Any) -> Model:
    """The file in F16 with `change` made to its matrices."""
    plain = target.with_suffix(".plain.gguf")
    plan = Plan(kind=lambda name, shape: "F16" if len(shape) > 1 else "F32", file_type="F16", facts=facts)
    rewrite(source, plain, plan)
    reader = gguf.GGUFReader(plain, "r+")
    for tensor in reader.tensors:
        if len(tensor.shape) > 1:
            tensor.data[:] = change(tensor.name, np.asarray(tensor.data, np.float32)).astype(np.float16)
    reader.data.flush()
    plain.rename(target)
    return load_model(f"gguf:{target}")


def permuted(rows: np.ndarray, heads: int) -> np.ndarray:
    """Query or key rows as a GGUF of a llama keeps them: halves of a head become alternating rows."""
    head = len(rows) // heads
    return rows.reshape(heads, 2, head // 2, -1).swapaxes(1, 2).reshape(rows.shape)


@pytest.mark.models
class TestSmolLM2:
    @pytest.fixture(scope="class")
    @classmethod
    def smollm(cls) -> Model:
        return load_model("smollm2-135m")

    @staticmethod
    def add(scale: float, right: bool = True) -> Callable[[str, np.ndarray], np.ndarray]:
        """An adapter of rank 8 on queries and values, a twentieth of the weights in norm."""

        def change(name: str, weights: np.ndarray) -> np.ndarray:
            kind = name.split(".")[-2]
            if kind not in ("attn_q", "attn_v"):
                return weights
            random = np.random.default_rng(len(name) + int(name.split(".")[1]))
            rows, columns = weights.shape
            delta = random.normal(size=(rows, 8)) @ random.normal(size=(8, columns))
            delta *= 0.15 * np.linalg.norm(weights) / np.linalg.norm(delta)
            if kind == "attn_q" and right:
                delta = permuted(delta, 9)
            return weights + scale * delta.astype(np.float32)

        return change

    def test_planted_merges_are_found_and_the_right_one_is_not_called_wrong(
        self, smollm: Model, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        assert smollm.location is not None
        monkeypatch.setenv("GULLIVER_HOME", str(tmp_path / "home"))
        right = merged(smollm.location, tmp_path / "right.gguf", self.add(1))
        reference = reference_of(right, tmp_path / "reference.npz")
        found = {
            "right": check(smollm, right, (), True, reference),
            "twice": check(smollm, merged(smollm.location, tmp_path / "t.gguf", self.add(2)), (), True, reference),
            "unpermuted": check(
                smollm, merged(smollm.location, tmp_path / "u.gguf", self.add(1, False)), (), True, reference
            ),
        }
        for name, each in found.items():
            print(name, each)
        assert not found["right"].alarming, found["right"].sentence
        for name in ("twice", "unpermuted"):
            assert found[name].verdict == "broken", found[name]

    def test_a_wrong_template_and_a_doubled_begin_token_are_found(
        self, smollm: Model, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        assert smollm.location is not None
        assert smollm.card.chat_template is not None
        monkeypatch.setenv("GULLIVER_HOME", str(tmp_path / "home"))
        for number, template in enumerate((TEMPLATE, "<|im_start|>" + smollm.card.chat_template)):
            path = tmp_path / f"{number}.gguf"
            rewrite(smollm.location, path, Plan(facts={"tokenizer.chat_template": template}))
            found = check(smollm, load_model(f"gguf:{path}"))
            assert found.verdict == "broken"
            assert not found.ids_equal
            assert found.kl < 1e-6  # the weights are the same
