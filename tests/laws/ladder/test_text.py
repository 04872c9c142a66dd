"""Text and tokens: the grammars are seeded, nothing held out is trained on, bytes are counted exactly."""

from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from gulliver.laws import LawError
from gulliver.laws.ladder.proteins import ACIDS, proteins
from gulliver.laws.ladder.texts import Text, load_text
from gulliver.laws.ladder.tokens import SPECIAL, tokenise
from gulliver.laws.ladder.translation import translation
from tests.laws.ladder.tiny import tiny


def test_proteins_are_sequences_of_acids_and_the_seed_decides_them() -> None:
    text = proteins(30_000, 1)
    assert text == proteins(30_000, 1) != proteins(30_000, 2)
    assert set(text) == set(ACIDS) | {"\n"}
    lengths = [len(line) for line in text.splitlines()]
    assert 30_000 <= len(text) < 31_000
    assert 35 < min(lengths) < max(lengths) < 200


def test_few_families_are_more_alike() -> None:
    """The same residue after a line's first one: a family has one profile, and many families share only the background."""

    def alike(families: int, concentration: float = 4.0) -> float:
        seconds = [line[1] for line in proteins(60_000, 1, families, concentration).splitlines()]
        return sum((seconds.count(acid) / len(seconds)) ** 2 for acid in ACIDS)

    assert alike(1) > 2 * alike(200)
    assert alike(1, 0.5) > 2 * alike(1)


def test_a_translation_is_a_function_of_its_source() -> None:
    pairs = [line.split(" => ") for line in translation(80_000, 3).splitlines()]
    known = dict(pairs)
    assert all(known[source] == target for source, target in pairs)
    assert len(known) > len(pairs) / 2


def test_verbs_come_last_and_agree() -> None:
    for line in translation(20_000, 4).splitlines():
        source, target = (side.split() for side in line.split(" => "))
        assert len(source) == len(target)
        assert ("that" in source) == ("ke" in target)


def test_held_out_blocks_are_not_trained_on(tmp_path: Path) -> None:
    text = load_text(tiny(tmp_path))
    train = set(text.train.splitlines())
    fresh = [line for line in text.held_out.splitlines() if line not in train]
    assert len(fresh) > 0.8 * len(text.held_out.splitlines())
    assert 0.03 < len(text.held_out) / len(text.train) < 0.08


def test_a_file_of_the_users_is_read_and_a_missing_one_is_said(tmp_path: Path) -> None:
    (tmp_path / "own.txt").write_text(translation(20_000), encoding="utf-8")
    config = tiny(tmp_path)
    from dataclasses import replace

    own = replace(config, text=replace(config.text, generated=None, files=("own.txt",)))
    assert load_text(own).source == "own.txt"
    with pytest.raises(LawError, match=r"none\.txt cannot be read"):
        load_text(replace(own, text=replace(own.text, files=("none.txt",))))


@settings(max_examples=15, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(st.text(st.characters(codec="utf-8"), min_size=1, max_size=200))
def test_ids_hold_every_byte_of_any_text(tmp_path: Path, odd: str) -> None:
    plain = translation(3_000)
    tokens = tokenise(Text(plain, odd, "", ""), 280, tmp_path)
    assert tokens.sizes[tokens.held_out].sum() == len(odd.encode())
    assert tokens.tokenizer.decode(tokens.held_out.tolist()) == odd


def test_a_larger_vocabulary_makes_fewer_tokens(tmp_path: Path) -> None:
    text = load_text(tiny(tmp_path))
    few, many = (tokenise(text, size, tmp_path) for size in (300, 500))
    assert len(many.train) < len(few.train)
    assert few.sizes.shape == (300,)
    assert not few.sizes[[few.tokenizer.token_to_id(piece) for piece in SPECIAL]].any()
    assert len(np.unique(few.train)) <= 300


def test_a_vocabulary_under_the_bytes_is_refused(tmp_path: Path) -> None:
    with pytest.raises(LawError, match="at least 258"):
        tokenise(load_text(tiny(tmp_path)), 200, tmp_path)
