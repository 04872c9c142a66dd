"""The larger recipe answers where the small one is not sure enough, and the headers say so."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from gulliver.errors import GulliverError
from gulliver.inference import Cost, Meter
from gulliver.models import load_model
from gulliver.serving.choose import choose
from gulliver.serving.fallback import Fallback
from gulliver.spec import parse
from gulliver.strategies import parse_strategy
from gulliver.strategies.confidence import can_tell, confidence
from gulliver.tasks.base import Answer
from tests.serving.place import Place, serving

SMALL = "scripted:small?accuracy=0.5&parameters=1e6 | cot | sample | majority(n=8)"
LARGE = "scripted:large?accuracy=1&parameters=1e8 | cot"


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Place]:
    with serving(tmp_path_factory.mktemp("fallback"), SMALL, "--fallback", LARGE, "--threshold", "0.5") as made:
        yield made


def test_below_the_threshold_the_larger_answers_and_both_are_paid_for(place: Place) -> None:
    client = place.client()
    seen: dict[str, list[tuple[float, float, bool]]] = {"recipe": [], "fallback": []}
    for n in range(30):
        question = [{"role": "user", "content": f"What is {n} + 40?"}]
        raw = client.chat.completions.with_raw_response.create(model="", messages=question)  # type: ignore[call-overload]
        by = raw.headers["x-gulliver-answered-by"]
        value = raw.parse().choices[0].model_extra["gulliver"]["value"]
        row = (
            float(raw.headers["x-gulliver-confidence"]),
            float(raw.headers["x-gulliver-flops"]),
            value == str(n + 40),
        )
        seen[by].append(row)
        assert raw.headers["x-gulliver-recipe"] == (SMALL if by == "recipe" else LARGE)
    assert min(len(rows) for rows in seen.values()) >= 3
    assert all(sure >= 0.5 for sure, _, _ in seen["recipe"])
    assert all(sure < 0.5 for sure, _, _ in seen["fallback"])
    assert all(right for _, _, right in seen["fallback"])  # the larger is always right
    assert min(flops for _, flops, _ in seen["fallback"]) > max(flops for _, flops, _ in seen["recipe"])


def test_the_fallback_is_listed_and_can_be_asked_by_name(place: Place) -> None:
    client = place.client()
    assert LARGE in [model.id for model in client.models.list()]
    raw = client.chat.completions.with_raw_response.create(model=LARGE, messages=[{"role": "user", "content": "1 + 1"}])
    assert raw.headers["x-gulliver-answered-by"] == "recipe"


def test_a_stream_with_a_fallback_is_the_decided_answer(place: Place) -> None:
    question = [{"role": "user", "content": "What is 3 + 40?"}]
    client = place.client()
    whole = client.chat.completions.create(model="", messages=question).choices[0].message.content  # type: ignore[call-overload]
    pieces = list(client.chat.completions.create(model="", messages=question, stream=True))  # type: ignore[call-overload]
    assert "".join(piece.choices[0].delta.content or "" for piece in pieces) == whole


def made(text: str, requests: int, answer: Answer) -> float | None:
    meter = Meter()
    meter.cost = Cost(requests=requests)
    return confidence(answer, parse_strategy(parse(text)), meter)


def test_confidence_is_the_share_that_agrees_or_the_mean_probability_of_a_token() -> None:
    assert made("majority(n=8)", 8, Answer("7", votes=6)) == 0.75
    assert made("self_consistency(n=16)", 4, Answer("7", votes=4)) == 1.0  # of what was drawn
    assert made("direct", 1, Answer("7", logprob=-2.0, tokens=4)) == pytest.approx(0.6065, abs=1e-4)
    assert made("direct", 1, Answer("7")) is None
    assert made("majority(n=8)", 8, Answer(status="unreadable")) == 0.0


def test_a_recipe_that_never_knows_is_refused_a_fallback() -> None:
    assert not can_tell(parse_strategy(parse("direct")), "endpoint")
    assert can_tell(parse_strategy(parse("majority(n=8)")), "endpoint")
    assert can_tell(parse_strategy(parse("direct")), "openvino")


def test_a_threshold_is_a_share() -> None:
    with pytest.raises(GulliverError, match="between 0 and 1"):
        Fallback(choose("scripted:m | direct", load_model), 1.5)  # type: ignore[arg-type]


def test_a_file_that_is_missing_is_said_in_a_sentence(tmp_path: Path) -> None:
    with pytest.raises(GulliverError, match="cannot be read"):
        choose(str(tmp_path / "none.toml"), load_model)
