"""A ladder: rows are honest, a killed one ends as one that was not, and a finished one costs nothing."""

import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from gulliver.laws import LawError, read_table
from gulliver.laws.ladder import Event, chains_of, crossovers, read_rows, remaining_flops, run_ladder
from gulliver.laws.ladder.config import make_ladder
from tests.laws.ladder.tiny import GRID, tiny

SAME = ("loss", "train_loss", "flops", "tokens", "unique_tokens", "bits_per_byte")


class Killed(Exception):
    pass


def assert_same(found: list[dict[str, Any]], expected: list[dict[str, Any]], within: float = 1e-6) -> None:
    for name in SAME:
        assert [row[name] for row in found] == pytest.approx([row[name] for row in expected], rel=within)


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> tuple[Any, list[dict[str, Any]]]:
    grids = {"decoder": GRID, "diffusion": GRID, "encoder": {**GRID, "tokens": [4096]}}
    config = tiny(tmp_path_factory.mktemp("whole"), grids)
    tables = run_ladder(config)
    return config, [row for path in tables.values() for row in read_rows(path)]


def test_rows_say_what_was_trained(whole: tuple[Any, list[dict[str, Any]]]) -> None:
    config, rows = whole
    assert [(row["kind"], row["tokens"]) for row in rows] == [
        ("decoder", 4096),
        ("decoder", 8192),
        ("diffusion", 4096),
        ("diffusion", 8192),
        ("encoder", 4096),
    ]
    assert all(row["flops"] == row["tokens"] / 256 * chains_of(config)[0].shape.step_flops(8) for row in rows)
    assert rows[1]["paid_flops"] < rows[1]["flops"]
    assert rows[0]["paid_flops"] == rows[0]["flops"]
    assert rows[1]["loss"] < rows[0]["loss"]
    assert 0 < rows[0]["bits_per_byte"] < 8
    assert rows[4]["bits_per_byte"] is None


def test_the_table_is_read_by_role(whole: tuple[Any, list[dict[str, Any]]]) -> None:
    table = read_table(whole[0].out / "decoder.csv")
    assert {"parameters", "tokens", "flops", "loss", "vocabulary", "unique_tokens"} <= table.columns.keys()


def test_a_saved_model_gives_the_loss_of_its_row(whole: tuple[Any, list[dict[str, Any]]]) -> None:
    from transformers import LlamaForCausalLM

    from gulliver.laws.ladder.objectives import held_out_loss
    from gulliver.laws.ladder.texts import load_text
    from gulliver.laws.ladder.tokens import tokenise

    config, rows = whole
    chain = next(chain for chain in chains_of(config) if chain.kind == "decoder")
    model = LlamaForCausalLM.from_pretrained(config.out / "models" / f"{chain.name}-d8192")
    held_out = tokenise(load_text(config), 300, config.out).windows(32, held_out=True)[:32]
    assert held_out_loss(model, "decoder", held_out, config.recipe)[0] == pytest.approx(rows[1]["loss"], rel=1e-6)


def test_a_finished_ladder_costs_nothing(whole: tuple[Any, list[dict[str, Any]]]) -> None:
    events: list[Event] = []
    assert remaining_flops(whole[0]) == 0
    run_ladder(whole[0], events.append)
    assert events == []


