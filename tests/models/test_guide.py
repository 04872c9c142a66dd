"""A guide: schemas with an end, a grammar that allows no more, a script that keeps to it."""

import json
import re
from itertools import count

import jsonschema
import pytest

from gulliver.inference.keys import draw_seed, request_key
from gulliver.models.base import Generate, Sampling
from gulliver.models.engines.protocol import request_body
from gulliver.models.engines.scripted import scripted_reply
from gulliver.models.engines.tokens import tokenise
from gulliver.models.guide import call_guide, grammar, json_guide, read_guide
from gulliver.models.schemas import LONGEST_LIST, LONGEST_TEXT, SchemaError, bounded
from tests.models.engine_contract import scripted

CITY = {
    "type": "object",
    "title": "City",
    "properties": {
        "name": {"type": "string", "maxLength": 40},
        "kind": {"enum": ['a "town"', "c\\d", 3, None]},
        "people": {"type": "integer", "minimum": 0},
        "area": {"type": "number"},
        "tags": {"type": "array", "items": {"type": "string"}, "minItems": 1, "maxItems": 3},
        "mayor": {"$ref": "#/$defs/person"},
        "any": {},
        "more": {"type": "object"},
        "month": {"type": "integer", "minimum": 1, "maximum": 12},
        "note": {"type": ["string", "null"]},
    },
    "required": ["kind", "people", "tags", "month"],
    "$defs": {"person": {"type": "object", "properties": {"a": {"type": "boolean"}}, "additionalProperties": False}},
}
ADD = {"name": "add", "parameters": {"type": "object", "properties": {"a": {"type": "integer"}}, "required": ["a"]}}
NOTHING = {"name": "do_nothing"}


def as_regex(grammar: str) -> re.Pattern[str]:
    """The grammar's language as a regular expression, which it is: no rule leads back to itself."""
    rules = dict(line.split(" ::= ", 1) for line in grammar.splitlines())
    token = re.compile(r'"((?:[^"\\]|\\.)*)"|(\[(?:[^\]\\]|\\.)*\])|(\{\d+,\d+\})|([*()|])|(\w+)|\s+')

    def of(name: str) -> str:
        out = []
        for literal, kind, times, mark, rule in token.findall(rules[name]):
            text = literal.encode().decode("unicode_escape").encode("latin-1").decode() if literal else ""
            kind = kind.replace("{[", "{\\[")  # re would warn of it
            out.append(re.escape(text) + kind + times + mark + (f"(?:{of(rule)})" if rule else ""))
        return "".join(out)

    return re.compile(of("root"))


def keeps(grammar: str, text: str) -> bool:
    return as_regex(grammar).fullmatch(text) is not None


def test_what_is_open_gets_an_end() -> None:
    made = bounded(CITY)["properties"]
    assert made["name"]["maxLength"] == 40
    assert made["tags"]["items"]["maxLength"] == LONGEST_TEXT
    assert made["any"]["anyOf"][-2]["maxItems"] == LONGEST_LIST
    assert made["people"] == {"type": "integer", "minimum": 0, "maximum": 10**12}
    assert made["mayor"]["properties"] == {"a": {"type": "boolean"}}
    assert made["note"]["anyOf"][1] == {"type": "null"}


