"""The report in a real browser: what is drawn, chosen, filtered, opened and compared, and that nothing written there acts."""

import json
import math
import random
import re
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from gulliver.reports import numbers, write_report
from gulliver.reports.assets import PAGE
from gulliver.reports.scales import log_ends, log_ticks, share_ends, share_ticks
from gulliver.studies.result import StudyResult
from tests.reports.conftest import Watched
from tests.reports.made import changed_texts, make_result
from tests.reports.test_forecast import CHECK
from tests.reports.test_html import HOSTILE, nothing_of

LABELS = """() => [...document.querySelectorAll('.frontier text.label')].map(e => { const b = e.getBBox(); return [b.x, b.y, b.x + b.width, b.y + b.height, e.textContent]; })"""


@pytest.fixture(scope="module")
def result() -> StudyResult:
    return make_result()


@pytest.fixture(scope="module")
def report(result: StudyResult, tmp_path_factory: pytest.TempPathFactory) -> str:
    return write_report(result, tmp_path_factory.mktemp("report") / "report.html").as_uri()


@pytest.fixture
def opened(chromium: Any, report: str) -> Iterator[Watched]:
    with Watched(chromium) as watched:
        watched.page.goto(report)
        watched.page.wait_for_selector(".frontier svg")
        yield watched
        assert watched.said == []
        assert watched.asked == [url for url in watched.asked if url.startswith("file:")]


def test_the_answer_stands_first_and_the_sections_follow(opened: Watched, result: StudyResult) -> None:
    page = opened.page
    assert page.locator("h1").inner_text() == result.answer.sentence
    heads = page.locator("main section > h2").all_inner_texts()
    assert heads == ["Quality against cost", "Recipes", "What became of the answers", "Quality against size", "Where the cost went", "What was run on what"]  # fmt: skip
    text = page.locator("main").inner_text()
    for said in ("Predicted for qwen2.5-coder-3b: 0.680 (0.410 to 0.860).", "No prediction: the two rungs do not differ beyond chance.", "may have been trained on them", *result.warnings, "1,843", "977", "KV_CACHE_PRECISION = f16", "target 0.35"):  # fmt: skip
        assert said in text, said


def test_every_measured_recipe_is_a_point_and_the_axis_can_be_switched(opened: Watched, result: StudyResult) -> None:
    page = opened.page
    measured = sum(r.quality is not None for r in result.recipes)
    assert page.locator(".frontier .point").count() == measured
    assert page.locator(".frontier .ring").count() == 1
    assert "FLOPs per item" in page.locator(".frontier .axis").text_content()
    page.get_by_text("Seconds", exact=True).click()
    assert page.locator(".frontier .axis").text_content() == "seconds per item"
    assert page.locator(".frontier .point").count() == measured
    page.locator(".frontier .point").first.hover()
    assert "quality" in page.locator("#tip").inner_text()
    assert page.locator("tbody .chosen").count() == 1


def test_a_point_leads_to_its_row_with_the_keyboard_too(opened: Watched) -> None:
    page = opened.page
    page.locator(".frontier .point").first.focus()
    page.keyboard.press("Enter")
    assert page.locator("tr.flash").count() == 1


def test_recipes_sort_and_filter(opened: Watched, result: StudyResult) -> None:
    page = opened.page
    page.get_by_role("button", name="quality", exact=True).click()
    page.get_by_role("button", name="quality", exact=True).click()
    best = max(result.recipes, key=lambda r: r.quality or 0.0)
    assert page.locator("table.sortable tbody th").first.inner_text() == best.recipe
    page.get_by_placeholder("model, strategy, note").fill("majority")
    assert "of 12 recipes" in page.locator("#s-recipes [role=status]").inner_text()
    page.get_by_label("verdict").select_option("not run")
    shown = page.locator("table.sortable tbody tr:visible").count()
    assert shown == sum("majority" in r.recipe and r.verdict == "not run" for r in result.recipes)


