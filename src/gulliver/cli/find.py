"""`gulliver find STUDY`: the smallest recipe that is good enough."""

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

if TYPE_CHECKING:
    from gulliver.models.cluster import On
    from gulliver.studies.preparing import Prepared
    from gulliver.studies.result import StudyResult


def find(
    study: Annotated[Path, typer.Argument(help="A study: a TOML file (see docs/first-study.md).")],
    json_: Annotated[
        bool, typer.Option("--json", help="Print one JSON object and nothing else on standard output.")
    ] = False,
    require: Annotated[
        bool, typer.Option("--require", help="Exit with 1 when the target is not met, or the lock file disagrees.")
    ] = False,
    lock: Annotated[
        bool, typer.Option("--lock", help="Write the answer to STUDY.lock, which --require then holds.")
    ] = False,
    report: Annotated[
        Path | None, typer.Option("--report", help="Where the report goes; by default beside the run.")
    ] = None,
    store: Annotated[
        str | None, typer.Option("--store", help="A file or database URL instead of the shared store.")
    ] = None,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Forecast what it will spend and find, from a pilot, and stop there.")
    ] = False,
    pilot: Annotated[
        int,
        typer.Option("--pilot", min=1, help="Items of each recipe that a dry run asks; they are not paid for again."),
    ] = 8,
    on: Annotated[
        str | None,
        typer.Option("--on", help="Ask on many machines: ray, host:port or ray://host:port (see docs/inference.md)."),
    ] = None,
    workers: Annotated[
        int | None, typer.Option("--workers", min=1, help="With --on: workers in all; by default one a machine.")
    ] = None,
    in_flight: Annotated[
        int, typer.Option("--in-flight", min=1, help="With --on: requests under way at once on each worker.")
    ] = 32,
) -> None:
    """Find the cheapest recipe that meets a target, with a stated error rate.

    Run again after a crash or an interruption, it goes on where it was: nothing finished is asked twice.
    """
    from functools import partial

    from rich.console import Console

    from gulliver.cli.live import LiveView
    from gulliver.cli.models import progress_bar
    from gulliver.cli.places import store_url
    from gulliver.models import load_model
    from gulliver.reports import render_answer, write_report
    from gulliver.studies import find as run
    from gulliver.studies.config import read_study
    from gulliver.studies.preparing import prepare
    from gulliver.studies.progress import told_to_others
    from gulliver.studies.summary import power_sentence

    err = Console(stderr=True)
    where = _where(on, workers, in_flight, dry_run)
    lock_file = study.with_suffix(".lock")
    pinned = _read_lock(lock_file) if require and not lock else None
    url = store_url(store)
    with progress_bar() as progress:
        prepared = prepare(read_study(study), partial(load_model, progress=progress))
    err.print(power_sentence(prepared), markup=False)
    if dry_run:
        _forecast(prepared, url, pilot, json_)
        return
    with LiveView() as view, told_to_others(prepared, view.update) as watch:
        done = run(prepared, store=url, watch=watch, on=where)
    result = done.result
    page = write_report(result, report or Path(result.run.folder) / "report.html")
    if json_:
        typer.echo(json.dumps(result.to_json(), allow_nan=False))
    else:
        Console().print(render_answer(result, page))
    if lock:
        lock_file.write_text(json.dumps(_pinned(result), indent=2) + "\n", encoding="utf-8")
        err.print(f"The answer is pinned in {lock_file}.", markup=False)
    if require:
        _require(result, lock_file, pinned)


def _where(on: str | None, workers: int | None, in_flight: int, dry_run: bool) -> "On | None":
    """The cluster that was asked for; None is this machine."""
    from gulliver.errors import GulliverError
    from gulliver.models.cluster import On

    if on is None:
        if workers is not None:
            raise GulliverError("--workers goes with --on; add --on ray, or the address of a Ray cluster.")
        return None
    if dry_run:
        raise GulliverError("A dry run asks its few items on this machine; leave out --on.")
    return On(on, workers, in_flight)


def _forecast(prepared: "Prepared", store: str | Path | None, pilot: int, json_: bool) -> None:
    from rich.console import Console

    from gulliver.cli.live import LiveView
    from gulliver.reports import render_forecast
    from gulliver.studies.dry_run import dry_run

    with LiveView() as view:
        made = dry_run(prepared, store=store, pilot=pilot, watch=view.update)
    if json_:
        typer.echo(json.dumps(made.to_json(), allow_nan=False))
    else:
        Console().print(render_forecast(made))


def _pinned(result: "StudyResult") -> dict[str, Any]:
    """What a lock file holds: the answer, and the digests of what it rests on."""
    return {
        "answer": result.answer.kind,
        "recipe": result.answer.recipe,
        "target": result.run.target_text,
        "task": result.run.task_digest,
        "models": {model["name"]: model["digest"] for model in result.run.models},
    }


def _read_lock(lock_file: Path) -> dict[str, Any] | None:
    """What a lock file pins; None when there is none. Read before anything is spent."""
    from gulliver.errors import StudyError

    if not lock_file.exists():
        return None
    try:
        pinned = json.loads(lock_file.read_text(encoding="utf-8"))
    except ValueError:
        pinned = None
    if not isinstance(pinned, dict):
        raise StudyError(f"The lock file {lock_file} is not JSON; write it anew with --lock.")
    return pinned


def _require(result: "StudyResult", lock_file: Path, pinned: dict[str, Any] | None) -> None:
    if result.answer.kind != "meets":
        typer.echo(f"gulliver: the target is required and was not met: {result.answer.sentence}", err=True)
        raise typer.Exit(1)
    if pinned is not None:
        now = _pinned(result)
        moved = [key for key in now if pinned.get(key) != now[key]]
        if moved:
            typer.echo(
                f"gulliver: {lock_file} pins another {' and '.join(moved)}; look at the change, then accept it with --lock.",
                err=True,
            )
            raise typer.Exit(1)
