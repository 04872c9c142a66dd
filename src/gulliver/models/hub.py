"""One file over https: resumed where it was cut, in its place only when whole."""

from pathlib import Path
from typing import Any

from gulliver.errors import ModelError
from gulliver.home import folder
from gulliver.models.files import Progress, silent

ATTEMPTS = 5


def fetch_url(url: str, target: Path, progress: Progress | None = None, token: str | None = None) -> None:
    """Download `url` to `target`; a download that was cut goes on from where it stopped.

    Args:
        token: sent to the address's own host only, never along a redirect to another.

    Raises:
        ModelError: no connection, no such file, it may not be read, or it broke off too often.
    """
    import hashlib

    import httpx

    host = httpx.URL(url).host
    partial = folder("downloads") / f"{hashlib.sha256(url.encode()).hexdigest()[:32]}.partial"
    headers = {"authorization": f"Bearer {token}"} if token else {}
    with httpx.Client(headers=headers, timeout=httpx.Timeout(30.0, connect=4.0), follow_redirects=True) as client:
        for attempt in range(ATTEMPTS):
            try:
                _stream(client, url, target.name, partial, progress or silent)
                break
            except (httpx.ConnectError, httpx.ConnectTimeout, httpx.ProxyError) as error:
                raise ModelError(f"{host} cannot be reached for {target.name} ({type(error).__name__}).") from None
            except httpx.TransportError:
                if attempt == ATTEMPTS - 1:
                    raise ModelError(
                        f"{target.name} broke off {ATTEMPTS} times; run the same command to go on."
                    ) from None
    target.parent.mkdir(parents=True, exist_ok=True)
    partial.replace(target)


def _stream(client: Any, url: str, name: str, partial: Path, progress: Progress) -> None:
    done = partial.stat().st_size if partial.exists() else 0
    headers = {"range": f"bytes={done}-"} if done else {}
    with client.stream("GET", url, headers=headers) as reply:
        if reply.status_code == 416 and done:  # nothing is left to send: the digest will tell
            return
        _refuse(reply.status_code, name)
        if reply.status_code != 206:
            done = 0
        total = done + int(reply.headers.get("content-length", 0))
        with partial.open("ab" if done else "wb") as stream:
            for chunk in reply.iter_bytes():
                stream.write(chunk)
                done += len(chunk)
                progress(f"downloading {name}", done, total)


def _refuse(status: int, name: str) -> None:
    if status in (401, 403):
        raise ModelError(f"The hub does not let you read {name} ({status}); accept its terms there and set HF_TOKEN.")
    if status == 404:
        raise ModelError(f"The hub has no {name}; check the name.")
    if status >= 400:
        raise ModelError(f"The hub answered {status} for {name}; try again later.")
