from collections.abc import Iterator

import pytest
import time_machine

from tests.clock import NOW
from tests.faults.scene import Scene
from tests.mail_server import Server
from tests.services import Cluster, cluster, redis_server


@pytest.fixture
def mail_server() -> Iterator[Server]:
    found = Server()
    yield found
    found.close()


@pytest.fixture
def own_redis() -> Iterator[str]:
    with redis_server() as url:
        yield url


@pytest.fixture
def own_cluster() -> Iterator[Cluster]:
    with cluster() as found:
        yield found


@pytest.fixture
def scene(cast) -> Iterator[Scene]:
    with time_machine.travel(NOW):
        yield Scene(cast)
