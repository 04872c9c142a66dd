"""`gulliver laws capacity`: bits of text that models save, over the logarithm of their FLOPs a token."""

import json
from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer


def capacity(
    models: Annotated[list[str], typer.Argument(help="Models, as in recipes.", show_default=False)],
    text: Annotated[Path | None, typer.Option("--text", help="UTF-8 text to score; Shakespeare's plays by default.")] = None,
    windows: Annotated[int, typer.Option("--windows", min=2, help="Pieces of the text, spread over it.")] = 12,
    characters: Annotated[int, typer.Option("--characters", min=100, help="Of each piece; it must fit the context.")] = 1000,
    bias: Annotated[float, typer.Option("--bias", help="Bits added to what a token saves.")] = 0.0,
    json_: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:  # fmt: skip
    """Say each model's information capacity on a text, and how well a sibling's is known from it."""
    from gulliver.cli.laws import number
    from gulliver.laws import LawError
    from gulliver.laws.capacity import capacities, score, siblings, windows_of
    from gulliver.laws.ladder.texts import PACKAGE, VERSION, shakespeare

    if text is None:
        whole, source = shakespeare(), f"Shakespeare's plays ({PACKAGE} {VERSION})"
    else:
        try:
            whole, source = text.read_text(encoding="utf-8"), str(text)
        except (OSError, UnicodeDecodeError):
            raise LawError(f"The text {text} cannot be read as UTF-8; give a text file.") from None
    pieces = windows_of(whole, windows, characters)
    scored = score(list(dict.fromkeys(models)), pieces, lambda said: typer.echo(said, err=True))
    lines, pairs = capacities(scored, bias), siblings(scored, bias)
    if json_:
        record = {
            "text": source,
            "windows": len(pieces),
            "bytes": sum(p.size for p in pieces),
            "bias": bias,
            "models": [asdict(line) for line in lines],
            "siblings": [asdict(pair) for pair in pairs],
        }
        typer.echo(json.dumps(record))
        return
    typer.echo(f"{source}: {len(pieces)} windows, {sum(p.size for p in pieces)} bytes; bias {bias:g} bits")
    typer.echo(
        f"{'model':24} {'capacity':>9} {'95% interval':>20} {'bits/byte':>9} {'bytes/token':>11} {'FLOPs/token':>11}"
    )
    for line in lines:
        span = f"{number(line.low)} to {number(line.high)}"
        typer.echo(
            f"{line.name:24} {line.capacity:9.4f} {span:>20} {line.bits_per_byte:9.4f} {line.bytes_per_token:11.3f} "
            f"{line.flops_per_token:11.3g}"
        )
    for pair in pairs:
        typer.echo(
            f"{pair.larger} from {pair.smaller}: {pair.predicted:.4f} bits per byte, measured {pair.measured:.4f} "
            f"({pair.error:+.1%}, {pair.low:+.1%} to {pair.high:+.1%}; with the smaller one's bits {pair.unchanged:+.1%})."
        )
        if pair.sizes == 2:
            typer.echo(
                f"Two sizes of a family have one capacity at a bias of {number(pair.equal_bias)} bits, whatever they are: "
                "that a bias makes them alike says nothing before a third size."
            )
