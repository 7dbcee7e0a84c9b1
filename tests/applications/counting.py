"""How many queries a page takes: the same for one row and for three, and few."""

from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

MOST = 12


def queries(client: Client, url: str) -> int:
    with CaptureQueriesContext(connection) as captured:
        assert client.get(url).status_code == 200
    assert len(captured) <= MOST, len(captured)
    return len(captured)
