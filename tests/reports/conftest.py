"""A real browser for the pages, where there is one: Debian's Chromium, driven by Playwright."""

import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parents[2]
SHOTS = ROOT / "screenshots"
AXE = ROOT / ".axe" / "node_modules" / "axe-core" / "axe.min.js"


@pytest.fixture(scope="module")
def chromium() -> Iterator[Any]:
    """The browser; without it the test is skipped and says how to get it."""
    api = pytest.importorskip("playwright.sync_api", reason="Playwright is missing: pip install playwright")
    path = shutil.which("chromium") or shutil.which("chromium-browser")
    if path is None:
        pytest.skip("There is no Chromium here; `make browser` installs Debian's.")
    with api.sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=path, args=["--no-sandbox"])
        yield browser
        browser.close()


class Watched:
    """A page whose console, errors and requests are noted, so that a test can say that there were none."""

    def __init__(self, browser: Any, width: int = 1280, theme: str = "light") -> None:
        self._context = browser.new_context(viewport={"width": width, "height": 900 if width > 500 else 780}, color_scheme=theme)  # fmt: skip
        self.page = self._context.new_page()
        self.page.set_default_timeout(60_000)
        self.said: list[str] = []
        self.asked: list[str] = []
        self.page.on("console", lambda message: self.said.append(f"{message.type}: {message.text}"))
        self.page.on("pageerror", lambda error: self.said.append(f"error: {error}"))
        self.page.on("dialog", lambda dialog: (self.said.append(f"dialog: {dialog.message}"), dialog.dismiss()))
        self.page.on("request", lambda request: self.asked.append(request.url))

    def __enter__(self) -> "Watched":
        return self

    def __exit__(self, *_: object) -> None:
        self._context.close()

    def shot(self, name: str) -> None:
        """Keep a picture in `screenshots/`, which git ignores."""
        SHOTS.mkdir(exist_ok=True)
        self.page.screenshot(path=str(SHOTS / f"{name}.png"), full_page=True)

    def fits(self) -> bool:
        """Whether nothing makes the page wider than the window."""
        found: bool = self.page.evaluate("document.documentElement.scrollWidth <= innerWidth")
        return found

    def serious(self) -> list[str]:
        """What axe finds that is serious or critical."""
        if not AXE.is_file():
            pytest.skip("axe-core is missing; `make browser` brings it.")
        self.page.evaluate(AXE.read_text(encoding="utf-8"))
        found = self.page.evaluate("axe.run(document, {resultTypes: ['violations']})")
        return [
            f"{v['id']}: {node['target']} {node['failureSummary']}"
            for v in found["violations"]
            if v["impact"] in ("serious", "critical")
            for node in v["nodes"][:3]
        ]