def test_items_are_filtered_by_who_was_right_and_by_words_and_opened(opened: Watched, result: StudyResult) -> None:
    page = opened.page
    page.get_by_role("link", name="Items").click()
    page.wait_for_selector(".row")
    assert page.locator(".row").count() < 40  # a hundred items, of which those in sight exist
    asked = [(i, r) for i, r in enumerate(result.recipes) if r.records]
    (a, first), (b, second) = asked[1], asked[2]
    page.goto(page.url.split("#")[0] + f"#/items/this?where=r{a},n{b}")
    outcomes = {r.item: r.outcome for r in second.records}
    wanted = [r.item for r in first.records if r.outcome == "right" and outcomes.get(r.item, "right") != "right"]
    page.wait_for_function(f"document.querySelector('main [role=status]').textContent === '{len(wanted)} item{'s' * (len(wanted) != 1)} of 100'")  # fmt: skip
    page.goto(page.url.split("#")[0] + "#/items/this?find=%2217+loaves%22")
    page.wait_for_function("document.querySelectorAll('.row').length > 0")
    page.keyboard.press("Tab")
    page.locator(".list").focus()
    page.keyboard.press("Home")
    page.keyboard.press("Enter")
    page.wait_for_selector(".detail .said")
    assert "17 loaves" in page.locator(".detail").inner_text()
    pal = page.locator(".said details", has_text="| pal").first
    pal.locator("summary").click()
    assert "loaves = 17" in pal.inner_text()


def test_two_recipes_are_compared_and_their_flips_are_a_click_away(opened: Watched) -> None:
    page = opened.page
    page.get_by_role("link", name="Compare").click()
    page.wait_for_selector(".difference svg")
    assert "A less B" in page.locator("main").inner_text()
    flips = page.locator("#s-flips a").first
    number = int(flips.inner_text().split()[0])
    flips.click()
    page.wait_for_selector(".browser")
    assert page.locator("main > [role=status]").inner_text().startswith(f"{number} item")


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("width", [1280, 390])
def test_labels_never_cover_each_other(chromium: Any, tmp_path: Path, seed: int, width: int) -> None:
    rng = random.Random(seed)
    made = make_result(recipes=12, items=20, raced=False)
    many = [replace(r, recipe=f"model-{i}b | pal | majority(n=8)", quality=rng.uniform(0.05, 0.9), low=0.04, high=0.92, flops_computed=10 ** rng.uniform(9, 12), records=()) for i, r in enumerate((*made.recipes, *made.recipes[:8]))]  # fmt: skip
    many = [replace(r, flops_low=0.8 * r.flops_computed, flops_high=1.2 * r.flops_computed) for r in many]
    one = replace(made, recipes=tuple(many), frontier=tuple(r.recipe for r in many[::3]), answer=replace(made.answer, recipe=many[5].recipe))  # fmt: skip
    with Watched(chromium, width) as watched:
        watched.page.goto(write_report(one, tmp_path / "r.html").as_uri())
        watched.page.wait_for_selector(".frontier svg")
        boxes = watched.page.evaluate(LABELS)
        assert len(boxes) >= 18
        assert any("recommended" in box[4] for box in boxes)
        shrunk = [(a + 1, b + 2.5, c - 1, d - 2.5) for a, b, c, d, _ in boxes]
        crossing = [(i, j) for i, p in enumerate(shrunk) for j, q in enumerate(shrunk[:i]) if p[0] < q[2] and q[0] < p[2] and p[1] < q[3] and q[1] < p[3]]  # fmt: skip
        assert crossing == []
        assert watched.fits()


def test_scripts_planted_in_every_text_never_run(chromium: Any, result: StudyResult, tmp_path: Path) -> None:
    hostile = changed_texts(replace(result, forecast=CHECK), lambda text: f"{text}{HOSTILE}")
    with Watched(chromium) as watched:
        page = watched.page
        page.goto(write_report(hostile, tmp_path / "r.html").as_uri())
        page.wait_for_selector(".frontier svg")
        for link in ("Items", "Compare", "Answer"):
            page.get_by_role("link", name=link, exact=True).click()
            page.wait_for_timeout(300)
            if link == "Items":
                page.locator(".row").first.click()
                page.wait_for_selector(".said")
                for one in page.locator(".said summary").all():
                    one.click()
            assert page.evaluate("document.querySelectorAll('#app script, #app img, #app [onerror], #app iframe').length") == 0  # fmt: skip
            assert page.evaluate("[...document.querySelectorAll('#app a')].every(a => a.getAttribute('href').startsWith('#/'))")  # fmt: skip
        assert "<script>alert(1)</script>" in page.locator("h1").inner_text()
        assert watched.said == []


