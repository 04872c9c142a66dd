"""The parts of the claim follow from the records, and questions have answers in the text that is searched."""

import json

import pytest

from gulliver.inference import Draft
from gulliver.papers import load_paper, persian_rag_2025
from gulliver.papers.base import SCALES, report
from gulliver.papers.corpora import verse
from gulliver.papers.parts import verdict
from gulliver.papers.persian_rag_2025 import PLANS, Matches, Plan, generators, recipe, told, verse_questions, verse_task
from gulliver.studies.result import ItemRecord
from gulliver.tasks.base import make_item

PLAN = Plan(("small", "large"), 5, 5, 5, 40, (40,), ())


@pytest.fixture
def places(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(persian_rag_2025, "verse", lambda most: "verse.jsonl")
    monkeypatch.setattr(persian_rag_2025, "factbook", lambda most: "facts.jsonl")


def _records(right: int, n: int = 40) -> list[ItemRecord]:
    return [ItemRecord(str(i), "", "", "right" if i < right else "wrong", "", "") for i in range(n)]


@pytest.mark.usefixtures("places")
@pytest.mark.parametrize(
    ("verse_right", "facts_right", "want"),
    [((5, 38), (38, 39), [True, True]), ((20, 21), (20, 21), [None, None]), ((38, 5), (20, 21), [False, False])],
)
def test_the_gap_is_taken_on_each_text_and_then_between_them(
    verse_right: tuple[int, int], facts_right: tuple[int, int], want: list[bool | None]
) -> None:
    records = {
        name: {
            recipe(model, f"{name}.jsonl", 40): _records(right)
            for model, right in zip(PLAN.models, counts, strict=True)
        }  # type: ignore[arg-type]
        for name, counts in (("verse", verse_right), ("facts", facts_right))
    }
    found, parts = generators(records, PLAN)
    assert list(parts.values()) == want
    assert found[0].value == (verse_right[1] - verse_right[0]) / 40
    assert all(m.low <= m.value <= m.high for m in found)
    assert verdict(parts)[0] == {True: "holds", None: "cannot tell", False: "does not hold here"}[want[0]]


def test_an_answer_needs_half_the_words_of_the_line() -> None:
    item = make_item("v", "?", "که عشق آسان نمود اول", Matches())
    said = item.read(Draft("«که عشق آسان نمود اول»\nاین مصراع دوم است."))
    assert item.judge.right(said.value, item)
    assert not item.judge.right("عشق", item)
    assert item.read(Draft(" \n ")).status == "unreadable"


def test_names_of_recipes_carry_no_path() -> None:
    text = "m | retrieve(k=3, by=bm25, source='/a/b (c).jsonl') | sample(temperature=1.0)"
    assert "/a/b" not in told(text)
    assert set(PLANS) == set(SCALES)


@pytest.mark.models
def test_every_question_has_its_answer_in_the_text() -> None:
    plan = PLANS["smoke"]
    text = verse(plan.poems).read_text(encoding="utf-8")
    asked = verse_questions(plan.poems, plan.searched)
    assert len(asked) == plan.searched
    for question in asked:
        assert f"{question.line}\\n{question.after}" in text
        assert all(word in question.line for word in question.told.split())
    assert len(verse_task(plan).test) == plan.asked


@pytest.mark.models
@pytest.mark.timeout(300)
def test_smoke_runs_on_a_real_model() -> None:
    paper = load_paper("persian-rag-2025")
    data = json.loads(json.dumps(report(paper, paper.experiment("smoke", lambda _: None))))
    found = {m["name"]: m for m in data["measurements"]}
    assert data["verdict"] == "cannot tell"  # one generator
    assert found["dense, corpus: recall at 3"]["value"] > found["dense, minilm-22m: recall at 3"]["value"]
    assert all("/" not in name for name in found)
