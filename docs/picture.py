"""The README's first picture, from a finished run: `python -m docs.picture RUN [OUTPUT]` (by default docs/frontier.svg).

The run's report is opened in Chromium (`make browser`), and the figure it draws is saved as it stands, with its colours for
light and dark. Nothing is drawn here.
"""

import argparse
import shutil
import tempfile
from pathlib import Path

from gulliver.errors import GulliverError
from gulliver.reports import write_report
from gulliver.reports.assets import figure_style
from gulliver.studies.runs import find_run

WIDTH = 900
_TAKE = """style => {
  const svg = document.querySelector('.frontier svg').cloneNode(true);
  for (const node of svg.querySelectorAll('*')) for (const name of ['tabindex', 'role', 'data-tip', 'aria-label', 'aria-hidden']) node.removeAttribute(name);
  for (const node of svg.querySelectorAll('.reach')) node.remove();
  const make = (name, text) => Object.assign(document.createElementNS(svg.namespaceURI, name), { textContent: text });
  const ground = make('rect', '');
  for (const [name, value] of Object.entries({ width: '100%', height: '100%', style: 'fill:var(--ground)' })) ground.setAttribute(name, value);
  svg.prepend(make('title', document.querySelector('h1').textContent), make('style', style), ground);
  svg.setAttribute('role', 'img');
  svg.style.setProperty('font-family', 'system-ui, sans-serif');
  return new XMLSerializer().serializeToString(svg);
}"""


def picture(run: str, output: Path) -> Path:
    """Save the frontier of a run as an SVG file.

    Raises:
        GulliverError: there is no such run, or no browser to draw it.
    """
    browser = shutil.which("chromium")
    if browser is None:
        raise GulliverError("The picture is drawn by Chromium, which is not here; install it with: make browser")
    from playwright.sync_api import sync_playwright

    result = find_run(run)
    with tempfile.TemporaryDirectory() as name, sync_playwright() as driver:
        page = driver.chromium.launch(executable_path=browser, args=["--no-sandbox"]).new_page(
            viewport={"width": WIDTH + 32, "height": 900}
        )
        page.goto(write_report(result, Path(name) / "report.html").as_uri())
        page.wait_for_selector(".frontier .point")
        output.write_text(page.evaluate(_TAKE, figure_style()) + "\n", encoding="utf-8")
    return output


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("run", help="a run's id or folder, or latest")
    parser.add_argument("output", nargs="?", type=Path, default=Path(__file__).parent / "frontier.svg")
    given = parser.parse_args()
    print(picture(given.run, given.output))


if __name__ == "__main__":
    main()
