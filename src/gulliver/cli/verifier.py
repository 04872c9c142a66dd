"""`gulliver verifier TASK`: train a verifier from what the task's judge says of drafts."""

import json
from typing import Annotated

import typer


def verifier(
    task: Annotated[str, typer.Argument(help="A task with train or dev items, such as gym:gsm_symbolic; test items are never learned from.")],
    models: Annotated[list[str] | None, typer.Option("--model", "-m", help="A model whose drafts are learned from; may be given several times.")] = None,
    items: Annotated[int, typer.Option("--items", min=2, help="Questions.")] = 50,
    draws: Annotated[int, typer.Option("--draws", "-n", min=1, help="Drafts of each question by each model.")] = 4,
    strategy: Annotated[str, typer.Option("--strategy", help="How the models are asked.")] = "cot",
    name: Annotated[str, typer.Option("--name", help="Under which it is kept; best_of(by=verifier, model=NAME) uses it.")] = "default",
    store: Annotated[str | None, typer.Option("--store", help="A file or database URL instead of the shared store.")] = None,
    json_: Annotated[bool, typer.Option("--json", help="Print one JSON object.")] = False,
) -> None:  # fmt: skip
    """Train a small verifier, so that strategies can choose by it: `best_of(by=verifier)`, `rebase(by=verifier)`.

    Models draw, the judge labels, and a logistic head over sentence vectors and a calculator learns; no torch is needed.
    """
    from gulliver.cli.models import progress_bar
    from gulliver.cli.places import store_url
    from gulliver.studies.verifying import train_verifier
    from gulliver.tasks import load_task

    with progress_bar() as progress:
        made = train_verifier(
            models or ["smollm2-135m"],
            load_task(task),
            items=items,
            draws=draws,
            strategy=strategy,
            name=name,
            store=store_url(store),
            tell=progress,
        )
    fitted = made.fitted
    if json_:
        data = {
            "path": str(made.path), "auc": fitted.auc, "auc_within_questions": fitted.within, "drafts": fitted.drafts,
            "questions": fitted.groups, "right": fitted.right, "flops": made.flops, "seconds": made.seconds,
        }  # fmt: skip
        typer.echo(json.dumps(data))
        return
    inside = "not known, as no question has both kinds" if fitted.within is None else f"{fitted.within:.3f}"
    typer.echo(f"Fitted to {fitted.drafts} drafts of {fitted.groups} questions, {fitted.right} right.")
    typer.echo(
        f"A right draft scores above a wrong one, on questions it was not fitted to: {fitted.auc:.3f}; of the same question: {inside}."
    )
    typer.echo(f"Kept as {made.path}; use it with best_of(by=verifier, model={name}).")
