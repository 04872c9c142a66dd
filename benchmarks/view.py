"""How quick the pages are: `python -m benchmarks.view [--recipes N] [--items N] [--many N]`.

A study of 20 recipes on 2,000 items, its texts put together from this project's own sentences, is written as a run;
`gulliver view` serves it to Debian's Chromium (`make browser`), and it is written as a report. Measured are the first paint of
the study's page and the moment its figure stands; the slowest of several filters, from the key press to the next painted
frame; the report's size. A study of `--many` items (20,000) under three recipes is filtered and scrolled likewise.

The server has read the runs before the browser comes, as it does by itself after its start; how long that takes is printed.
"""

import argparse
import json
import os
import random
import re
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import httpx
from tests.reports.made import make_result

from gulliver.reports import write_report
from gulliver.studies.result import ItemRecord, StudyResult

_PRESS = """async ([selector, text]) => {
  const box = document.querySelector(selector);
  const began = performance.now();
  box.value = text;
  box.dispatchEvent(new Event(box.tagName === 'SELECT' ? 'change' : 'input', { bubbles: true }));
  await new Promise((done) => requestAnimationFrame(() => setTimeout(done)));
  return performance.now() - began;
}"""
_SCROLL = """async () => {
  const list = document.querySelector('.list');
  const times = [];
  for (let i = 1; i <= 30; i += 1) {
    const began = performance.now();
    list.scrollTop = i * list.scrollHeight / 31;
    await new Promise((done) => requestAnimationFrame(() => setTimeout(done)));
    times.push(performance.now() - began);
  }
  return Math.max(...times);
}"""
_SEARCH = ".filters input[type=search]"
_TRIES = ("loaves", "recipe", '"interval of quality"', "the of and", "zzzz", "")


def sentences() -> list[str]:
    """What this project's pages say, to stand in for what models write."""
    pages = sorted((Path(__file__).parents[1] / "docs").glob("*.md"))
    text = " ".join(page.read_text(encoding="utf-8") for page in pages)
    return [" ".join(s.split()) for s in re.split(r"(?<=[.:;])\s", text) if 40 < len(s) < 300]


def make_study(recipes: int, items: int) -> StudyResult:
    """A study without a race, in which every text differs."""
    made, rng, said = make_result(recipes=recipes, items=items, raced=False), random.Random(0), sentences()
    asked = [f"{' '.join(rng.sample(said, 2))} How many are {rng.randrange(9999)}?" for _ in range(items)]

    def texts(record: ItemRecord, place: int) -> ItemRecord:
        text = f"{' '.join(rng.sample(said, 4))} That makes {rng.randrange(99999)}."
        program = record.program and f"def solution():\n    # {rng.choice(said)}\n    return {rng.randrange(99999)}"
        return replace(record, question=asked[place], text=text, program=program)

    changed = tuple(replace(r, records=tuple(texts(x, i) for i, x in enumerate(r.records))) for r in made.recipes)
    return replace(made, recipes=changed, run=replace(made.run, race=False))


