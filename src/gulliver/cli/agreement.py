"""`gulliver agreement FILE`: how far a judge that is a model agrees with a person."""

import json
from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer


def agreement(
    file: Annotated[
        Path,
        typer.Argument(
            help="Labelled answers: JSONL, CSV or Parquet with question, answer, label (yes or no), and target if any."
        ),
    ],
    judge: Annotated[
        str, typer.Option("--judge", help="The judge, as a task has it: model(name='...', rubric='...').")
    ],
    json_: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
    store: Annotated[
        str | None, typer.Option("--store", help="A file or database URL instead of the shared store.")
    ] = None,
) -> None:
    """Measure a judge that is a model against hand labels: accuracy and Cohen's kappa, with intervals."""
    import asyncio

    from gulliver.cli.places import store_url
    from gulliver.errors import TaskError
    from gulliver.inference import Session, Store
    from gulliver.tasks.agreement import Agreement, measure_agreement
    from gulliver.tasks.judging import make_judge
    from gulliver.tasks.model_judge import ModelJudge

    made = make_judge(judge, Path.cwd())
    if not isinstance(made, ModelJudge):
        raise TaskError(
            f"The judge {judge!r} is no model, so it needs no labels; write model(name='...', rubric='...')."
        )

    async def work() -> Agreement:
        async with Store(store_url(store)) as kept, Session(kept) as session:
            return await measure_agreement(made, file, session)

    found = asyncio.run(work())
    typer.echo(json.dumps(asdict(found)) if json_ else f"The judge {found.judge}: {found.sentence}.")
