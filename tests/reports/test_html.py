"""The page holds what was found, works offline, and nothing written by a model can act in it."""

import json
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path

import pytest

from gulliver.reports import write_report
from gulliver.reports.html import render_page
from gulliver.studies.result import RecipeResult, StudyResult
from tests.reports.made import changed_texts, make_result

HOSTILE = '"\'><script>alert(1)</script></pre><img src=x onerror=alert(2)>{{ 7*7 }}<a href="javascript:alert(3)">]]>--><!--\x1b[31m\u202e\ud800'
TAGS = {
    "html", "head", "meta", "title", "style", "body", "p", "bdi", "h1", "h2", "h3", "h4", "h5", "header", "main", "footer", "section", "aside", "ul", "li",
    "article", "dl", "div", "dt", "dd", "small", "figure", "figcaption", "input", "label", "svg", "g", "line", "circle", "rect", "polygon", "polyline", "text",
    "table", "thead", "tbody", "tr", "th", "td", "button", "span", "i", "pre", "details", "summary", "script",
}  # fmt: skip


class Page(HTMLParser):
    """What a browser would make of it: elements with their attributes, text, and the scripts' contents."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict[str, str]]] = []
        self.texts: list[str] = []
        self.scripts: list[str] = []
        self._open = ""
        self.comments: list[str] = []
        self.feed(text)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self._open = tag
        self.elements.append((tag, {key: value or "" for key, value in attrs}))

    def handle_endtag(self, tag: str) -> None:
        self._open = ""

    def handle_data(self, data: str) -> None:
        (self.scripts if self._open == "script" else self.texts).append(data)

    def handle_comment(self, data: str) -> None:
        self.comments.append(data)

    def count(self, tag: str, **wanted: str) -> int:
        return sum(t == tag and all(a.get(k.rstrip("_")) == v for k, v in wanted.items()) for t, a in self.elements)

    @property
    def text(self) -> str:
        return " ".join(" ".join(self.texts).split())


@pytest.fixture(scope="module")
def result() -> StudyResult:
    return make_result()


@pytest.fixture(scope="module")
def page(result: StudyResult) -> Page:
    return Page(render_page(result))


def test_sections_come_in_the_order_in_which_they_are_asked_for(page: Page) -> None:
    heads = [
        "is the cheapest recipe",
        "Quality against cost",
        "Recipes",
        "What became of the answers",
        "Quality against size",
    ]
    heads += ["What this run spent", "What was run on what", "20 items, and what each recipe said"]
    places = [page.text.index(head) for head in heads]
    assert places == sorted(places)


def test_every_recipe_has_a_row_and_every_measured_one_a_point(page: Page, result: StudyResult) -> None:
    assert page.count("th", scope="row") == len(result.recipes)
    measured = sum(r.quality is not None for r in result.recipes)
    points = sum(
        tag == "g" and a.get("class", "").startswith("point") and "P" not in a.get("id", "") for tag, a in page.elements
    )
    rungs = 2 * sum(1 for s in ("direct", "cot", "pal"))
    assert points == measured * 3 * 2 + rungs  # three axes, two widths, and three curves of two rungs


def test_what_a_reader_needs_is_said(page: Page, result: StudyResult) -> None:
    wanted = [
        result.answer.sentence, "target 0.35", "Q8_0 rewritten from Q4_K_M: made from 4-bit weights.", result.run.models[0]["digest"],
        "may have been trained on them", *result.warnings, result.run.power, "1,843", "977", "KV_CACHE_PRECISION = f16", "2026.4.0",
        "Predicted for qwen2.5-coder-3b: 0.680 (0.410 to 0.860).", "No prediction: the two rungs do not differ beyond chance.", "seed 0",
    ]  # fmt: skip
    for sentence in wanted:
        assert sentence in page.text, sentence


def test_a_private_task_gets_no_note_on_contamination(result: StudyResult) -> None:
    private = replace(result, run=replace(result.run, task_public=False))
    assert "may have been trained on them" not in Page(render_page(private)).text


def test_nothing_is_fetched_from_anywhere(result: StudyResult, page: Page) -> None:
    for _, attributes in page.elements:
        assert not {"src", "href", "srcset", "action", "data"} & set(attributes)
    assert "url(" not in render_page(result)
    policy = next(
        a["content"] for t, a in page.elements if t == "meta" and a.get("http-equiv") == "Content-Security-Policy"
    )
    assert policy.startswith("default-src 'none'")


def test_hostile_text_in_every_field_stays_text(result: StudyResult) -> None:
    hostile = changed_texts(result, lambda text: f"{text}{HOSTILE}")
    written = render_page(hostile)
    found, honest = Page(written), Page(render_page(result))
    assert {tag for tag, _ in found.elements} <= TAGS
    assert found.count("script") == honest.count("script") == 2
    assert not found.comments
    allowed = {key for _, attributes in honest.elements for key in attributes}
    for tag, attributes in found.elements:
        assert not any(key.startswith("on") for key in attributes)
        assert set(attributes) <= allowed, tag
    for key in ("class", "id", "style", "for", "name", "type", "role"):
        assert {a[key] for _, a in found.elements if key in a} <= {
            a[key] for _, a in honest.elements if key in a
        } | _lengths(found, key)
    assert "<script>alert(1)</script>" in found.text  # shown, as text
    assert "{{ 7*7 }}" in found.text
    assert not set(written) & {"\x1b", "\u202e", "\ud800"}


def _lengths(page: Page, key: str) -> set[str]:
    """Widths of bars, which are numbers."""
    values = {a["style"] for _, a in page.elements if "style" in a} if key == "style" else set()
    return {v for v in values if v.startswith("width:") and v.endswith("%") and v[6:-1].replace(".", "").isdigit()}


def test_the_embedded_json_cannot_end_its_element_and_is_the_result(result: StudyResult) -> None:
    hostile = changed_texts(result, lambda text: f"{text}</script><!--")
    data = Page(render_page(hostile)).scripts[0]
    assert "<" not in data
    read = json.loads(data)
    assert read["answer"]["sentence"] == hostile.answer.sentence
    assert "records" not in read["recipes"][0]


def test_the_only_script_that_may_run_is_our_own(page: Page) -> None:
    import base64
    import hashlib

    digest = base64.b64encode(hashlib.sha256(page.scripts[1].encode()).digest()).decode()
    assert any(digest in a.get("content", "") for t, a in page.elements if t == "meta")


def test_twenty_recipes_on_a_hundred_items_stay_under_two_megabytes(tmp_path: Path) -> None:
    large = make_result(recipes=20, raced=False)
    long = changed_texts(large, lambda text: text + "<&\"'" * 2000 if " " in text and len(text) > 60 else text)
    for result in (large, long):
        assert write_report(result, tmp_path / "new" / "report.html").stat().st_size < 2_000_000
    assert "more characters in result.json" in (tmp_path / "new" / "report.html").read_text(encoding="utf-8")


def test_the_same_result_gives_the_same_page(result: StudyResult) -> None:
    assert render_page(result) == render_page(make_result())


def test_no_half_written_page_is_left(result: StudyResult, tmp_path: Path) -> None:
    path = tmp_path / "report.html"
    assert write_report(result, path) == path
    assert [p.name for p in tmp_path.iterdir()] == ["report.html"]


def _nothing(r: RecipeResult) -> RecipeResult:
    zero = dict.fromkeys(("items", "right", "unreadable", "truncated", "unsupported", "failed", "peak_memory"), 0)
    none = dict.fromkeys(
        (
            "flops_naive",
            "flops_computed",
            "flops_low",
            "flops_high",
            "seconds",
            "seconds_low",
            "seconds_high",
            "tokens",
        ),
        0.0,
    )
    return replace(r, quality=None, low=0.0, high=1.0, verdict="not run", records=(), on_frontier=None, **zero, **none)


def test_studies_that_measured_little_still_give_a_page(result: StudyResult) -> None:
    empty = replace(result, recipes=tuple(_nothing(r) for r in result.recipes), frontier=(), prediction=(), warnings=())
    assert "Nothing was measured" in Page(render_page(empty)).text
    none = replace(empty, recipes=())
    assert "Nothing was measured" in Page(render_page(none)).text
    one = replace(result, recipes=(replace(result.recipes[3], flops_computed=0.0, seconds=0.0, peak_memory=0),))
    assert "Nothing was measured" not in Page(render_page(one)).text


def test_costs_that_are_not_finite_do_not_break_the_page(result: StudyResult) -> None:
    odd = replace(
        result,
        recipes=(replace(result.recipes[0], flops_high=float("inf"), seconds_low=float("nan")), *result.recipes[1:]),
    )
    data = Page(render_page(odd)).scripts[0]
    assert json.loads(data)["recipes"][0]["flops_high"] is None
