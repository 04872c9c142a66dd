"""The OpenAPI document is true: what schemathesis makes of it never gets a 5xx, and every error has OpenAI's shape."""

import subprocess
import sys
from pathlib import Path

import httpx

from gulliver.serving.app import PATHS
from tests.serving.place import Place

CHECKS = "not_a_server_error,content_type_conformance,response_schema_conformance,status_code_conformance"


def test_every_path_is_in_the_document(server: Place) -> None:
    document = httpx.get(f"{server.root}/openapi.json").json()
    assert set(document["paths"]) == set(PATHS)
    body = document["paths"]["/v1/chat/completions"]["post"]["requestBody"]
    name = body["content"]["application/json"]["schema"]["$ref"].rsplit("/", 1)[1]
    assert "messages" in document["components"]["schemas"][name]["required"]


def test_schemathesis_finds_no_server_error(server: Place, tmp_path: Path) -> None:
    command = Path(sys.executable).parent / "schemathesis"
    options = ["--phases", "fuzzing", "--max-examples", "20", "--seed", "1", "--checks", CHECKS, "--no-color"]
    done = subprocess.run(
        [str(command), "run", f"{server.root}/openapi.json", *options],
        capture_output=True, text=True, cwd=tmp_path, timeout=120, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout[-3000:]
    assert "0 generated" not in done.stdout
    assert "passed" in done.stdout
