"""`gulliver head RECIPE`: train the head with which p_ik says beforehand what a model knows."""

import json
from typing import Annotated

import typer


def head(
    recipe: Annotated[str, typer.Argument(help="MODEL | ASKING, such as 'qwen2.5-coder-0.5b | cot'.")],
    task: Annotated[str, typer.Option("--task", help="A task's name, or the TOML file of a study over it.")],
    name: Annotated[str, typer.Option("--name", help="Under which it is kept: p_ik(head=NAME).")],
    items: Annotated[int | None, typer.Option("--items", "-n", min=10, help="The first so many items of the train split.")] = None,
    draws: Annotated[int, typer.Option("--draws", min=1, max=64, help="Of each item, at temperature 1.")] = 4,
    seed: Annotated[int, typer.Option("--seed", help="Of draws, and of the items of a generator.")] = 0,
    store: Annotated[str | None, typer.Option("--store", help="A file or database URL instead of the shared store.")] = None,
    json_: Annotated[bool, typer.Option("--json", help="Print one JSON object.")] = False,
) -> None:  # fmt: skip
    """Train a head that tells from a question alone how likely a model answers it right (P(IK))."""
    from pathlib import Path

    from gulliver.cli.places import store_url
    from gulliver.strategies.heads import save_head
    from gulliver.studies.config import read_study
    from gulliver.studies.knowing import train_head
    from gulliver.studies.preparing import study_task
    from gulliver.tasks import load_task

    if task.endswith(".toml"):
        study = read_study(Path(task))
        made = study_task(study.task, study.items, study.seed, study.folder)
    else:
        made = load_task(task, seed=seed)
    trained = train_head(recipe, made, name, draws=draws, items=items, seed=seed, store=store_url(store))
    path = save_head(trained)
    if json_:
        typer.echo(json.dumps({"head": name, "file": str(path), "items": trained.items, "task": trained.task}))
        return
    typer.echo(f"Trained on {trained.items} items of {trained.task}; use it as: {recipe} | p_ik(head={name})")
