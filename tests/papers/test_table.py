"""The table in docs/papers.md."""

from gulliver.papers import rows
from gulliver.papers.table import markdown


def test_there_is_a_line_a_publication_and_what_can_be_run_stands_first() -> None:
    lines = markdown().splitlines()
    assert len(lines) == 2 + len(rows())
    assert any(
        line.startswith("| `pal-2022` | PAL: Program-aided Language Models | strategies | works |") for line in lines
    )
    assert "planned" not in lines[2]
    assert all(line.count("|") - line.count("\\|") == 6 for line in lines)
