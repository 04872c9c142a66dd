"""The server of the pages: who may ask, what it gives, and what it says where something is not there."""

import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

pytest.importorskip("fastapi", reason="gulliver view needs the extra serve")
from starlette.testclient import TestClient

from gulliver.errors import StudyError
from gulliver.reports.view.app import make_app
from gulliver.reports.view.guard import is_own_host
from gulliver.reports.view.library import Library
from gulliver.studies.result import StudyResult
from tests.reports.made import make_result


def keep(result: StudyResult, home: Path, name: str) -> None:
    folder = home / "runs" / name
    folder.mkdir(parents=True)
    (folder / "result.json").write_text(json.dumps(result.to_json(records=True)))


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("GULLIVER_HOME", str(tmp_path))
    keep(make_result(items=30), tmp_path, "one")
    keep(make_result(items=30, seed=2), tmp_path, "two")
    return tmp_path


@pytest.fixture
def client(home: Path) -> Iterator[TestClient]:
    with TestClient(make_app(Library(), lambda: [{"id": "p"}]), base_url="http://127.0.0.1:5000") as client:
        yield client


@pytest.mark.parametrize(("header", "own"), [("127.0.0.1:80", True), ("localhost", True), ("[::1]:9", True), ("10.0.0.7", True), ("box.local:1", True), ("evil.example", False), ("localhost.evil.example", False), ("127.0.0.1.evil.example:80", False), ("", False), ("[", False)])  # fmt: skip
def test_a_host_header_must_name_this_server(header: str, own: bool) -> None:
    assert is_own_host(header, "box.local") == own


def test_foreign_names_foreign_pages_and_writing_are_refused(client: TestClient) -> None:
    assert client.get("/").status_code == 200
    assert client.get("/api/studies", headers={"host": "evil.example"}).status_code == 403
    assert client.get("/api/studies", headers={"sec-fetch-site": "cross-site"}).status_code == 403
    assert client.post("/api/studies").status_code == 403


def test_pages_may_run_and_fetch_only_what_comes_from_here(client: TestClient) -> None:
    answer = client.get("/")
    policy = answer.headers["content-security-policy"]
    assert "default-src 'none'" in policy
    assert "unsafe" not in policy
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert "access-control-allow-origin" not in answer.headers
    assert client.get("/page.js").headers["content-type"].startswith("text/javascript")
    assert client.get("/page.css").status_code == 200


def test_studies_are_listed_newest_first_with_answer_models_and_cost(client: TestClient) -> None:
    rows = client.get("/api/studies").json()
    assert [row["key"] for row in rows] == ["two", "one"]
    assert rows[0]["sentence"]
    assert rows[0]["flops"] > 0
    assert rows[0]["models"] == ["smollm2-135m", "qwen2.5-coder-0.5b", "qwen2.5-coder-1.5b"]


def test_a_file_that_cannot_be_read_is_a_row_that_says_why(client: TestClient, home: Path) -> None:
    (home / "runs" / "one" / "result.json").write_text("{")
    row = next(row for row in client.get("/api/studies").json() if row["key"] == "one")
    assert "cannot be read" in row["error"]


def test_a_study_its_items_and_one_item_are_given_and_a_change_is_seen(client: TestClient, home: Path) -> None:
    before = client.get("/api/studies/one").json()["result"]
    assert len(client.get("/api/studies/one/columns").json()["ids"]) == len(client.get("/api/studies/one/texts").json())
    assert client.get("/api/studies/one/items/0").json()
    other = make_result(items=30, seed=9)
    (home / "runs" / "one" / "result.json").write_text(json.dumps(other.to_json(records=True)))
    assert client.get("/api/studies/one").json()["result"]["recipes"] != before["recipes"]


@pytest.mark.parametrize("path", ["/api/studies/three", "/api/studies/..%2F..%2Fetc", "/api/studies/one/items/99", "/api/studies/one/draws/99/0", "/api/compare?first=one&a=99&second=one&b=0"])  # fmt: skip
def test_what_is_not_there_is_answered_in_a_sentence(client: TestClient, path: str) -> None:
    answer = client.get(path)
    assert answer.status_code == 404
    assert "error" in answer.json() or "detail" in answer.json()


def test_two_studies_are_compared_with_their_flips(client: TestClient) -> None:
    done = client.get("/api/compare?first=one&a=4&second=two&b=4").json()
    assert done["first_only"] + done["second_only"] == len(done["flips"])
    assert done["low"] <= done["difference"] <= done["high"]
    assert "flips" not in client.get("/api/compare?first=one&a=3&second=one&b=4").json()


def test_papers_come_from_whoever_starts_the_server(client: TestClient) -> None:
    assert client.get("/api/papers").json() == [{"id": "p"}]


def test_drafts_are_read_from_the_store_by_the_answers_text(home: Path) -> None:
    import sqlalchemy as sql

    from gulliver.inference.tables import answers, open_database
    from gulliver.reports.view.draws import drafts_of

    result = make_result(items=30)
    recipe = next(r for r in result.recipes if r.records)
    record = recipe.records[0]
    said = [record.text, "another", "a third"]
    engine = open_database(home / "store.sqlite")
    with engine.begin() as connection:
        for i, text in enumerate(said):
            request = json.dumps({"prompt": f"<user>{record.question}</user>"}, ensure_ascii=False)
            reply = json.dumps({"text": text, "finish": "stop", "completion_tokens": 4, "logprob": -2.0})
            connection.execute(sql.insert(answers).values(key=str(i), model="m", engine="e", request=request, reply=reply, created=float(i)))  # fmt: skip
        connection.execute(sql.insert(answers).values(key="x", model="n", engine="e", request=request, reply=json.dumps({"text": "of another model"}), created=9.0))  # fmt: skip
    engine.dispose()
    found = drafts_of(result, recipe, record.item)
    assert [draft.text for draft in found] == said
    assert [draft.chosen for draft in found] == [True, False, False]
    assert found[0].logprob == -0.5
    with pytest.raises(Exception, match="no text"):
        drafts_of(replace(result, run=replace(result.run, keep_text=False)), recipe, record.item)


def test_named_runs_alone_are_shown_and_a_wrong_name_is_answered(home: Path) -> None:
    assert list(Library(["one"]).files()) == ["one"]
    with pytest.raises(StudyError, match="There is no run"):
        Library(["thre"])


def test_the_report_of_a_run_is_written_where_it_is_asked_for(home: Path, tmp_path: Path) -> None:
    from typer.testing import CliRunner

    from gulliver.cli.app import app

    done = CliRunner().invoke(app, ["report", "one", "-o", str(tmp_path / "page.html")])
    assert done.exit_code == 0
    assert "<!doctype html>" in (tmp_path / "page.html").read_text()
    said = CliRunner().invoke(app, ["report", "one", "--json"])
    assert json.loads(said.stdout)["run"]["id"] == "gsm8k-1a2b3c4d"
