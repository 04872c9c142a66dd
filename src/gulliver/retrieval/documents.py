"""Documents from a file or folder: text as it stands, or JSONL with a document a line."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from gulliver.errors import GulliverError

TEXTS = (".txt", ".md", ".rst", ".text")
ROWS = (".jsonl", ".ndjson")
_TEXT, _TITLE = ("text", "content", "body"), ("title", "id", "name")


class RetrievalError(GulliverError):
    """A source that cannot be read, or a search that cannot be made."""


@dataclass(frozen=True)
class Document:
    """One text with a name to cite it by. `name` is unique in its source: a path, or path and line."""

    name: str
    text: str
    title: str = ""


def source_files(source: Path) -> list[Path]:
    """The files that a source consists of, in the order of their paths; hidden ones are left out.

    Raises:
        RetrievalError: there is no such source, or nothing in it can be read.
    """
    known = (*TEXTS, *ROWS)
    if source.is_file():
        if source.suffix.lower() not in known:
            raise RetrievalError(f"{source} is of no kind that can be searched; give a file in {', '.join(known)}.")
        return [source]
    if not source.is_dir():
        raise RetrievalError(f"There is no file or folder {source} to search; give the path of one.")
    inside = (path for path in source.rglob("*") if path.suffix.lower() in known)
    found = sorted(path for path in inside if path.is_file() and not _hidden(path.relative_to(source)))
    if not found:
        raise RetrievalError(f"{source} holds no file that can be searched; it takes {', '.join(known)}.")
    return found


def read_documents(source: Path) -> list[Document]:
    """Every document of a source; empty ones are left out.

    A line of JSONL is an object with its text under `text`, `content` or `body`, and perhaps a `title`.

    Raises:
        RetrievalError: a file cannot be read, a line is no such object, or there is no text at all.
    """
    found = [document for path in source_files(source) for document in _read(path, source) if document.text.strip()]
    if not found:
        raise RetrievalError(f"{source} holds no text to search.")
    return found


def _read(path: Path, source: Path) -> Iterator[Document]:
    name = path.name if path == source else path.relative_to(source).as_posix()
    try:
        text = path.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError:
        raise RetrievalError(f"{path} is not text in UTF-8; convert it, or take it out of the folder.") from None
    except OSError as error:
        raise RetrievalError(f"{path} cannot be read ({error.strerror}).") from None
    if path.suffix.lower() in TEXTS:
        yield Document(name, text, path.stem)
        return
    for number, line in enumerate(text.splitlines(), 1):
        if line.strip():
            yield _row(line, f"{name}:{number}", path, number)


def _row(line: str, name: str, path: Path, number: int) -> Document:
    try:
        row = json.loads(line)
    except ValueError:
        raise RetrievalError(f"{path}, line {number}, is not JSON.") from None
    key = next((key for key in _TEXT if isinstance(row, dict) and isinstance(row.get(key), str)), None)
    if key is None:
        raise RetrievalError(f"{path}, line {number}, has no text; give each line one of {', '.join(_TEXT)}.")
    title = next((str(row[key]) for key in _TITLE if row.get(key) not in (None, "")), "")
    return Document(name, row[key], title)


def _hidden(path: Path) -> bool:
    return any(part.startswith(".") for part in path.parts)
