"""The command line: light to start, one sentence for bad input."""

import subprocess
import sys
from pathlib import Path

import pytest


def gulliver(*arguments: str, cwd: Path | None = None, timeout: float = 120) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-c", "from gulliver.cli import main; main()", *arguments]
    return subprocess.run(command, capture_output=True, text=True, cwd=cwd, check=False, timeout=timeout)


def test_help_imports_nothing_heavy() -> None:
    code = (
        "import sys; sys.argv = ['gulliver', '--help']\n"
        "from gulliver.cli import main\n"
        "try:\n    main()\nexcept SystemExit:\n    pass\n"
        "print('MODULES', *sorted(m.partition('.')[0] for m in sys.modules))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    loaded = set(done.stdout.partition("MODULES")[2].split())
    heavy = {"torch", "openvino", "openvino_genai", "transformers", "sklearn", "scipy", "numpy", "polars", "sqlalchemy"}
    assert "typer" in loaded
    assert not loaded & heavy


def test_importing_gulliver_imports_nothing_heavy() -> None:
    code = "import gulliver, sys; print(*sorted(m.partition('.')[0] for m in sys.modules))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert not set(done.stdout.split()) & {"torch", "openvino", "numpy", "polars", "typer"}


@pytest.mark.parametrize(
    "name", ["find", "Study", "load_model", "load_task", "measure", "strategy", "write_report", "Judge"]
)
def test_the_public_names_are_there(name: str) -> None:
    import gulliver

    assert getattr(gulliver, name) is not None
    assert name in gulliver.__all__


def test_help_lists_the_commands() -> None:
    said = gulliver("--help").stdout
    for command in ("find", "report", "models", "tasks", "strategies", "papers", "reproduce", "doctor"):
        assert command in said


STUDY = '[study]\ntask = "gsm8k"\ntarget = {target}\nmodels = ["{model}"]\nstrategies = ["{strategy}"]\n'


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (None, "cannot be read"),
        ("[study", "not valid TOML"),
        (STUDY.format(target=2, model="scripted:m", strategy="direct"), "target must lie in"),
        (
            '[study]\ntarget = 0.5\nmodels = ["scripted:m"]\n[task]\nfile = "none.jsonl"\ntarget = "a"\ntemplate = "x"\njudge = "exact"\n',
            "none.jsonl",
        ),
    ],
)
def test_bad_input_is_one_sentence_and_exit_code_two(text: str | None, said: str, tmp_path: Path) -> None:
    path = tmp_path / "study.toml"
    if text is not None:
        path.write_text(text)
    done = gulliver("find", str(path))
    assert done.returncode == 2
    assert said in done.stderr
    assert "Traceback" not in done.stderr
