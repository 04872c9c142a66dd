"""Who may ask: requests for this machine by its own name or number, and nobody else's page."""

import ipaddress
from urllib.parse import urlsplit

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from gulliver.reports.assets import served_policy

_HEADERS = {
    "x-content-type-options": "nosniff",
    "referrer-policy": "no-referrer",
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
    "cache-control": "no-store",
}


def is_own_host(header: str, host: str) -> bool:
    """Whether a Host header names this server: an address, `localhost`, or the name it was told to listen on.

    A page elsewhere that has its own name point here (DNS rebinding) sends that name, and gets nothing.
    """
    try:
        name = urlsplit(f"//{header}").hostname or ""
    except ValueError:
        return False
    if name in ("localhost", host.lower()):
        return True
    try:
        ipaddress.ip_address(name)
    except ValueError:
        return False
    return True


class Guard:
    """Refuses foreign hosts and pages and whatever is no reading; sets the headers that keep a page to itself."""

    def __init__(self, app: ASGIApp, host: str) -> None:
        self._app = app
        self._host = host
        self._headers = {**_HEADERS, "content-security-policy": f"{served_policy()}; img-src data:"}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        headers = {key.decode("latin-1").lower(): value.decode("latin-1") for key, value in scope["headers"]}
        why = self._refusal(scope["method"], headers)
        if why:
            await _refuse(send, why)
            return
        await self._app(scope, receive, self._with_headers(send))

    def _refusal(self, method: str, headers: dict[str, str]) -> str:
        if not is_own_host(headers.get("host", ""), self._host):
            return "This server answers only to its own address."
        if headers.get("sec-fetch-site", "none") not in ("none", "same-origin"):
            return "Pages from elsewhere may not ask here."
        return "" if method in ("GET", "HEAD") else "Here is nothing to change."

    def _with_headers(self, send: Send) -> Send:
        async def sending(message: Message) -> None:
            if message["type"] == "http.response.start":
                known = {key.lower() for key, _ in message["headers"]}
                more = [(k.encode(), v.encode()) for k, v in self._headers.items() if k.encode() not in known]
                message = {**message, "headers": [*message["headers"], *more]}
            await send(message)

        return sending


async def _refuse(send: Send, why: str) -> None:
    body = why.encode()
    headers = [(b"content-type", b"text/plain; charset=utf-8"), (b"content-length", str(len(body)).encode())]
    await send({"type": "http.response.start", "status": 403, "headers": headers})
    await send({"type": "http.response.body", "body": body})
