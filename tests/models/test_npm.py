"""An npm package's archive is fetched by npm, or as npm would, and pinned."""

import hashlib
import subprocess
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import ClassVar

import pytest

from gulliver.errors import ModelError
from gulliver.models import npm
from gulliver.models.npm import archive_name, archive_url, npm_archive, registry

CONTENT = b"an archive"
SHA256 = hashlib.sha256(CONTENT).hexdigest()


class Registry(BaseHTTPRequestHandler):
    """Has one archive."""

    asked: ClassVar[list[str]] = []

    def do_GET(self) -> None:
        self.asked.append(self.path)
        self.send_response(200 if self.path == "/npm/@some/data/-/data-1.0.0.tgz" else 404)
        self.end_headers()
        self.wfile.write(CONTENT)

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture
def address() -> Iterator[str]:
    server = HTTPServer(("127.0.0.1", 0), Registry)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}/npm/"
    server.shutdown()
    thread.join()
    server.server_close()


def test_without_npm_the_archive_comes_from_the_registry_that_npm_would_use(
    home: Path, address: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(npm.shutil, "which", lambda _: None)
    monkeypatch.setenv("npm_config_registry", address)
    assert npm_archive("@some/data", "1.0.0", SHA256).read_bytes() == CONTENT
    assert npm_archive("@some/data", "1.0.0", SHA256) == home / "downloads" / "some-data-1.0.0.tgz"
    assert Registry.asked == ["/npm/@some/data/-/data-1.0.0.tgz"]
    with pytest.raises(ModelError, match=r"has no other-2\.tgz"):
        npm_archive("other", "2", SHA256)


def test_with_npm_it_is_packed_without_running_scripts(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    calls: list[list[str]] = []

    def run(command: list[str], **_: object) -> subprocess.CompletedProcess[str]:
        calls.append(command)
        (Path(command[-1]) / "some-data-1.0.0.tgz").write_bytes(CONTENT)
        return subprocess.CompletedProcess(command, 0, "", "")

    monkeypatch.setattr(npm.shutil, "which", lambda _: "/usr/bin/npm")
    monkeypatch.setattr(npm.subprocess, "run", run)
    assert npm_archive("@some/data", "1.0.0", SHA256).read_bytes() == CONTENT
    assert calls[0][:4] == ["npm", "pack", "@some/data@1.0.0", "--ignore-scripts"]
    with pytest.raises(ModelError, match="has the sha256"):
        npm_archive("@some/data", "1.0.1", "0" * 64)
    assert not (home / "downloads" / "some-data-1.0.1.tgz").exists()


def test_npm_that_fails_is_one_sentence(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(npm.shutil, "which", lambda _: "/usr/bin/npm")
    monkeypatch.setattr(npm.subprocess, "run", lambda c, **_: subprocess.CompletedProcess(c, 1, "", "E404"))
    with pytest.raises(ModelError, match="could not be downloaded with npm"):
        npm_archive("@some/data", "1.0.0", SHA256)


def test_the_registry_is_npms_own_setting(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for key in ("npm_config_registry", "NPM_CONFIG_REGISTRY"):
        monkeypatch.delenv(key, raising=False)
    monkeypatch.setattr(Path, "home", lambda: tmp_path)
    assert registry() == "https://registry.npmjs.org"
    (tmp_path / ".npmrc").write_text("audit=false\nregistry = https://example.org/npm/\n")
    assert archive_url("plain", "2.0.0") == "https://example.org/npm/plain/-/plain-2.0.0.tgz"
    assert archive_name("plain", "2.0.0") == "plain-2.0.0.tgz"
