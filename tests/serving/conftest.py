"""One server for all tests that leave it as it was."""

from collections.abc import Iterator

import pytest

from tests.serving.place import Place, serving


@pytest.fixture(scope="session")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Place]:
    folder = tmp_path_factory.mktemp("serving")
    with serving(
        folder,
        "scripted:m?accuracy=0.6&latency=0.05 | cot",
        "--strategy",
        "sample | majority(n=5)",
        "--max-body",
        "65536",
    ) as place:
        yield place
