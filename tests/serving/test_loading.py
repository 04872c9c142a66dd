"""`gulliver load` asks a real server, tells percentiles, and leaves other people's machines alone."""

import json

import pytest
from typer.testing import CliRunner

from gulliver.cli.app import app
from gulliver.errors import GulliverError
from gulliver.serving.loading import Told, check_own, percentiles, summary
from tests.serving.place import Place


def run(*arguments: str) -> dict[str, object]:
    result = CliRunner().invoke(app, ["load", *arguments, "--json"])
    assert result.exit_code == 0, result.output + str(result.exception)
    return json.loads(result.stdout)  # type: ignore[no-any-return]


def test_percentiles_are_of_what_was_answered() -> None:
    told = [Told(200, n / 100, 0.0, 3) for n in range(1, 101)] + [Told(429, 9.0, 0.0, 0), Told(0, 9.0, 0.0, 0)]
    found = summary(told, 4, 10.0)
    assert found.statuses == {"200": 100, "429": 1, "broken": 1}
    assert found.per_second == 10.0
    assert found.tokens_per_second == 30.0
    assert found.latency["p50"] == pytest.approx(0.505)
    assert found.latency["max"] == 1.0
    assert percentiles([]) == {}


@pytest.mark.parametrize("url", ["http://example.org/v1", "http://10.0.0.1:8000/v1", "http://127.0.0.1.example.org/v1"])
def test_another_machine_is_refused_unless_it_is_said_to_be_ones_own(url: str) -> None:
    with pytest.raises(GulliverError, match="not this machine"):
        check_own(url)
    check_own(url, elsewhere=True)
    with pytest.raises(GulliverError, match="no address"):
        check_own("127.0.0.1:8000")


def test_every_request_is_asked_and_timed(server: Place) -> None:
    found = run(server.url, "-c", "4", "-n", "24")
    assert found["statuses"] == {"200": 24}
    assert 0.05 <= found["latency"]["p50"] <= found["latency"]["p99"] <= found["latency"]["max"]  # type: ignore[index]
    assert found["first"] == {}


def test_a_stream_also_tells_its_first_text(server: Place) -> None:
    found = run(server.url, "-c", "2", "-n", "6", "--stream")
    assert found["statuses"] == {"200": 6}
    assert found["first"]["p50"] < found["latency"]["p50"]  # type: ignore[index]
    assert found["tokens_per_second"] > 0  # type: ignore[operator]


def test_it_ends_after_the_seconds_and_counts_what_is_refused(server: Place) -> None:
    found = run(server.url, "-c", "2", "-n", "0", "--seconds", "0.3", "--model", "none")
    assert set(found["statuses"]) == {"404"}  # type: ignore[call-overload]


def test_where_no_server_is_it_says_so() -> None:
    result = CliRunner().invoke(app, ["load", "http://127.0.0.1:9/v1"])
    assert isinstance(result.exception, GulliverError)
    assert "gulliver serve" in str(result.exception)
