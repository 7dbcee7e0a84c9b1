from collections.abc import Iterator

import pytest

from tests.mail_server import Server
from tests.services import redis_server


@pytest.fixture
def mail_server() -> Iterator[Server]:
    found = Server()
    yield found
    found.close()


@pytest.fixture
def own_redis() -> Iterator[str]:
    with redis_server() as url:
        yield url
