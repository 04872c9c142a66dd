"""`gulliver tasks`: the tasks that are built in."""

import json
from typing import Annotated, Any

import typer


def tasks(
    name: Annotated[
        str | None, typer.Argument(help="Show this task's first items, as they are put to a model.")
    ] = None,
    items: Annotated[int, typer.Option("--items", "-n", min=1, help="How many items to show.")] = 3,
    json_: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """List the built-in tasks, or show one."""
    from gulliver.tasks import load_task, task_names

    if name is None:
        names = task_names()
        typer.echo(json.dumps(names) if json_ else "\n".join(names))
        return
    task = load_task(name, items=items)
    shown: list[dict[str, Any]] = [
        {
            "id": item.id,
            "prompt": [{"role": m.role, "content": m.content} for m in item.prompt],
            "target": str(item.target),
        }
        for item in list(task.test)[:items]
    ]
    if json_:
        head = {
            "name": task.name,
            "test": len(task.test),
            "train": len(task.train),
            "source": task.source,
            "license": task.license,
        }
        typer.echo(json.dumps({**head, "note": task.note, "items": shown}))
        return
    typer.echo(f"{task.name}: {len(task.test)} test items, {len(task.train)} train items. {task.source}. {task.note}")
    for row in shown:
        typer.echo(f"\n[{row['id']}] target: {row['target']}")
        for message in row["prompt"]:
            typer.echo(f"  {message['role']}: {message['content']}")
