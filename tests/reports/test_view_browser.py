"""`gulliver view` in a real browser over real runs: walk through a finished study, watch one until it ends, see one that was stopped."""

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.reports.conftest import Watched
from tests.reports.viewing import find, finding, viewing, write_study

FAIR, GOOD, POOR = "scripted:fair?accuracy=0.75&parameters=1e7&latency=0.01", "scripted:good?accuracy=0.95&parameters=1e8", "scripted:poor?accuracy=0.2&parameters=1e6&unreadable=0.1&latency=0.01"  # fmt: skip


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("view")
    home = folder / "home"
    home.mkdir()
    find(
        home,
        write_study(folder, "sums", [POOR, FAIR], ["direct", "sample(temperature=0.8) | majority(n=5)"], race=False),
    )
    find(home, write_study(folder, "more", [FAIR, GOOD], ["direct"], target=0.9))
    (home / "findings").mkdir()
    measured = [{"name": "share right, pal", "value": 0.31, "low": 0.25, "high": 0.38, "n": 200, "note": ""}]
    found = {"paper": "pal-2022", "scale": "smoke", "verdict": "holds", "measurements": measured, "sentence": "Holds.", "published": [], "spent": {}, "run_on": {}}  # fmt: skip
    (home / "findings" / "pal-2022-smoke.json").write_text(json.dumps(found))
    return home


@pytest.fixture(scope="module")
def address(home: Path) -> Iterator[str]:
    with viewing(home) as told:
        yield str(told["address"])


@pytest.fixture
def opened(chromium: Any, address: str) -> Iterator[Watched]:
    with Watched(chromium) as watched:
        watched.page.goto(address)
        watched.page.wait_for_selector(".studies .study")
        yield watched
        assert watched.said == []
        assert [url for url in watched.asked if not url.startswith((address, "data:"))] == []


def test_a_person_walks_through_a_study(opened: Watched) -> None:
    page = opened.page
    assert page.locator(".studies .study").count() == 2
    page.locator(".study a", has=page.locator(".study-name", has_text="sums")).click()
    page.wait_for_selector(".frontier .point")
    assert page.locator(".frontier .point").count() == 4
    page.get_by_text("Seconds", exact=True).click()
    assert page.locator(".frontier .axis").text_content() == "seconds per item"
    page.get_by_role("link", name="Items").click()
    page.wait_for_selector(".row")
    page.get_by_role("button", name="Add a condition").click()
    page.get_by_label("outcome").select_option("unreadable")
    page.locator("main > [role=status]", has_not_text=re.compile("^120 items of")).wait_for()
    page.locator(".row").first.click()
    page.wait_for_selector(".detail .said")
    voted = page.locator(".said > li", has_text="majority(n=5)").first
    voted.locator("summary").first.click()
    voted.get_by_role("button", name="Show every draft").click()
    page.wait_for_selector(".drafts li")
    assert voted.locator(".drafts > li").count() == 5
    page.get_by_role("link", name="Compare").click()
    page.wait_for_selector(".difference svg")
    assert "A less B" in page.locator("main").inner_text()


def test_recipes_of_two_studies_over_one_task_are_compared(opened: Watched) -> None:
    page = opened.page
    page.locator(".study a", has=page.locator(".study-name", has_text="sums")).click()
    page.get_by_role("link", name="Compare").click()
    page.wait_for_selector(".difference svg")
    side = page.get_by_role("group", name="B")
    other = side.locator("select").first.locator("option", has_text="more").first.get_attribute("value")
    side.locator("select").first.select_option(other)
    side.get_by_label("recipe").select_option(label=f"2 {GOOD} | direct")
    page.wait_for_selector(".flip")
    page.locator(".flip summary").first.click()
    assert "What is" in page.locator(".flip pre").first.inner_text()


def test_the_bibliography_sets_what_was_published_beside_what_came_out(opened: Watched) -> None:
    page = opened.page
    page.get_by_role("link", name="Papers").click()
    page.wait_for_selector(".paper")
    assert "1 holds" in page.locator("main > [role=status]").inner_text()
    page.get_by_label("verdict").select_option("holds")
    page.locator(".paper summary").first.click()
    text = page.locator(".paper").first.inner_text()
    assert "Published" in text
    assert "share right, pal" in text


def test_a_study_is_watched_until_it_ends(chromium: Any, home: Path, address: str, tmp_path: Path) -> None:
    models = [model.replace("0.01", "0.6") for model in (POOR, FAIR)]
    study = write_study(tmp_path, "watched", models, ["direct"], items=160)
    with Watched(chromium) as watched:
        page = watched.page
        page.goto(address)
        with finding(home, study) as process:
            page.locator(".study.live").click(timeout=200_000)
            page.wait_for_selector(".funnel svg")
            watched.shot("live-1280-light")
            assert "is running" in page.locator("h1").inner_text()
            assert watched.serious() == []
            page.wait_for_selector(".frontier .point", timeout=120_000)
            assert "is the cheapest recipe" in page.locator("h1").inner_text()
            assert process.wait(timeout=60) == 0
        assert watched.said == []


def test_a_study_that_was_killed_is_seen_as_stopped(chromium: Any, home: Path, address: str, tmp_path: Path) -> None:
    study = write_study(tmp_path, "killed", [f"{GOOD}&latency=2"], ["direct"], items=600, target=0.94)
    with Watched(chromium) as watched:
        watched.page.goto(address)
        with finding(home, study) as process:
            watched.page.locator(".study.live").wait_for(timeout=200_000)
            process.kill()
            watched.page.wait_for_selector(".study.live >> text=It was stopped before its end")
        assert watched.said == []


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("width", [1280, 390])
def test_pages_of_the_server_fit_and_axe_finds_nothing_serious(
    chromium: Any, address: str, width: int, theme: str
) -> None:
    with Watched(chromium, width, theme) as watched:
        page = watched.page
        for name in ("studies", "papers"):
            page.goto(f"{address}#/{name}")
            page.wait_for_selector(".studies .study, .paper")
            watched.shot(f"view-{name}-{width}-{theme}")
            assert not re.search(r"\b(null|undefined|NaN|object Object)\b", page.locator("body").inner_text()), name
            assert watched.fits(), name
            assert watched.serious() == []
