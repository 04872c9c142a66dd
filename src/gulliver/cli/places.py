"""Places that commands are told: a store, and a file for a picture."""

from collections.abc import Callable
from pathlib import Path


def store_url(store: str | None) -> str | Path | None:
    """What `--store` means: a database's URL, or a file."""
    return store if store is None or "://" in store else Path(store)


def check_picture(output: Path, what: str) -> None:
    """Say before any work that a picture cannot be of that kind.

    Raises:
        GulliverError: the file's name ends in neither .html nor .svg.
    """
    from gulliver.errors import GulliverError

    if output.suffix.lower() not in (".html", ".svg"):
        raise GulliverError(f"A {what} is written to a file ending in .html or .svg, not {output.name}.")


def write_picture(output: Path, what: str, svg: object, page: Callable[[], str]) -> None:
    """The picture alone, or on a page, by the file's name.

    Raises:
        GulliverError: it cannot be written.
    """
    from gulliver.errors import GulliverError

    text = f"{svg}\n" if output.suffix.lower() == ".svg" else page()
    try:
        output.parent.mkdir(parents=True, exist_ok=True)
        output.write_text(text, encoding="utf-8")
    except OSError as error:
        raise GulliverError(f"The {what} cannot be written to {output} ({error.strerror}).") from None