@pytest.mark.parametrize(
    ("schema", "about"),
    [
        ({"type": "string", "pattern": "(a+)+$"}, "pattern"),
        ({"$ref": "https://example.org/schema"}, "another document"),
        ({"$ref": "#/$defs/none"}, "not in the schema"),
        ({"$ref": "#"}, "refers to itself"),
        ({"properties": {"a": {"$ref": "#/$defs/a"}}, "$defs": {"a": {"items": {"$ref": "#/$defs/a"}}}}, "itself"),
        ({"type": "stringy"}, "does not know"),
        ({"enum": [{"a": "aaaa"}], "properties": {"a": {"pattern": "(a+)+$"}}}, "pattern"),
        ({"$defs": {"a": {"$ref": "http://example.org"}}}, "another document"),
        ({"enum": ["a" * 70_000]}, "longer than"),
        ({"anyOf": [{"required": ["a"]}], "properties": {"a": {}}}, "beside anyOf"),
        ({"$id": "http://example.org/a", "type": "object"}, "id"),
        ({"type": {"a": 1}}, "does not know"),
        ({"type": []}, "empty"),
        ({"enum": []}, "enum"),
        ({"allOf": [{}, {}]}, "allOf"),
        ({"anyOf": [{}] * 600}, "parts"),
        ({"type": "string", "minLength": 10**9}, "whole numbers"),
        ({"type": "integer", "minimum": 3, "maximum": 1}, "not above"),
        ({"type": "integer", "minimum": "a"}, "not above"),
        ({"type": "object", "properties": {"a": 1}}, "no schema"),
        ({"type": "object", "properties": {"a": {}}, "required": ["b"]}, "does not describe"),
        (7, "no schema"),
    ],
)
def test_what_cannot_be_kept_is_refused_in_a_sentence(schema: object, about: str) -> None:
    with pytest.raises(SchemaError, match=about) as refused:
        bounded(schema)
    assert str(refused.value).endswith(".")


def test_a_property_may_have_any_name() -> None:
    assert bounded({"properties": {"pattern": {"type": "string"}, "$ref": {"enum": [{"pattern": "("}]}}})["properties"]


def test_too_deep_is_refused() -> None:
    schema: dict[str, object] = {}
    for _ in range(200):
        schema = {"properties": {"a": schema}}
    with pytest.raises(SchemaError, match="deep"):
        bounded(schema)


def test_the_grammar_allows_what_json_dumps_writes_and_nothing_endless() -> None:
    made = grammar(json_guide(CITY).text)
    plain = {"kind": 3, "people": 12, "tags": ["a", 'b "c" \\ d'], "month": 12}
    assert keeps(made, json.dumps(plain))
    assert keeps(made, json.dumps({"name": "Ulm", **plain, "note": None}))
    assert keeps(made, json.dumps({"kind": None, "people": 0, "area": -1.5, "tags": ["x"], "mayor": {}, "any": [1], "more": {"a": 1}, "month": 1}))  # fmt: skip
    for wrong in (
        {**plain, "month": 13}, {**plain, "people": 10**14}, {**plain, "tags": []}, {**plain, "tags": ["a"] * 4},
        {**plain, "kind": "city"}, {**plain, "more": 1}, {"kind": 3, "people": 1, "tags": ["a"]}, {"name": "a" * 41, **plain},
    ):  # fmt: skip
        assert not keeps(made, json.dumps(wrong)), wrong
    assert not keeps(made, json.dumps(plain, indent=1))  # white space has an end too
    assert not keeps(made, json.dumps(plain) + " ")


def test_calls_stand_in_their_marks_and_words_do_not_begin_like_one() -> None:
    made = grammar(call_guide([ADD, NOTHING], free=True, most=2).text)
    one = '<tool_call>\n{"name": "add", "arguments": {"a": 4}}\n</tool_call>'
    none = '<tool_call>\n{"name": "do_nothing", "arguments": {}}\n</tool_call>'
    assert keeps(made, one)
    assert keeps(made, f"{one}\n{none}")
    assert keeps(made, "I cannot.\nNo.")
    assert not keeps(made, "\n".join([one] * 3))
    assert not keeps(made, '<tool_call>\n{"name": "other", "arguments": {}}\n</tool_call>')
    bare = json.dumps({"name": "add", "arguments": {"a": 5}})
    assert all(keeps(made, call) for call in (bare, f"```json\n{bare}\n```"))
    assert not any(
        keeps(made, call) for call in (f"{bare}\n{bare}", f"```json\n{bare}", '{"name": "other", "arguments": {}}')
    )
    assert read_guide(call_guide([ADD], free=True).text) == call_guide([ADD], free=True)
    assert not any(keeps(made, words) for words in ("<b>", "[add(a=1)]", '{"name": "add"}', "```python"))
    assert not keeps(grammar(call_guide([ADD], free=False).text), "I cannot.")
    short = grammar(call_guide([ADD], free=True, words=10).text)
    assert keeps(short, "a" * 10)
    assert not keeps(short, "a" * 11)


