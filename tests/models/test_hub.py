import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from gulliver.errors import ModelError
from gulliver.models.hub import fetch_url

CONTENT = bytes(range(256)) * 200


class _Hub(BaseHTTPRequestHandler):
    """Serves CONTENT; cuts the first answer in the middle when asked for /cut."""

    asked: list[tuple[str, str | None]]

    def do_GET(self) -> None:
        wanted = self.headers.get("range")
        self.server.asked.append((self.path, wanted))  # type: ignore[attr-defined]
        if self.path in ("/401", "/404", "/503"):
            self.send_error(int(self.path[1:]))
            return
        begin = int(wanted.removeprefix("bytes=").removesuffix("-")) if wanted else 0
        self.send_response(206 if wanted else 200)
        self.send_header("content-length", str(len(CONTENT) - begin))
        self.end_headers()
        cut = self.path == "/cut" and not wanted
        self.wfile.write(CONTENT[begin : len(CONTENT) // 2 if cut else None])

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture
def hub() -> Iterator[ThreadingHTTPServer]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), _Hub)
    server.asked = []  # type: ignore[attr-defined]
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    yield server
    server.shutdown()
    thread.join()
    server.server_close()


def _url(hub: ThreadingHTTPServer, path: str) -> str:
    return f"http://127.0.0.1:{hub.server_address[1]}{path}"


def test_a_file_arrives_whole_and_progress_ends_at_its_size(
    home: Path, tmp_path: Path, hub: ThreadingHTTPServer
) -> None:
    told: list[tuple[str, int, int]] = []
    fetch_url(_url(hub, "/whole"), tmp_path / "x" / "file", lambda *step: told.append(step))
    assert (tmp_path / "x" / "file").read_bytes() == CONTENT
    assert told[-1] == ("downloading file", len(CONTENT), len(CONTENT))


def test_a_download_that_was_cut_goes_on_where_it_stopped(home: Path, tmp_path: Path, hub: ThreadingHTTPServer) -> None:
    fetch_url(_url(hub, "/cut"), tmp_path / "file")
    assert (tmp_path / "file").read_bytes() == CONTENT
    first, second = hub.asked  # type: ignore[attr-defined]
    assert first[1] is None
    assert second[1] == f"bytes={len(CONTENT) // 2}-"


@pytest.mark.parametrize(("status", "says"), [("401", "HF_TOKEN"), ("404", "check the name"), ("503", "later")])
def test_a_refusal_is_one_sentence(
    home: Path, tmp_path: Path, hub: ThreadingHTTPServer, status: str, says: str
) -> None:
    with pytest.raises(ModelError, match=says) as caught:
        fetch_url(_url(hub, f"/{status}"), tmp_path / "file", token="hf_secret")
    assert "hf_secret" not in str(caught.value)
    assert not (tmp_path / "file").exists()


def test_a_hub_that_cannot_be_reached_says_so(home: Path, tmp_path: Path) -> None:
    with pytest.raises(ModelError, match="cannot be reached"):
        fetch_url("http://127.0.0.1:9/file", tmp_path / "file")