def test_a_page_of_a_study_that_measured_nothing_says_so(chromium: Any, result: StudyResult, tmp_path: Path) -> None:
    empty = replace(result, recipes=tuple(nothing_of(r) for r in result.recipes), frontier=(), prediction=(), run=replace(result.run, keep_text=False))  # fmt: skip
    with Watched(chromium) as watched:
        watched.page.goto(write_report(empty, tmp_path / "r.html").as_uri())
        assert "Nothing was measured" in watched.page.locator("main").inner_text()
        watched.page.get_by_role("link", name="Items").click()
        watched.page.wait_for_selector("text=kept no texts")
        assert watched.said == []


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("width", [1280, 390])
def test_pages_fit_every_window_and_axe_finds_nothing_serious(
    chromium: Any, report: str, width: int, theme: str
) -> None:
    with Watched(chromium, width, theme) as watched:
        page = watched.page
        for name in ("study", "items", "compare"):
            page.goto(f"{report}#/{name}/this")
            page.wait_for_selector(".frontier svg, .row, .difference svg")
            watched.shot(f"report-{name}-{width}-{theme}")
            assert not re.search(r"\b(null|undefined|NaN|object Object)\b", page.locator("body").inner_text()), name
            assert watched.fits(), name
            assert watched.serious() == []
        assert watched.said == []


def test_numbers_read_as_they_do_in_the_terminal(chromium: Any) -> None:
    rng = random.Random(4)
    values = [0.0, 1.0, 12.0, 999.6, 59.96, 3600.0, 1e9, 1.5e12, *(10 ** rng.uniform(-7, 14) for _ in range(300))]
    source = (PAGE / "js" / "numbers.js").read_text(encoding="utf-8")
    with Watched(chromium) as watched:
        told = watched.page.evaluate(f"(() => {{ {source} return {json.dumps(values)}.map(v => [significant(v), flops(v), memory(v), parameters(v), duration(v), count(v)]); }})()")  # fmt: skip
    for value, said in zip(values, told, strict=True):
        mine = [numbers.significant(value), numbers.flops(value), numbers.memory(value), numbers.parameters(value), numbers.duration(value)]  # fmt: skip
        assert said[:5] == mine, value
        assert math.isclose(float(said[5].replace(",", "")), round(value), rel_tol=1e-12), value


def test_scales_are_the_same_as_those_of_the_other_pictures(chromium: Any) -> None:
    source = (PAGE / "js" / "scales.js").read_text(encoding="utf-8")
    shares, costs = [[0.02, 0.64], [], [0.5, 0.5], [0.97, 1.0]], [[4e10, 5e12], [1.0, 1e12], [3.0, 8.0]]
    with Watched(chromium) as watched:
        told = watched.page.evaluate(
            f"(() => {{ {source} return [{json.dumps(shares)}.map(v => shareEnds(v)), {json.dumps(shares)}.map(v => shareTicks(...shareEnds(v))), {json.dumps(costs)}.map(v => logEnds(v)), {json.dumps(costs)}.map(v => logTicks(...v)), scaleOf(1, 100, 0, 200, true)(10)]; }})()"
        )
    assert [pytest.approx(share_ends(v)) for v in shares] == told[0]
    assert [pytest.approx(share_ticks(*share_ends(v))) for v in shares] == told[1]
    assert [pytest.approx(log_ends(v)) for v in costs] == told[2]
    assert [pytest.approx(log_ticks(*v)) for v in costs] == told[3]
    assert told[4] == pytest.approx(100.0)