def test_a_ladder_killed_in_the_middle_of_a_run_ends_as_one_that_was_not(
    whole: tuple[Any, list[dict[str, Any]]], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("gulliver.laws.ladder.training._TOLD_EVERY", 3)
    config = tiny(tmp_path)
    for kill in (2, 5, 7):
        told = 0

        def watch(event: Event, kill: int = kill) -> None:
            nonlocal told
            told += 1
            if told == kill:
                raise Killed

        with pytest.raises(Killed):
            run_ladder(config, watch)
    run_ladder(config)
    found = read_rows(config.out / "decoder.csv")
    # To six digits, not to the bit: a matrix product's last bits change with where in memory its operands lie.
    assert_same(found, whole[1][:2])


def test_two_workers_find_what_one_finds(whole: tuple[Any, list[dict[str, Any]]], tmp_path: Path) -> None:
    config = tiny(tmp_path, {"decoder": GRID, "diffusion": GRID}, workers=2, threads=1)
    events: list[Event] = []
    tables = run_ladder(config, events.append)
    found = [row for path in tables.values() for row in read_rows(path)]
    assert_same(found, whole[1][:4], 1e-4)  # another number of threads adds up in another order
    assert sum(event.row is not None for event in events) == 4


def test_processes_that_share_batches_find_what_one_finds(
    whole: tuple[Any, list[dict[str, Any]]], tmp_path: Path
) -> None:
    config = tiny(tmp_path, engine="accelerate", workers=2, threads=1)
    rows = read_rows(run_ladder(config)["decoder"])
    assert_same(rows, whole[1][:2], 1e-4)
    assert len(list((config.out / "checkpoints").glob("*/trunk-*-of-2/1/checkpoint.pt"))) == 2


def test_a_longer_ladder_goes_on_from_the_trunk(whole: tuple[Any, list[dict[str, Any]]], tmp_path: Path) -> None:
    short = tiny(tmp_path, {"decoder": {**GRID, "tokens": [4096]}})
    run_ladder(short)
    longer = tiny(tmp_path)
    assert remaining_flops(longer) == whole[1][1]["paid_flops"]
    run_ladder(longer)
    assert_same(read_rows(longer.out / "decoder.csv"), whole[1][:2])


def test_few_unique_tokens_are_repeated(tmp_path: Path) -> None:
    config = tiny(tmp_path, {"decoder": {**GRID, "unique_tokens": [2048]}})
    rows = read_rows(run_ladder(config)["decoder"])
    assert [(row["unique_tokens"], row["epochs"]) for row in rows] == [(2048, 2.0), (2048, 4.0)]


def test_a_table_of_another_recipe_is_not_mixed_in(whole: tuple[Any, list[dict[str, Any]]]) -> None:
    config = whole[0]
    with pytest.raises(LawError, match="another recipe"):
        run_ladder(replace(config, recipe=replace(config.recipe, rate=0.5)))


def test_a_table_of_another_text_is_not_mixed_in(tmp_path: Path) -> None:
    run_ladder(tiny(tmp_path, {"decoder": {**GRID, "tokens": [4096]}}))
    config = tiny(tmp_path)
    with pytest.raises(LawError, match="another text"):
        run_ladder(replace(config, text=replace(config.text, seed=1)))


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"text": {}}, "must name one of"),
        ({"text": {"files": ["a"], "generated": "proteins"}}, "must name one of"),
        ({"text": {"generated": "proteins", "families": 0}}, "families must be above 0"),
        ({"grid": {}}, "no grid"),
        ({"grid": {"decoder": {"sizes": ["65x2"], "tokens": [10**6]}}}, "WIDTHxDEPTH"),
        ({"grid": {"decoder": {"sizes": ["64x2"], "tokens": [0.5]}}}, "whole numbers"),
        ({"grid": {"decoder": {"sizes": ["64x2"], "tokens": [5]}}}, "warm-up"),
        ({"grid": {"wide": {"sizes": ["64x2"], "tokens": [10**6]}}}, "kind must be"),
        ({"recipe": {"rate": "high"}}, "must be a number"),
        ({"recipe": {"speed": 1}}, "no option 'speed'"),
        ({"machine": {"engine": "cloud"}}, "engine must be"),
        ({"machine": {"engine": "accelerate", "workers": 3}}, "cannot be divided"),
    ],
)
def test_what_cannot_be_is_said_in_a_sentence(tmp_path: Path, change: dict[str, Any], said: str) -> None:
    good = {"text": {"generated": "proteins"}, "grid": {"decoder": {"sizes": ["64x2"], "tokens": [10**6]}}}
    make_ladder(good, tmp_path)
    with pytest.raises(LawError, match=said):
        make_ladder({**good, **change}, tmp_path)


def row(kind: str, tokens: int, loss: float) -> dict[str, Any]:
    shape = {"width": 64, "depth": 2, "vocabulary": 512, "unique_limit": 1000, "seed": 0}
    return {**shape, "kind": kind, "tokens": tokens, "loss": loss, "loss_se": 0.01, "epochs": tokens / 1000}


def test_a_crossover_is_read_off_the_rows() -> None:
    decoder = [row("decoder", n, loss) for n, loss in ((1000, 3.0), (2000, 2.6), (4000, 2.9), (8000, 3.5))]
    diffusion = [row("diffusion", n, loss) for n, loss in ((1000, 3.6), (2000, 3.1), (4000, 2.8), (8000, 2.4))]
    (found,) = crossovers([*decoder, *diffusion])
    assert (found.tokens, found.best, found.overtakes, found.epochs) == (4000, (2.6, 2.4), True, 8.0)
    (never,) = crossovers([*decoder[:2], *diffusion[:2]])
    assert (never.tokens, never.overtakes) == (None, False)
    assert "does not overtake" in never.sentence
    assert crossovers(decoder) == []


def test_the_command_plans_trains_and_reports(tmp_path: Path) -> None:
    (tmp_path / "small.toml").write_text(
        'out = "runs"\n[text]\ngenerated = "proteins"\nbytes = 40000\n[recipe]\ncontext = 32\nwarmup = 2\nheld_out_tokens = 512\n'
        '[grid.decoder]\nsizes = ["16x1"]\ntokens = [4096]\nvocabularies = [280]\n'
    )

    def run(*words: str) -> subprocess.CompletedProcess[str]:
        code = "from gulliver.cli import main; main()"
        command = [sys.executable, "-c", code, "ladder", str(tmp_path / "small.toml"), *words]
        return subprocess.run(command, capture_output=True, text=True, check=False)

    planned = run("--dry-run")
    assert "1 runs" in planned.stdout, planned.stderr
    assert not (tmp_path / "runs").exists()
    done = run()
    assert done.returncode == 0, done.stderr
    assert "decoder: 1 runs" in done.stdout
    wrong = run("--grid", "none")
    assert wrong.returncode == 2
    assert "has no grid 'none'" in wrong.stderr
