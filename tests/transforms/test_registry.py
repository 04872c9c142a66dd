import json
import subprocess
import sys

import pytest

from gulliver.errors import SpecError
from gulliver.transforms.registry import find_transform, transform_names
from gulliver.transforms.table import markdown, transform_rows


def test_a_transform_is_found_by_the_name_it_is_marked_with() -> None:
    assert {"int4", "int8", "skip_attention"} <= set(transform_names())
    for name in transform_names():
        assert find_transform(name).transform_name == name


def test_files_that_serve_transforms_are_none() -> None:
    assert not {"base", "registry", "table", "making", "parity", "reading", "rewriting"} & set(transform_names())


def test_an_unknown_name_is_told_the_known_ones() -> None:
    with pytest.raises(SpecError, match=r"no transform 'int3'; there are: .*int8"):
        find_transform("int3")


def test_each_transform_has_a_sentence_and_a_line_of_the_table() -> None:
    for row in transform_rows():
        assert row["about"].endswith((".", ")"))
    assert len(markdown().splitlines()) == 2 + len(transform_rows())


def test_the_command_lists_them_and_brings_nothing_heavy() -> None:
    heavy = "torch openvino gguf numpy transformers"
    code = f"import sys, gulliver.transforms.table as t, json; t.transform_rows(); print(json.dumps([m for m in {heavy.split()!r} if m in sys.modules]))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert json.loads(done.stdout) == []