@pytest.mark.parametrize(
    ("schema", "kept", "not_kept"),
    [
        ({"type": "number"}, ("8.854e-12", "-1.5", "2"), ("1e12", "1e-123", ".5")),
        ({"type": "number", "minimum": 1}, ("8.854",), ("8.854e-12",)),
        ({"type": "integer"}, ("8",), ("8e-1",)),
    ],
)
def test_a_small_number_may_be_told_by_its_power_of_ten(
    schema: dict[str, object], kept: tuple[str, ...], not_kept: tuple[str, ...]
) -> None:
    made = grammar(json_guide(schema).text)
    assert all(keeps(made, number) for number in kept)
    assert not any(keeps(made, number) for number in not_kept)


@pytest.mark.parametrize(("least", "most"), [(0, 31), (0, 32), (0, 35), (0, 36), (3, 50), (40, 97), (60, 60)])
def test_texts_counted_in_blocks_have_exactly_the_lengths_allowed(least: int, most: int) -> None:
    made = grammar(json_guide({"type": "string", "minLength": least, "maxLength": most}).text)
    allowed = [n for n in range(most + 30) if keeps(made, json.dumps("a" * n))]
    assert allowed == list(range(least, most + 1))


def test_a_script_keeps_the_guide_and_uses_the_numbers_asked_about() -> None:
    guide = json_guide(CITY)
    for seed in range(20):
        request = Generate("What of 12 towns?", Sampling(200, 0.8, guide=guide.text), seed)
        text = scripted_reply(scripted(), request).text
        jsonschema.Draft202012Validator(CITY).validate(json.loads(text))
        assert keeps(grammar(guide.text), text)
    call = call_guide([ADD], free=True).text
    said = scripted_reply(scripted(), Generate("What is 5 more?", Sampling(200, guide=call))).text
    assert json.loads(said.split("\n")[1]) == {"name": "add", "arguments": {"a": 5}}
    assert scripted_reply(scripted(), Generate("Who?", Sampling(200, guide=call))).text in ("red", "green", "blue")


def test_without_a_guide_keys_and_seeds_are_what_they_were() -> None:
    plain, guided = Generate("a", Sampling()), Generate("a", Sampling(guide=json_guide({}).text))
    model = scripted()
    assert request_key(model, plain, 0, 0) == "863281bc1011051e305a620d3d943060d9c52acf9b089e946c9a330cab606d0d"
    assert request_key(model, guided, 0, 0) != request_key(model, plain, 0, 0)
    assert draw_seed(model, guided, 0, 0) != draw_seed(model, plain, 0, 0)


def test_an_engine_that_cannot_guide_says_so() -> None:
    numbers = count()
    guided = Generate("a", Sampling(guide=json_guide({}).text))
    refused = tokenise(guided, lambda text: [next(numbers)], 100)
    assert "cannot guide" in getattr(refused, "error", "")
    assert tokenise(guided, lambda text: [next(numbers)], 100, guides=True).prompt == 1  # type: ignore[union-attr]


def test_an_endpoint_is_asked_for_json_by_the_schema() -> None:
    body = request_body(Generate("a", Sampling(guide=json_guide(CITY).text)), "m")[1]
    assert body["response_format"]["json_schema"]["schema"] == bounded(CITY)
    assert (
        "response_format" not in request_body(Generate("a", Sampling(guide=call_guide([ADD], free=True).text)), "m")[1]
    )
    assert read_guide(json_guide(CITY).text).schema == bounded(CITY)
