"""`gulliver index SOURCE`: passages of a folder or file made ready for `retrieve`, or searched."""

import json
from pathlib import Path
from typing import Annotated, Any

import typer


def index(
    source: Annotated[Path, typer.Argument(help="A folder or a file: text, or JSONL with a document a line.", show_default=False)],
    query: Annotated[str | None, typer.Option("--query", help="Show the passages that fit this best.")] = None,
    k: Annotated[int, typer.Option("-k", min=1, help="How many passages to show.")] = 3,
    by: Annotated[str, typer.Option("--by", help="bm25, dense or hybrid.")] = "hybrid",
    via: Annotated[str, typer.Option("--via", help="passages or summaries.")] = "passages",
    size: Annotated[int, typer.Option("--size", min=1, help="Words of a passage, at most.")] = 120,
    overlap: Annotated[int, typer.Option("--overlap", min=0, help="Words that neighbours share, at most.")] = 20,
    encoder: Annotated[str, typer.Option("--encoder", help="A rung, a folder of sentence-transformers, or corpus: learned from the passages.")] = "minilm-22m",
    adapt: Annotated[bool, typer.Option("--adapt", help="Fit the encoder to the passages.")] = False,
    json_: Annotated[bool, typer.Option("--json", help="Print one JSON object.")] = False,
) -> None:  # fmt: skip
    """Index a folder or file for the strategy retrieve; with --query, search it. An unchanged source is not indexed again."""
    from gulliver.cli.models import progress_bar
    from gulliver.errors import GulliverError
    from gulliver.retrieval import WAYS, Making, open_index

    if by not in WAYS:
        raise GulliverError(f"--by {by!r} is no way to search; there are: {', '.join(WAYS)}.")
    if overlap >= size:
        raise GulliverError(f"--overlap {overlap} must be below --size {size}.")
    with progress_bar() as progress:
        made = open_index(source, Making(size, overlap, encoder, adapt), progress)
        if by != "dense":
            _ = made.lexical
        if by != "bm25":
            _ = made.vectors
        found = made.search(query, k, by, via) if query is not None else []
    documents = len({passage.document for passage in made.passages})
    if json_:
        data: dict[str, Any] = {
            "source": str(source),
            "documents": documents,
            "passages": len(made.passages),
            "by": by,
            "folder": str(made.place),
        }
        if query is not None:
            data["query"] = query
            data["found"] = [
                {"document": passage.document, "title": passage.title, "text": passage.text, "score": score}
                for passage, score in found
            ]
        typer.echo(json.dumps(data))
        return
    typer.echo(f"{source}: {documents} documents, {len(made.passages)} passages, ready in {made.place}")
    if query is not None and not found:
        typer.echo("Nothing fits the query.")
    for passage, score in found:
        _show(passage.document, passage.text, score)


def _show(document: str, text: str, score: float) -> None:
    from gulliver.reports.safe import clean, line

    typer.echo(f"\n{line(document)}  ({score:.3f})\n{clean(text)}")
