"""`gulliver view`: all studies in the browser, from this machine alone."""

import json
from typing import Annotated, Any

import typer


def view(
    runs: Annotated[list[str] | None, typer.Argument(metavar="[RUN]...", help="Runs by id, folder or result.json; all finished ones when none is named.")] = None,
    host: Annotated[str, typer.Option("--host", help="Address to listen on.")] = "127.0.0.1",
    port: Annotated[int, typer.Option("--port", min=0, max=65535, help="Port; 0 is any free one.")] = 0,
    open_: Annotated[bool, typer.Option("--open/--no-open", help="Open the page in the browser.")] = True,
    store: Annotated[str | None, typer.Option("--store", help="A file or database URL instead of the shared store, for drafts.")] = None,
    json_: Annotated[bool, typer.Option("--json", help="Print the addresses as one JSON object, and open no browser.")] = False,
) -> None:  # fmt: skip
    """Look at studies in the browser: answers, figures, every item, comparisons, papers, and what runs now."""
    import importlib.util

    from gulliver.errors import MissingExtra

    if any(importlib.util.find_spec(name) is None for name in ("fastapi", "uvicorn", "prometheus_client")):
        raise MissingExtra("gulliver view", "serve")
    import sys
    import threading
    import webbrowser
    from urllib.parse import quote

    from gulliver.cli.places import store_url
    from gulliver.reports.view.app import make_app
    from gulliver.reports.view.library import Library
    from gulliver.reports.view.run import address_of, serve
    from gulliver.serving.run import bind

    library = Library(runs or ())
    listening = bind(host, port)
    address = address_of(host, listening)
    pages = {key: f"{address}#/study/{quote(key, safe='')}" for key in library.files()}
    first = next(iter(pages.values())) if runs else address

    def told() -> None:
        if json_:
            typer.echo(json.dumps({"address": address, "studies": pages}))
        else:
            typer.echo(f"{len(pages)} {'study' if len(pages) == 1 else 'studies'} at {first} (Ctrl-C ends it)")
        sys.stdout.flush()
        if host not in ("127.0.0.1", "::1", "localhost"):
            typer.echo("Anybody who reaches this address may read these studies.", err=True)
        # The first look should not wait for large files to be read.
        threading.Thread(target=library.warm, daemon=True).start()
        if open_ and not json_ and sys.stdout.isatty():
            webbrowser.open(first)

    serve(make_app(library, _papers, host, store_url(store)), listening, told)


def _papers() -> list[dict[str, Any]]:
    from gulliver.papers.findings import bibliography

    return bibliography()
