"""`gulliver load`: a load on one's own server, and how long its answers take."""

from typing import Annotated

import typer


def load(
    url: Annotated[str, typer.Argument(help="The server's address.")] = "http://127.0.0.1:8000/v1",
    connections: Annotated[
        int, typer.Option("--connections", "-c", min=1, max=2000, help="Connections that ask at the same time.")
    ] = 8,
    requests: Annotated[int, typer.Option("--requests", "-n", min=0, help="Requests in all; 0 with --seconds.")] = 200,
    seconds: Annotated[float, typer.Option("--seconds", min=0, help="After so many no more begin; 0: no limit.")] = 0.0,
    prompt: Annotated[
        str, typer.Option("--prompt", help="What is asked; {n} is the request's number.")
    ] = "What is {n} + 3?",
    model: Annotated[str, typer.Option("--model", help="A name of /v1/models; none is the recipe.")] = "",
    max_tokens: Annotated[int, typer.Option("--max-tokens", min=1, help="Tokens of an answer.")] = 64,
    stream: Annotated[bool, typer.Option("--stream", help="Ask for streams, and time their first text.")] = False,
    timeout: Annotated[float, typer.Option("--timeout", min=0.1, help="Seconds for one request.")] = 120.0,
    elsewhere: Annotated[
        bool, typer.Option("--elsewhere", help="The server is mine, and not on this machine.")
    ] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print as JSON.")] = False,
) -> None:
    """Put a load on a server of your own and print how long its answers took. The key is taken from GULLIVER_API_KEY."""
    import asyncio
    import json
    import os

    from gulliver.errors import GulliverError
    from gulliver.serving.loading import Load, check_own, put_load

    check_own(url, elsewhere)
    if not requests and not seconds:
        raise GulliverError("A load without an end is none; give --requests or --seconds.")
    key = os.environ.get("GULLIVER_API_KEY", "").strip()
    wanted = Load(url, connections, requests, seconds, prompt, model, max_tokens, stream, timeout, key)
    found = asyncio.run(put_load(wanted))
    if as_json:
        typer.echo(json.dumps(found.to_json()))
        return
    answered = found.statuses.get("200", 0)
    typer.echo(
        f"{answered} of {found.requests} answered in {found.seconds:.2f} s by {found.connections} connections: {found.per_second:.1f} a second, {found.tokens_per_second:.1f} tokens a second"
    )
    for name, times in (("whole answer", found.latency), ("first text", found.first)):
        if times:
            typer.echo(f"{name}: " + ", ".join(f"{share} {1000 * value:.1f} ms" for share, value in times.items()))
    others = {status: number for status, number in found.statuses.items() if status != "200"}
    if others:
        typer.echo("not answered: " + ", ".join(f"{number} with {status}" for status, number in others.items()))
