"""Generated tables in the docs are the ones that the code makes."""

import re
from pathlib import Path

from docs.sync import synced, tables

ROOT = Path(__file__).parents[2]
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]


def test_a_table_is_put_between_its_marks_however_it_looked_before() -> None:
    made = {"x": lambda: "| new |"}
    want = "a\n<!-- generated: x -->\n| new |\n<!-- end -->\nb"
    assert synced("a\n<!-- generated: x -->\n<!-- end -->\nb", made) == want
    assert synced(want, made) == want


def test_every_table_stands_in_a_page_and_is_true() -> None:
    texts = {page: page.read_text(encoding="utf-8") for page in PAGES}
    placed = set(re.findall(r"<!-- generated: ([\w-]+) -->", "".join(texts.values())))
    assert placed == set(tables())
    assert all(synced(text, tables()) == text for text in texts.values())


def test_links_between_pages_lead_somewhere() -> None:
    for page in PAGES:
        for target in re.findall(r"\]\((?!https?:|#)([^)#]+)", page.read_text(encoding="utf-8")):
            assert (page.parent / target).exists(), f"{page.name} links to {target}"
