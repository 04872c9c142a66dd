"""`gulliver serve`: what a study found, or a recipe, behind OpenAI's API."""

from pathlib import Path
from typing import Annotated

import typer


def serve(
    what: Annotated[
        str, typer.Argument(help="A run, a study's TOML file, or a recipe: 'MODEL | TRANSFORM | STRATEGY'.")
    ],
    fallback: Annotated[
        str | None, typer.Option("--fallback", help="A larger recipe that answers where this one is not sure enough.")
    ] = None,
    threshold: Annotated[float, typer.Option("--threshold", help="Confidence below which it does, 0 to 1.")] = 0.5,
    quality: Annotated[
        float | None,
        typer.Option("--quality", help="Set the threshold for this share right, from the task's dev split."),
    ] = None,
    audit: Annotated[
        float | None, typer.Option("--audit", help="Share of answers that the fallback, or a judge, looks at again.")
    ] = None,
    audit_target: Annotated[
        float | None,
        typer.Option("--audit-target", help="Share right that must hold; --quality where that is given."),
    ] = None,
    judge: Annotated[
        str | None, typer.Option("--judge", help="A model that says whether an audited answer is right.")
    ] = None,
    embeddings: Annotated[
        str | None, typer.Option("--embeddings", help="An encoder for /v1/embeddings, such as minilm-22m.")
    ] = None,
    name: Annotated[
        str, typer.Option("--name", help="One more name of the recipe, for clients that have one set.")
    ] = "",
    strategy: Annotated[
        list[str] | None, typer.Option("--strategy", help="Offer the model with this strategy too; may be repeated.")
    ] = None,
    host: Annotated[str, typer.Option("--host", help="Address to listen on.")] = "127.0.0.1",
    port: Annotated[int, typer.Option("--port", help="Port; 0 is any free one.")] = 8000,
    keys: Annotated[Path | None, typer.Option("--keys", help="TOML file of hashed API keys and their limits.")] = None,
    at_once: Annotated[int, typer.Option("--at-once", min=1, help="Requests answered at the same time.")] = 32,
    queue: Annotated[int, typer.Option("--queue", min=0, help="Requests that may wait; more get 429.")] = 128,
    timeout: Annotated[float, typer.Option("--timeout", min=0.1, help="Seconds for one request.")] = 120.0,
    max_body: Annotated[int, typer.Option("--max-body", min=1024, help="Bytes of a request's body.")] = 1 << 20,
    patience: Annotated[
        float, typer.Option("--patience", min=0.1, help="Seconds in which a request must arrive.")
    ] = 10.0,
    drain: Annotated[float, typer.Option("--drain", min=1, help="Seconds that requests get when stopped.")] = 30.0,
    quiet: Annotated[bool, typer.Option("--quiet", help="Log no requests, only trouble.")] = False,
) -> None:
    """Serve what a study found, or a recipe, behind OpenAI's API; logs hold no prompt."""
    import importlib.util

    from gulliver.errors import GulliverError, MissingExtra

    if any(importlib.util.find_spec(name) is None for name in ("fastapi", "uvicorn", "prometheus_client")):
        raise MissingExtra("gulliver serve", "serve")
    import asyncio
    import logging
    from dataclasses import replace
    from functools import partial

    from gulliver.cli.models import progress_bar
    from gulliver.models import load_model
    from gulliver.models.encoder import load_encoder
    from gulliver.serving.audit import AuditPlan
    from gulliver.serving.choose import choose
    from gulliver.serving.keys import read_keys
    from gulliver.serving.room import Limits, open_room
    from gulliver.serving.run import bind, log_to_stderr
    from gulliver.serving.run import serve as run

    if quality is not None and fallback is None:
        raise GulliverError("--quality sets the threshold of a fallback; give --fallback too.")
    watched = None
    if audit is not None:
        target = quality if audit_target is None else audit_target
        if target is None:
            raise GulliverError("--audit needs to know what to watch for; give --audit-target, such as 0.8.")
        watched = AuditPlan(audit, target, judge or "")
    known = read_keys(keys)
    limits = Limits(at_once, queue, timeout, max_body, patience, drain)
    with progress_bar() as progress:
        load = partial(load_model, progress=progress)
        encoder = load_encoder(embeddings, progress) if embeddings is not None else None
        found = choose(what, load)
        larger = None
        if fallback is not None:
            larger = choose(fallback, load)
            if found.task is not None and larger.task is None:
                larger = replace(larger, pattern=found.pattern, task=found.task, seed=found.seed)
    listening = bind(host, port)
    log_to_stderr()
    if quiet:
        logging.getLogger("gulliver.serving").setLevel(logging.WARNING)

    async def work() -> None:
        room = await open_room(found, larger, threshold, quality, known, limits, strategy or (), watched, encoder, name)
        address = f"http://{host if ':' not in host else f'[{host}]'}:{listening.getsockname()[1]}/v1"

        def told() -> None:
            typer.echo(f"{room.name} answers at {address}")
            if (set_ := room.calibrated) is not None and room.fallback is not None:
                typer.echo(
                    f"Below a confidence of {set_.threshold:g} {room.fallback.served.name} answers: {set_.quality:.3f} of {set_.items} dev items right (at least {set_.low:.3f}), {set_.own:.0%} by the small one."
                )
            if not known.keys and host not in ("127.0.0.1", "::1", "localhost"):
                typer.echo("Anybody who reaches this address may ask: there are no --keys.", err=True)

        await run(room, listening, told)

    with listening:
        asyncio.run(work())
