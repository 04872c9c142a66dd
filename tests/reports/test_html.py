"""The page holds what was found, works offline, and nothing written by a model can act in it."""

import base64
import gzip
import hashlib
import json
import re
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest

from gulliver.reports import write_report
from gulliver.reports.assets import PAGE, SCRIPTS, script
from gulliver.reports.html import render_page
from gulliver.studies.result import RecipeResult, StudyResult
from tests.reports.made import changed_texts, make_result

HOSTILE = '"\'><script>alert(1)</script></pre><img src=x onerror=alert(2)>{{ 7*7 }}<a href="javascript:alert(3)">]]>--><!--\x1b[31m\u202e\ud800'
TAGS = {
    "html", "head", "meta", "title", "style", "body", "div", "main", "h1", "bdi", "noscript", "p", "table", "thead", "tbody", "tr", "th", "td", "script",
}  # fmt: skip


class Page(HTMLParser):
    """What a browser would make of it: elements with their attributes, text, and the scripts' contents by id."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict[str, str]]] = []
        self.texts: list[str] = []
        self.scripts: dict[str, str] = {}
        self.comments: list[str] = []
        self._open: str | None = None
        self.feed(text)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {key: value or "" for key, value in attrs}
        self._open = given.get("id", "own") if tag == "script" else None
        self.elements.append((tag, given))

    def handle_endtag(self, tag: str) -> None:
        self._open = None

    def handle_data(self, data: str) -> None:
        if self._open is None:
            self.texts.append(data)
        else:
            self.scripts[self._open] = data

    def handle_comment(self, data: str) -> None:
        self.comments.append(data)

    @property
    def text(self) -> str:
        return " ".join(" ".join(self.texts).split())

    def json(self, name: str) -> Any:
        return json.loads(self.scripts[name])

    def unpacked(self, name: str) -> Any:
        return json.loads(gzip.decompress(base64.b64decode(self.scripts[name])))


@pytest.fixture(scope="module")
def result() -> StudyResult:
    return make_result()


@pytest.fixture(scope="module")
def page(result: StudyResult) -> Page:
    return Page(render_page(result))


def test_without_javascript_the_answer_and_the_table_are_still_read(page: Page, result: StudyResult) -> None:
    assert result.answer.sentence in page.text
    rows = sum(tag == "th" and a.get("scope") == "row" for tag, a in page.elements)
    assert rows == len(result.recipes)


def test_what_pages_draw_is_in_the_file(page: Page, result: StudyResult) -> None:
    assert page.json("result") == json.loads(json.dumps(result.to_json()))
    more = page.json("more")
    assert more["target"] == {"value": 0.35, "text": "target 0.35"}
    assert more["axes"] == ["flops", "seconds", "memory"]
    assert len(more["parts"]) == len(result.recipes)
    columns, texts = page.unpacked("columns"), page.unpacked("texts")
    assert len(columns["ids"]) == len(texts) == 100
    asked = [r for r in result.recipes if r.records]
    assert [letters.count("r") for letters in columns["outcomes"] if letters.strip(".")] == [r.right for r in asked]
    first = asked[0].records[0]
    place = columns["ids"].index(first.item)
    assert texts[place][str(result.recipes.index(asked[0]))][0] == first.text


def test_a_study_without_texts_has_none_in_its_page(result: StudyResult) -> None:
    unkept = replace(result, run=replace(result.run, keep_text=False))
    assert Page(render_page(unkept)).scripts.get("texts", "") == ""


def test_nothing_is_fetched_from_anywhere(result: StudyResult, page: Page) -> None:
    for _, attributes in page.elements:
        assert not {"src", "href", "srcset", "action", "data"} & set(attributes)
    assert not re.search(
        r"url\(|https?://(?!www\.w3\.org/2000/svg)", render_page(make_result(items=1)).split("<body")[0]
    )
    assert "http" not in script().replace("http://www.w3.org/2000/svg", "")


def test_the_only_script_and_style_that_work_are_our_own(page: Page) -> None:
    policy = next(a["content"] for t, a in page.elements if a.get("http-equiv") == "Content-Security-Policy")
    assert policy.startswith("default-src 'none'")
    assert "unsafe" not in policy
    assert "require-trusted-types-for 'script'" in policy
    digest = base64.b64encode(hashlib.sha256(page.scripts["own"].encode()).digest()).decode()
    assert f"script-src 'sha256-{digest}'" in policy


def test_no_script_of_ours_makes_elements_from_text() -> None:
    names = {path.stem for path in (PAGE / "js").iterdir()}
    assert names == set(SCRIPTS)
    for word in ("innerHTML", "outerHTML", "insertAdjacentHTML", "document.write", "eval(", "new Function", "srcdoc", "javascript:", "createContextualFragment", "DOMParser"):  # fmt: skip
        assert word not in script(), word


def test_hostile_text_in_every_field_stays_text(result: StudyResult) -> None:
    hostile = changed_texts(result, lambda text: f"{text}{HOSTILE}")
    written = render_page(hostile)
    found, honest = Page(written), Page(render_page(result))
    assert {tag for tag, _ in found.elements} <= TAGS
    assert len(found.scripts) == len(honest.scripts) == 5
    assert not found.comments
    for tag, attributes in found.elements:
        assert not any(key.startswith("on") for key in attributes), tag
    assert sorted(repr(e) for e in found.elements if e[0] != "meta") == sorted(repr(e) for e in honest.elements if e[0] != "meta")  # fmt: skip
    assert "<script>alert(1)</script>" in found.text  # shown, as text
    assert "{{ 7*7 }}" in found.text
    assert not set(written) & {"\x1b", "\u202e", "\ud800"}
    assert not set(json.dumps(found.unpacked("texts"), ensure_ascii=False)) & {"\x1b", "\u202e", "\ud800"}


def test_the_embedded_json_cannot_end_its_element_and_is_the_result(result: StudyResult) -> None:
    hostile = changed_texts(result, lambda text: f"{text}</script><!--")
    page = Page(render_page(hostile))
    assert "<" not in page.scripts["result"] + page.scripts["more"]
    read = page.json("result")
    assert read["answer"]["sentence"] == hostile.answer.sentence
    assert "records" not in read["recipes"][0]


def test_twenty_recipes_on_a_hundred_items_stay_under_two_megabytes(tmp_path: Path) -> None:
    large = make_result(recipes=20, raced=False)
    assert write_report(large, tmp_path / "new" / "report.html").stat().st_size < 2_000_000


def test_texts_that_do_not_fit_are_cut_and_say_so() -> None:
    from gulliver.reports.items import item_texts, packed_texts

    few = make_result(items=10).recipes
    whole = len(packed_texts(few))
    cut = packed_texts(few, whole * 3 // 4)
    assert whole // 3 < len(cut) <= whole * 3 // 4
    assert "more characters in result.json" in gzip.decompress(cut).decode()
    assert "more characters" not in json.dumps(item_texts(few))


def test_the_same_result_gives_the_same_page(result: StudyResult) -> None:
    assert render_page(result) == render_page(make_result())


def test_no_half_written_page_is_left(result: StudyResult, tmp_path: Path) -> None:
    path = tmp_path / "report.html"
    assert write_report(result, path) == path
    assert [p.name for p in tmp_path.iterdir()] == ["report.html"]


def test_costs_that_are_not_finite_do_not_break_the_page(result: StudyResult) -> None:
    odd = replace(result.recipes[0], flops_high=float("inf"), seconds_low=float("nan"))
    page = Page(render_page(replace(result, recipes=(odd, *result.recipes[1:]))))
    assert page.json("result")["recipes"][0]["flops_high"] is None


def nothing_of(r: RecipeResult) -> RecipeResult:
    """The recipe as if it had not been run."""
    whole = dict.fromkeys(("items", "right", "unreadable", "truncated", "unsupported", "failed", "peak_memory"), 0)
    means = dict.fromkeys(("flops_naive", "flops_computed", "flops_low", "flops_high", "seconds", "seconds_low", "seconds_high", "tokens"), 0.0)  # fmt: skip
    return replace(
        r, quality=None, low=0.0, high=1.0, verdict="not run", records=(), on_frontier=None, **whole, **means
    )  # type: ignore[arg-type]


def test_a_study_that_measured_nothing_still_gives_a_page(result: StudyResult) -> None:
    empty = replace(
        result, recipes=tuple(nothing_of(r) for r in result.recipes), frontier=(), prediction=(), warnings=()
    )
    for one in (empty, replace(empty, recipes=())):
        page = Page(render_page(one))
        assert page.unpacked("columns")["ids"] == []
        assert page.json("more")["pairs"] == {}
