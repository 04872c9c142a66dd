"""Keys: hashed, from a file or the environment, with limits of their own."""

import hashlib
from pathlib import Path

import openai
import pytest

from gulliver.errors import GulliverError
from gulliver.serving.errors import ApiError
from gulliver.serving.keys import Key, read_keys
from tests.serving.place import serving

HASH = hashlib.sha256(b"secret-of-ann").hexdigest()
OTHER = hashlib.sha256(b"secret-of-bob").hexdigest()


def file(folder: Path, text: str) -> Path:
    path = folder / "keys.toml"
    path.write_text(text)
    return path


def test_only_known_keys_are_let_in_and_each_has_its_limit(tmp_path: Path) -> None:
    path = file(tmp_path, f'[ann]\nsha256 = "{HASH}"\nper_minute = 2\n')
    messages = [{"role": "user", "content": "1 + 1"}]
    with serving(
        tmp_path / "place", "scripted:m | direct", "--keys", str(path), GULLIVER_SERVE_KEYS=f"bob:{OTHER}"
    ) as place:
        with pytest.raises(openai.AuthenticationError) as refused:
            place.client(api_key="secret-of-eve").chat.completions.create(model="", messages=messages)  # type: ignore[call-overload]
        assert refused.value.code == "invalid_api_key"
        with pytest.raises(openai.AuthenticationError):
            place.client(api_key=HASH).models.list()  # the hash is no key
        ann, bob = place.client(api_key="secret-of-ann"), place.client(api_key="secret-of-bob")
        for _ in range(2):
            ann.chat.completions.create(model="", messages=messages)  # type: ignore[call-overload]
        with pytest.raises(openai.RateLimitError) as limited:
            ann.chat.completions.create(model="", messages=messages)  # type: ignore[call-overload]
        assert int(limited.value.response.headers["retry-after"]) >= 20
        bob.chat.completions.create(model="", messages=messages)  # type: ignore[call-overload]
        assert "secret" not in place.log
        assert place.ready()  # needs no key


def test_requests_under_way_are_counted() -> None:
    key = Key("ann", HASH, at_once=1)
    with key.use(), pytest.raises(ApiError) as refused, key.use():
        pass
    assert refused.value.status == 429
    with key.use():
        pass


@pytest.mark.parametrize(
    "text",
    [
        '[ann]\nsha256 = "abc"\n',
        f'[ann]\nsha256 = "{HASH}"\nper_hour = 1\n',
        "ann = 3\n",
        f'[ann]\nsha256 = "{HASH}"\nat_once = -1\n',
        "[",
    ],
)
def test_what_is_no_key_is_refused(tmp_path: Path, text: str) -> None:
    with pytest.raises(GulliverError):
        read_keys(file(tmp_path, text), {})
