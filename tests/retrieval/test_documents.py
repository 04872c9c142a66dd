from pathlib import Path

import pytest

from gulliver.retrieval import RetrievalError, read_documents


def test_a_folder_gives_its_texts_and_lines(source: Path) -> None:
    (source / "rows.jsonl").write_text('{"title": "A", "text": "first"}\n\n{"body": "second"}\n', encoding="utf-8")
    (source / "picture.png").write_bytes(b"\x89PNG")
    (source / ".hidden").mkdir()
    (source / ".hidden" / "x.txt").write_text("not me", encoding="utf-8")
    (source / "empty.txt").write_text(" \n", encoding="utf-8")
    found = {document.name: document for document in read_documents(source)}
    assert list(found) == ["bread.md", "deep/ships.txt", "lamps.txt", "rows.jsonl:1", "rows.jsonl:3"]
    assert (found["rows.jsonl:1"].title, found["rows.jsonl:3"].text) == ("A", "second")


def test_a_file_alone_is_a_source(source: Path) -> None:
    assert [document.title for document in read_documents(source / "bread.md")] == ["bread"]


@pytest.mark.parametrize(
    ("name", "content", "told"),
    [
        ("x.jsonl", b"{not json}", "line 1, is not JSON"),
        ("x.jsonl", b'{"label": 1}', "line 1, has no text"),
        ("x.jsonl", b"[1]", "line 1, has no text"),
        ("x.txt", b"\xff\xfe\xfa", "not text in UTF-8"),
        ("x.txt", b"  ", "no text to search"),
        ("x.pdf", b"%PDF", "of no kind"),
    ],
)
def test_what_cannot_be_read_is_said_in_a_sentence(tmp_path: Path, name: str, content: bytes, told: str) -> None:
    path = tmp_path / name
    path.write_bytes(content)
    with pytest.raises(RetrievalError, match=told):
        read_documents(path)


def test_a_source_that_is_not_there_or_empty_is_refused(tmp_path: Path) -> None:
    with pytest.raises(RetrievalError, match="no file or folder"):
        read_documents(tmp_path / "nowhere")
    with pytest.raises(RetrievalError, match="holds no file"):
        read_documents(tmp_path)
