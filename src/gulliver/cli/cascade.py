"""`gulliver cascade RECIPE`: the threshold of a cascade, for a quality that is to be held."""

import json
from typing import Annotated

import typer


def cascade(
    recipe: Annotated[str, typer.Argument(help="MODEL | ... | cascade(to=LARGER, ...); its threshold is set anew.")],
    task: Annotated[str, typer.Option("--task", help="A task's name, or the TOML file of a study over it.")],
    quality: Annotated[float, typer.Option("--quality", min=0.0, max=1.0, help="The share of right answers to hold.")],
    confidence: Annotated[float, typer.Option("--confidence", min=0.5, max=0.999, help="With which the quality is held.")] = 0.95,
    items: Annotated[int | None, typer.Option("--items", "-n", min=30, help="The first so many items of the train split; by default all of the dev split.")] = None,
    seed: Annotated[int, typer.Option("--seed", help="Of draws, and of the items of a generator.")] = 0,
    store: Annotated[str | None, typer.Option("--store", help="A file or database URL instead of the shared store.")] = None,
    json_: Annotated[bool, typer.Option("--json", help="Print one JSON object.")] = False,
) -> None:  # fmt: skip
    """Set a cascade's threshold so that it holds a quality, with a bound for the number of items seen.

    Both models answer the items, once; the lowest threshold is taken that is shown to reach the quality. Judge the
    recipe on other items.
    """
    from dataclasses import asdict
    from pathlib import Path

    from gulliver.cli.places import store_url
    from gulliver.studies.cascading import set_cascade
    from gulliver.studies.config import read_study
    from gulliver.studies.preparing import study_task
    from gulliver.tasks import load_task

    if task.endswith(".toml"):
        study = read_study(Path(task))
        made = study_task(study.task, study.items, study.seed, study.folder)
    else:
        made = load_task(task, seed=seed)
    found = set_cascade(recipe, made, quality, level=confidence, items=items, seed=seed, store=store_url(store))
    if json_:
        typer.echo(json.dumps(asdict(found) | {"task": made.name, "wanted": quality, "confidence": confidence}))
        return
    seen = found.calibrated
    typer.echo(
        f"{found.recipe}\nOn {seen.items} items it is right in {seen.quality:.1%}, at least {seen.low:.1%} with {confidence:.0%} confidence, and asks the "
        f"larger model for {1 - seen.own:.0%}. Alone, the first model is right in {found.small:.1%} and the larger in {found.large:.1%}."
    )
