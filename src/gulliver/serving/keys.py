"""API keys: kept as hashes, each with limits of its own."""

import hashlib
import hmac
import os
import re
import tomllib
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from time import monotonic
from typing import Any

from gulliver.errors import GulliverError
from gulliver.serving.errors import ApiError, too_busy

VARIABLE = "GULLIVER_SERVE_KEYS"


@dataclass
class Key:
    """Whose key it is, and what it may ask; 0 is no limit.

    Attributes:
        sha256: of the key, in hexadecimal; "" lets everybody in.
        per_minute: requests started in a minute; at_once: requests under way.
    """

    name: str
    sha256: str
    per_minute: int = 0
    at_once: int = 0
    _under_way: int = 0
    _allowance: float = 0.0
    _seen: float = field(default_factory=monotonic)

    def __post_init__(self) -> None:
        self._allowance = float(self.per_minute)

    @contextmanager
    def use(self) -> Iterator[None]:
        """One request with this key.

        Raises:
            ApiError: 429, one of its limits is reached.
        """
        if self.at_once and self._under_way >= self.at_once:
            raise too_busy(1, f"This key has {self._under_way} requests under way, as many as it may", "key_limit")
        if self.per_minute:
            now = monotonic()
            gained = (now - self._seen) * self.per_minute / 60
            self._allowance, self._seen = min(float(self.per_minute), self._allowance + gained), now
            if self._allowance < 1:
                wait = 1 + int((1 - self._allowance) * 60 / self.per_minute)
                raise too_busy(wait, f"This key may ask {self.per_minute} times a minute", "key_limit")
            self._allowance -= 1
        self._under_way += 1
        try:
            yield
        finally:
            self._under_way -= 1


class Keys:
    """Every key that is let in; with none, everybody is."""

    def __init__(self, keys: list[Key]) -> None:
        self.keys = keys
        self._anyone = Key("anyone", "")

    def find(self, header: str | None) -> Key:
        """The key of an Authorization header.

        Raises:
            ApiError: 401.
        """
        if not self.keys:
            return self._anyone
        kind, _, secret = (header or "").partition(" ")
        shown = hashlib.sha256(secret.strip().encode("utf-8", "replace")).hexdigest()
        # All are compared, so that the time tells nothing.
        found = [key for key in self.keys if hmac.compare_digest(key.sha256, shown)]
        if kind.lower() != "bearer" or not found:
            raise ApiError(
                401, "This API key is not known here; send `Authorization: Bearer KEY`.", code="invalid_api_key"
            )
        return found[0]


def read_keys(path: Path | None, environment: Mapping[str, str] = os.environ) -> Keys:
    """Keys from a TOML file, a table each, and from `GULLIVER_SERVE_KEYS` (`name:sha256,name:sha256`).

    Raises:
        GulliverError: the file cannot be read, or something in it is no key.
    """
    keys = [_key(name, table) for name, table in (_tables(path) if path else {}).items()]
    for entry in filter(None, environment.get(VARIABLE, "").split(",")):
        name, _, digest = entry.strip().partition(":")
        keys.append(_key(name, {"sha256": digest}))
    return Keys(keys)


def _tables(path: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise GulliverError(f"The keys {path} cannot be read ({error.strerror}); check the path.") from None
    except (UnicodeDecodeError, tomllib.TOMLDecodeError):
        raise GulliverError(f"The keys {path} are not TOML; write a table for each key.") from None


def _key(name: str, table: Any) -> Key:
    limits = {k: v for k, v in table.items() if k != "sha256"} if isinstance(table, dict) else {"": 0}
    digest = str(table.get("sha256", "")).lower() if isinstance(table, dict) else ""
    whole = all(type(value) is int and value >= 0 for value in limits.values())
    if not re.fullmatch(r"[0-9a-f]{64}", digest) or set(limits) - {"per_minute", "at_once"} or not whole:
        raise GulliverError(
            f'The key {name!r} needs sha256 = "64 hexadecimal digits" (printf %s KEY | sha256sum) and may have whole numbers per_minute and at_once.'
        )
    return Key(name, digest, **limits)
