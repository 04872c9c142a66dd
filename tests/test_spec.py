"""The one-line language of recipes."""

from contextlib import suppress
from dataclasses import dataclass

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gulliver.errors import SpecError
from gulliver.spec import Call, build, parse

names = st.from_regex(r"[a-z][a-z0-9_.\-]{0,8}", fullmatch=True)
keys = st.from_regex(r"[a-z][a-z_]{0,6}", fullmatch=True)
values = st.one_of(
    st.integers(-1000, 1000), st.floats(-10, 10), st.booleans(), st.none(), st.text(max_size=12),
    st.tuples(st.integers(0, 9), st.text(max_size=4)),
)  # fmt: skip
calls = st.builds(lambda n, o: Call(n, tuple(o.items())), names, st.dictionaries(keys, values, max_size=3))


@given(st.lists(calls, min_size=1, max_size=4))
def test_what_is_shown_reads_back_the_same(parts: list[Call]) -> None:
    assert parse(" | ".join(str(part) for part in parts)) == tuple(parts)


@given(st.text(max_size=40))
def test_any_text_is_read_or_refused_with_a_sentence(text: str) -> None:
    with suppress(SpecError):
        assert all(call.name for call in parse(text))


@pytest.mark.parametrize(
    "text", ["", "a |", "a(", "a(n=)", "a(n)", "a(n=1, n=2)", "a(n='x)", "a)(", "a(n={)", "a(x=b c)"]
)
def test_what_is_not_a_recipe_is_refused(text: str) -> None:
    with pytest.raises(SpecError):
        parse(text)


def test_bars_and_commas_in_quotes_do_not_split() -> None:
    assert parse("a(x='p|q, r') | b") == (Call("a", (("x", "p|q, r"),)), Call("b"))


@dataclass(frozen=True)
class Thing:
    n: int = 1
    share: float = 0.5
    word: str = "w"


def test_options_become_fields() -> None:
    assert build(Thing, parse("thing(n=3, word=two)")[0]) == Thing(3, word="two")


@pytest.mark.parametrize("text", ["thing(m=1)", "thing(n='x')", "thing(n=1.5)", "thing(n=true)"])
def test_a_wrong_option_is_named(text: str) -> None:
    with pytest.raises(SpecError, match="thing"):
        build(Thing, parse(text)[0])
