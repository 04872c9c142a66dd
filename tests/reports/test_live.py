"""The live view draws intervals against the target in a terminal and writes plain lines elsewhere."""

from dataclasses import replace
from io import StringIO

import pytest
from rich.console import Console

from gulliver.cli.live import LiveView, interval_text, plain_line
from gulliver.studies.events import Progress

ASKING = Progress("m | cot", 2, 12, 40, 100, 14, 0.2, 0.5, 0.3, "", "asking", 12.0, 3e12, 7)
DECIDED = replace(ASKING, asked=64, right=10, low=0.1, high=0.25, verdict="rejected", stage="decided")


def terminal(width: int = 100, height: int = 30) -> Console:
    return Console(
        file=StringIO(),
        width=width,
        height=height,
        force_terminal=True,
        color_system=None,
        force_interactive=True,
        legacy_windows=False,
    )


def written(console: Console) -> str:
    assert isinstance(console.file, StringIO)
    return console.file.getvalue()


def test_elsewhere_there_is_one_line_for_each_decided_recipe() -> None:
    console = Console(file=StringIO(), width=40, force_terminal=False)
    with LiveView(console) as view:
        view.update(replace(ASKING, stage="pulling", message="98 MB"))
        view.update(replace(ASKING, stage="pulling", message="99 MB"))
        view.update(replace(ASKING, stage="loading"))
        view.update(ASKING)
        view.update(DECIDED)
    lines = written(console).splitlines()
    assert lines == [
        "[2/12] m | cot: pulling (98 MB)",
        "[2/12] m | cot: rejected, 10 of 64 right, 0.100 to 0.250 against 0.3, 12 s so far",
    ]


def test_by_default_everything_goes_to_standard_error(capsys: pytest.CaptureFixture[str]) -> None:
    with LiveView() as view:
        view.update(DECIDED)
    out, err = capsys.readouterr()
    assert out == ""
    assert "rejected" in err


def test_a_terminal_sees_recipe_interval_and_what_was_spent() -> None:
    console = terminal()
    with LiveView(console) as view:
        view.update(DECIDED)
        view.update(replace(ASKING, recipe="m | pal", position=3))
        assert view._live is not None
        view._live.refresh()
    text = written(console)
    for wanted in (
        "m | cot",
        "rejected",
        "64/100",
        "m | pal",
        "40/100",
        "asking",
        "recipe 3 of 12",
        "target 0.3",
        "3 TFLOP spent",
        "7 replayed",
        "━",
    ):
        assert wanted in text


def test_more_recipes_than_lines_keep_the_current_one_in_view() -> None:
    console = terminal(height=12)
    with LiveView(console) as view:
        for i in range(30):
            view.update(replace(DECIDED, recipe=f"recipe-{i}", position=i))
        view.update(replace(ASKING, recipe="the last"))
    console.file = StringIO()
    console.print(view._render())
    text = written(console)
    assert "the last" in text
    assert "24 earlier recipes are not shown" in text
    assert len(text.splitlines()) <= 12


@pytest.mark.parametrize("width", [60, 80, 120])
def test_rows_fit_the_terminal(width: int) -> None:
    console = terminal(width)
    view = LiveView(console)
    view.update(replace(ASKING, recipe="qwen2.5-coder-1.5b | pal | majority(n=8) | " * 2))
    console.file = StringIO()
    console.print(view._render())
    lines = written(console).splitlines()
    assert len(lines) == 2 if width > 70 else len(lines) <= 3
    assert max(len(line) for line in lines) <= width


def test_an_interrupted_study_leaves_its_table() -> None:
    console = terminal()

    def interrupted() -> None:
        with LiveView(console) as view:
            view.update(DECIDED)
            console.file = StringIO()
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        interrupted()
    assert "rejected" in written(console).splitlines()[-2]


def test_the_bar_puts_interval_value_and_target_where_they_are() -> None:
    bar = interval_text(ASKING, 20).plain
    assert len(bar) == 20
    assert (bar.index("━"), bar.rindex("━")) == (4, 10)
    assert (bar.index("┃"), bar.index("●")) == (6, 7)
    assert interval_text(replace(ASKING, asked=0), 20).plain.count("·") == 19
    assert interval_text(replace(ASKING, low=0.0, high=1.0, target=1.0), 20, ascii_only=True).plain.isascii()


def test_names_reach_the_terminal_as_text() -> None:
    assert plain_line(replace(DECIDED, recipe="[red]\x1b[2Jm")).startswith("[2/12] [red]\ufffd[2Jm")
