"""Requests that no honest client sends, as raw bytes."""

import json
from collections.abc import Callable

CHAT = "/v1/chat/completions"
TURNS = [{"role": "user", "content": "1 + 1"}]


def post(body: bytes, path: str = CHAT, *more: str, kind: str = "application/json", length: int | None = None) -> bytes:
    lines = [
        f"POST {path} HTTP/1.1", "Host: x", f"Content-Type: {kind}",
        f"Content-Length: {len(body) if length is None else length}", "Connection: close", *more,
    ]  # fmt: skip
    return "\r\n".join(lines).encode("latin-1") + b"\r\n\r\n" + body


def chat(**fields: object) -> bytes:
    return post(json.dumps({"messages": TURNS} | fields).encode())


def turn(content: object, role: object = "user") -> bytes:
    return post(json.dumps({"messages": [{"role": role, "content": content}]}).encode())


def nested(depth: int, opening: str, closing: str) -> bytes:
    return post(f'{{"messages": {opening * depth}{closing * depth}}}'.encode())


def chunked(*pieces: bytes) -> bytes:
    head = f"POST {CHAT} HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n"
    return head.encode() + b"".join(f"{len(piece):x}\r\n".encode() + piece + b"\r\n" for piece in pieces)


GET = b"GET %s HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"

REQUESTS: dict[str, bytes] = {
    # what is not HTTP
    "no http": b"hello there\r\n\r\n",
    "binary": bytes(range(256)) * 4,
    "tls": b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + bytes(200),
    "http 0.9": b"GET /\r\n\r\n",
    "no version": b"GET /health HTTP/x.y\r\nHost: x\r\n\r\n",
    "no host": b"GET /health HTTP/1.1\r\n\r\n",
    "method of words": b"GIVE ME /health HTTP/1.1\r\nHost: x\r\n\r\n",
    "header without colon": b"GET /health HTTP/1.1\r\nHost: x\r\nnonsense\r\n\r\n",
    "header with a line feed": b"GET /health HTTP/1.1\r\nHost: x\r\nA: b\x00\r\n\r\n",
    "huge header": b"GET /health HTTP/1.1\r\nHost: x\r\nA: " + b"a" * 200_000 + b"\r\n\r\n",
    "many headers": b"GET /health HTTP/1.1\r\nHost: x\r\n" + b"A: b\r\n" * 50_000 + b"\r\n",
    "huge path": b"GET /" + b"a" * 200_000 + b" HTTP/1.1\r\nHost: x\r\n\r\n",
    "two lengths": b"POST %s HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\nContent-Length: 3\r\n\r\n{}}" % CHAT.encode(),
    "length and chunks": b"POST %s HTTP/1.1\r\nHost: x\r\nContent-Length: a\r\nTransfer-Encoding: chunked\r\n\r\n"
    % CHAT.encode(),
    "negative length": post(b"{}", length=-5),
    "length in words": post(b"{}").replace(b"Content-Length: 2", b"Content-Length: two"),
    "broken chunk": chunked(b"{}") + b"zz\r\n{}\r\n",
    # the wrong place
    "no such path": GET % b"/v1/secrets",
    "up the tree": GET % b"/v1/models/../../../etc/passwd",
    "encoded up the tree": GET % b"/%2e%2e/%2e%2e/etc/passwd",
    "get where post": GET % CHAT.encode(),
    "delete": b"DELETE /v1/models HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n",
    "unknown model": GET % b"/v1/models/nothing%00",
    # the wrong form
    "no body": post(b""),
    "form": post(b"messages=1", kind="application/x-www-form-urlencoded"),
    "multipart": post(b"--x--", kind="multipart/form-data; boundary=x"),
    "gzip": post(b"\x1f\x8b\x08\x00", CHAT, "Content-Encoding: gzip"),
    "utf-16": post('{"messages": []}'.encode("utf-16")),
    "latin-1": post('{"messages": [{"role": "user", "content": "caf\xe9"}]}'.encode("latin-1")),
    "cut json": post(b'{"messages": [{"role": "user"'),
    "two objects": post(b'{"messages": []}{"messages": []}'),
    "bytes order mark": post(b"\xef\xbb\xbf{}"),
    "nan": post(b'{"messages": [{"role": "user", "content": "a"}], "temperature": NaN}'),
    "infinity": post(b'{"messages": [{"role": "user", "content": "a"}], "temperature": 1e999}'),
    "long number": post(b'{"seed": ' + b"9" * 20_000 + b"}"),
    "half a character": turn("\ud800"),
    "half a character as a name": post(b'{"\\ud800": 1, "messages": []}'),
    "deep lists": nested(20_000, "[", "]"),
    "deep objects": nested(8_000, '{"a": ', "}").replace(b'{"a": }', b'{"a": 1}'),
    "too large": post(b" " * 70_000),
    "said to be too large": post(b"{}", length=10**15),
    "too large in chunks": chunked(*[b" " * 10_000] * 8),
    # the wrong content
    "a list": post(b"[]"),
    "a number": post(b"7"),
    "null": post(b"null"),
    "no messages": post(b"{}"),
    "empty messages": chat(messages=[]),
    "messages as text": chat(messages="hello"),
    "messages of numbers": chat(messages=[1, 2]),
    "two thousand messages": chat(messages=TURNS * 2000),
    "content of numbers": turn(7),
    "content null": turn(None),
    "content of an image": turn([{"type": "image_url", "image_url": {"url": "file:///etc/passwd"}}]),
    "no parts": turn([]),
    "role of a king": turn("hello", "king"),
    "assistant last": turn("hello", "assistant"),
    "model as a list": chat(model=["m"]),
    "other model": chat(model="../../etc/passwd"),
    "strategy of the client": chat(model="scripted:m | majority(n=100000)"),
    "n of zero": chat(n=0),
    "n of a million": chat(n=1_000_000),
    "n true": chat(n=True),
    "negative tokens": chat(max_tokens=-1),
    "tokens as text": chat(max_tokens="10"),
    "too hot": chat(temperature=1e9),
    "cold": chat(temperature=-1),
    "top_p zero": chat(top_p=0),
    "empty stop": chat(stop=""),
    "many stops": chat(stop=["a"] * 1000),
    "stop of numbers": chat(stop=[1]),
    "seed beyond": chat(seed=2**70),
    "stream as text": chat(stream="yes"),
    "unknown field": chat(__class__="x"),
    "logit bias": chat(logit_bias={"1": 100}),
    "no prompt": post(b"{}", "/v1/completions"),
    "prompt of tokens": post(b'{"prompt": [1, 2, 3]}', "/v1/completions"),
    "prompt of many": post(json.dumps({"prompt": ["a"] * 100}).encode(), "/v1/completions"),
    "best of": post(b'{"prompt": "a", "best_of": 5}', "/v1/completions"),
    "websocket": GET.replace(b"Connection: close", b"Connection: Upgrade\r\nUpgrade: websocket") % CHAT.encode(),
}  # fmt: skip

HANGING: dict[str, Callable[[], bytes]] = {
    "leaves at once": lambda: b"",
    "leaves in the head": lambda: post(b"{}")[:20],
    "leaves in the body": lambda: post(b'{"messages": [', length=500),
    "leaves in a chunk": lambda: chunked(b"{}")[:-3],
    "leaves before the answer": lambda: chat(),
    "leaves a stream": lambda: chat(stream=True),
}
"""What is sent before the connection is dropped."""
