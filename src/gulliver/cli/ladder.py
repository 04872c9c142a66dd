"""`gulliver ladder LADDER.toml`: small models trained from scratch, so that a law can be fitted to them."""

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

if TYPE_CHECKING:
    from gulliver.laws.ladder import LadderConfig


def ladder(
    config: Annotated[Path, typer.Argument(help="A ladder: a TOML file (see docs/ladder.md).", show_default=False)],
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Say what would be trained, and train nothing.")] = False,
    measure: Annotated[
        bool, typer.Option("--measure", help="With --dry-run: time a few steps of each size, and say the minutes.")
    ] = False,
    grid: Annotated[list[str] | None, typer.Option("--grid", help="Only this grid; repeatable.")] = None,
    json_: Annotated[bool, typer.Option("--json", help="Print one JSON object on standard output.")] = False,
) -> None:
    """Train a ladder of small models and write a table of runs for each grid.

    Run again after a crash or an interruption, it goes on where it was. A finished ladder is only reported.
    """
    from dataclasses import replace

    from gulliver.laws.base import LawError
    from gulliver.laws.ladder import crossovers, read_ladder, read_rows, run_ladder

    ladder = read_ladder(config)
    if grid:
        known = {g.name for g in ladder.grids}
        if missing := [name for name in grid if name not in known]:
            raise LawError(f"The ladder has no grid {missing[0]!r}; it has: {', '.join(sorted(known))}.")
        ladder = replace(ladder, grids=tuple(g for g in ladder.grids if g.name in grid))
    if dry_run:
        _plan(ladder, measure, json_)
        return
    with _Progress(ladder) as progress:
        tables = run_ladder(ladder, progress.told)
    rows = {name: read_rows(path) for name, path in tables.items()}
    crossed = crossovers(row for found in rows.values() for row in found)
    if json_:
        shown = {
            "tables": {name: str(path) for name, path in tables.items()},
            "rows": rows,
            "crossovers": [{**vars(cross), "sentence": cross.sentence} for cross in crossed],
        }
        typer.echo(json.dumps(shown))
        return
    for name, path in tables.items():
        flops = sum(float(row["paid_flops"]) for row in rows[name])
        seconds = sum(float(row["seconds"]) * row["paid_flops"] / row["flops"] for row in rows[name])
        typer.echo(f"{name}: {len(rows[name])} runs, {flops:.3g} FLOPs in {seconds / 60:.1f} minutes, in {path}")
    for cross in crossed:
        typer.echo(cross.sentence)


class _Progress:
    """A bar of FLOPs, and a line for each row, on standard error."""

    def __init__(self, config: "LadderConfig") -> None:
        from rich.console import Console
        from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn, TimeRemainingColumn

        from gulliver.laws.ladder import remaining_flops

        self.total = remaining_flops(config)
        columns = (TextColumn("{task.description}"), BarColumn(), TimeElapsedColumn(), TimeRemainingColumn())
        self.bar = Progress(*columns, console=Console(stderr=True), disable=self.total == 0)
        self.task = self.bar.add_task("training", total=self.total)

    def __enter__(self) -> "_Progress":
        self.bar.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.bar.stop()

    def told(self, event: Any) -> None:
        self.bar.advance(self.task, event.flops)
        if (row := event.row) is None:
            return
        bits = "" if row["bits_per_byte"] is None else f", {row['bits_per_byte']:.3f} bits a byte"
        self.bar.console.print(
            f"{row['kind']} {row['width']}x{row['depth']}: {row['tokens']:,} tokens, {row['flops']:.2e} FLOPs, "
            f"loss {row['loss']:.4f} ± {row['loss_se']:.4f} nats a token{bits}, {row['seconds']:.0f} s",
            markup=False,
            highlight=False,
        )


def _plan(config: "LadderConfig", measure: bool, json_: bool) -> None:
    from gulliver.laws.ladder import chains_of

    rows: list[dict[str, Any]] = []
    seconds = 0.0
    for chain in chains_of(config):
        row: dict[str, Any] = {
            "grid": chain.grid,
            "kind": chain.kind,
            "size": f"{chain.shape.width}x{chain.shape.depth}",
            "vocabulary": chain.shape.vocabulary,
            "parameters": chain.shape.non_embedding,
            "embedding_parameters": chain.shape.embedding,
            "unique_limit": chain.unique or 0,
            "seed": chain.seed,
            "tokens": list(chain.counts),
            "flops": [chain.flops(count) for count in chain.counts],
            "paid_flops": sum(map(chain.paid, chain.counts)),
        }
        if measure:
            from gulliver.laws.ladder.speed import measure_chain

            threads = config.machine.threads or None
            row["flops_a_second"], row["seconds"] = measure_chain(chain, threads)
            seconds += float(row["seconds"])
        rows.append(row)
    workers = min(config.machine.workers, len(rows)) if config.machine.engine == "local" else 1
    total = sum(float(row["paid_flops"]) for row in rows)
    if json_:
        typer.echo(json.dumps({"chains": rows, "flops": total, "seconds": seconds / workers if measure else None}))
        return
    for row in rows:
        speed = f", {row['flops_a_second'] / 1e9:.0f} GFLOP/s, {row['seconds']:.0f} s" if measure else ""
        seen = f" of {row['unique_limit']:,} unique" if row["unique_limit"] else ""
        typer.echo(
            f"{row['grid']}: {row['kind']} {row['size']}, {row['parameters']:,} parameters "
            f"(+ {row['embedding_parameters']:,} of {row['vocabulary']} tokens), "
            f"{row['tokens'][0]:,} to {row['tokens'][-1]:,} tokens{seen}, "
            f"{row['flops'][0]:.2g} to {row['flops'][-1]:.2g} FLOPs a run{speed}"
        )
    runs = sum(len(row["tokens"]) for row in rows)
    typer.echo(
        f"{runs} runs, {total:.3g} FLOPs in all" + (f", about {seconds / workers / 60:.0f} minutes" if measure else "")
    )
