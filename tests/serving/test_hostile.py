"""Hostile requests: each gets a sentence in OpenAI's error shape or is dropped, and the server stays up."""

import json
import socket
import struct
import time

import httpx
import pytest

from tests.serving.hostile import GET, HANGING, REQUESTS, chat, post
from tests.serving.place import Place


def send(place: Place, raw: bytes, patience: float = 5.0) -> bytes:
    """All that comes back until the server closes."""
    with socket.create_connection(("127.0.0.1", place.port), timeout=patience) as connection:
        back = bytearray()
        try:
            connection.sendall(raw)
            while piece := connection.recv(1 << 16):
                back += piece
                if whole(bytes(back)):
                    break
        except (ConnectionError, BrokenPipeError):
            pass
        return bytes(back)


def whole(raw: bytes) -> bool:
    head, _, body = raw.partition(b"\r\n\r\n")
    lengths = [line for line in head.lower().split(b"\r\n") if line.startswith(b"content-length:")]
    return bool(lengths) and len(body) >= int(lengths[0].split(b":")[1])


def healthy(place: Place) -> bool:
    return place.process.poll() is None and httpx.get(f"{place.root}/health", timeout=5).status_code == 200


def test_there_are_enough_kinds() -> None:
    assert len(REQUESTS) + len(HANGING) >= 40


@pytest.mark.parametrize("name", REQUESTS)
def test_a_hostile_request_gets_a_sentence_or_is_dropped(server: Place, name: str) -> None:
    back = send(server, REQUESTS[name])
    if back:
        head, _, body = back.partition(b"\r\n\r\n")
        assert 400 <= int(head.split()[1]) < 500, head
        error = json.loads(body)["error"]
        assert set(error) == {"message", "type", "param", "code"}
        assert error["message"].endswith(".")
        assert "Traceback" not in error["message"]
        assert "/etc" not in error["message"]
    assert healthy(server)


@pytest.mark.parametrize("name", HANGING)
def test_a_client_that_leaves_takes_nothing_along(server: Place, name: str) -> None:
    for reset in (False, True):
        connection = socket.create_connection(("127.0.0.1", server.port), timeout=5)
        connection.sendall(HANGING[name]())
        if reset:
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        time.sleep(0.02)
        connection.close()
    assert healthy(server)
    assert_idle(server)


def assert_idle(place: Place, within: float = 3.0) -> None:
    end = time.monotonic() + within
    while "gulliver_running 0.0" not in httpx.get(f"{place.root}/metrics").text:
        assert time.monotonic() < end
        time.sleep(0.02)


def test_a_good_request_after_a_bad_one_on_the_same_connection_is_answered(server: Place) -> None:
    with httpx.Client(base_url=server.root) as client:
        assert client.post("/v1/chat/completions", content=b"{", headers={"Content-Type": "application/json"}).is_error
        assert client.get("/v1/models").status_code == 200


def test_two_requests_sent_at_once_are_both_answered(server: Place) -> None:
    raw = GET.replace(b"Connection: close\r\n", b"") % b"/health" + GET % b"/v1/models"
    with socket.create_connection(("127.0.0.1", server.port), timeout=5) as connection:
        connection.sendall(raw)
        back = bytearray()
        while piece := connection.recv(1 << 16):
            back += piece
    assert back.count(b"HTTP/1.1 200") == 2


def test_a_smuggled_request_in_a_body_is_not_answered(server: Place) -> None:
    inner = GET % b"/v1/models"
    back = send(server, post(inner))
    assert b'"object":"list"' not in back


def test_names_with_odd_characters_do_not_break_headers(server: Place) -> None:
    back = send(server, chat(model="m\r\nx-evil: 1"))
    assert b"404" in back.split(b"\r\n")[0]
    assert b"x-evil" not in back.partition(b"\r\n\r\n")[0]