def serve(home: Path) -> tuple[subprocess.Popen[str], str, float]:
    """The server once it has read the runs, its address, and how long both took."""
    began = time.perf_counter()
    start = (sys.executable, "-c", "from gulliver.cli import main; main()", "view", "--json")
    process = subprocess.Popen(start, env={**os.environ, "GULLIVER_HOME": str(home)}, stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    address = str(json.loads(process.stdout.readline())["address"])
    for row in httpx.get(f"{address}api/studies", timeout=600).json():
        httpx.get(f"{address}api/studies/{row['key']}/columns", timeout=600)
    return process, address, time.perf_counter() - began


def paints(browser: Any, url: str) -> tuple[float, float]:
    """Seconds to the first paint, and until the frontier stands; the median of three visits."""
    found = []
    for _ in range(3):
        page = browser.new_page()
        page.goto(url, wait_until="commit")
        page.wait_for_selector(".frontier .point")
        drawn = page.evaluate("performance.now()")
        first = page.evaluate("performance.getEntriesByName('first-contentful-paint')[0].startTime")
        found.append((first / 1000, drawn / 1000))
        page.close()
    first, drawn = (sorted(values)[1] for values in zip(*found, strict=True))
    return first, drawn


def filters(browser: Any, url: str) -> tuple[float, float, float]:
    """Seconds of the slowest filter, of the page's own work in it, and of the slowest frame while scrolling.

    The page's own work is processor time of its main thread, which other work on the machine does not stretch.
    """
    page = browser.new_page()
    tools = page.context.new_cdp_session(page)
    tools.send("Performance.enable", {"timeDomain": "threadTicks"})

    def busy() -> float:
        found = {m["name"]: m["value"] for m in tools.send("Performance.getMetrics")["metrics"]}
        return float(found["TaskDuration"])

    def press(selector: str, text: str) -> tuple[float, float]:
        before = busy()
        seconds = page.evaluate(_PRESS, [selector, text]) / 1000
        return seconds, busy() - before

    page.goto(url)
    page.wait_for_selector(".row")
    page.evaluate(_PRESS, [_SEARCH, "first"])
    # The texts come in behind the first search; what is timed looks through all of them.
    page.wait_for_timeout(4000)
    times = [press(_SEARCH, text) for text in _TRIES]
    page.get_by_role("button", name="Add a condition").click()
    page.get_by_role("button", name="Add a condition").click()
    times += [press(".condition select", letter) for letter in "rnw"]
    page.evaluate(_PRESS, [".condition select", "a"])
    scroll = page.evaluate(_SCROLL)
    page.close()
    slowest, work = (max(values) for values in zip(*times, strict=True))
    return slowest, work, scroll / 1000


def timed(work: Callable[[], Any]) -> float:
    began = time.perf_counter()
    work()
    return time.perf_counter() - began


def keep(result: StudyResult, home: Path, name: str) -> None:
    folder = home / "runs" / name
    folder.mkdir(parents=True)
    (folder / "result.json").write_text(json.dumps(result, default=vars), encoding="utf-8")


def main(arguments: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--recipes", type=int, default=20)
    parser.add_argument("--items", type=int, default=2_000)
    parser.add_argument("--many", type=int, default=20_000)
    given = parser.parse_args(arguments)
    chromium = shutil.which("chromium")
    if chromium is None:
        raise SystemExit("There is no Chromium here; install it with: make browser")
    from playwright.sync_api import sync_playwright

    with tempfile.TemporaryDirectory() as name:
        home = Path(name)
        large = make_study(given.recipes, given.items)
        keep(make_study(3, given.many), home, "many")
        keep(large, home, "large")
        writing = timed(lambda: write_report(large, home / "report.html"))
        size = (home / "report.html").stat().st_size / 1e6
        process, address, starting = serve(home)
        try:
            with sync_playwright() as driver:
                browser = driver.chromium.launch(executable_path=chromium, args=["--no-sandbox"]).new_context()
                browser.set_default_timeout(300_000)
                first, drawn = paints(browser, f"{address}#/study/large")
                first_file, drawn_file = paints(browser, (home / "report.html").as_uri())
                slowest, work, scroll = filters(browser, f"{address}#/items/large")
                slowest_many, work_many, scroll_many = filters(browser, f"{address}#/items/many")
                slowest_file, work_file, _ = filters(browser, f"{(home / 'report.html').as_uri()}#/items/this")
        finally:
            process.terminate()
            process.wait(20)
    print(f"the report takes {writing:.1f} s to write; the server has read both runs {starting:.1f} s after its start")
    print(json.dumps({
        **_row(f"view: first paint of {given.recipes} recipes on {given.items} items, seconds against 1", first, 1.0),
        "more": [
            _row("the figure stands, seconds against 1", drawn, 1.0),
            _row("slowest filter to the next frame, seconds against 0.1", slowest, 0.1),
            _row("the page's own work in a filter, processor seconds against 0.1", work, 0.1),
            _row("slowest frame of scrolling, seconds against 0.1", scroll, 0.1),
            _row(f"slowest filter of {given.many} items, seconds against 0.1", slowest_many, 0.1),
            _row(f"the page's own work in a filter of {given.many} items, processor seconds against 0.1", work_many, 0.1),
            _row(f"slowest frame of scrolling {given.many} items, seconds against 0.1", scroll_many, 0.1),
            _row("report, MB against 10", size, 10.0),
            _row("report: first paint, seconds against 1", first_file, 1.0),
            _row("report: the figure stands, seconds against 1", drawn_file, 1.0),
            _row("report: slowest filter, seconds against 0.1", slowest_file, 0.1),
            _row("report: the page's own work in a filter, processor seconds against 0.1", work_file, 0.1),
        ],
    }))  # fmt: skip


def _row(name: str, ours: float, limit: float) -> dict[str, object]:
    return {"name": name, "ours": round(ours, 3), "theirs": limit, "ratio": round(ours / limit, 4), "goal": 1.0}


if __name__ == "__main__":
    main()
