"""The broker of the embedded default: a message is there whole, or not yet."""

from pathlib import Path
from queue import Empty

import pytest
from kombu import Connection

from coaching.site import folder_broker

MESSAGE = {"body": "1", "properties": {}}


@pytest.fixture
def channel(tmp_path):
    for name in ("queue", "processed", "control"):
        (tmp_path / name).mkdir()
    options = {
        "data_folder_in": str(tmp_path / "queue"),
        "data_folder_out": str(tmp_path / "queue"),
        "processed_folder": str(tmp_path / "processed"),
        "control_folder": str(tmp_path / "control"),
    }
    with Connection("folder://localhost/", transport_options=options) as connection:
        yield connection.channel()


def test_who_reads_while_it_is_written_finds_nothing_yet(channel, monkeypatch):
    whole = Path.replace

    def look_first(path: Path, name: Path) -> Path:
        with pytest.raises(Empty):
            channel._get("celery")
        return whole(path, name)

    monkeypatch.setattr(Path, "replace", look_first)
    channel._put("celery", MESSAGE)
    assert channel._get("celery") == MESSAGE
    with pytest.raises(Empty):
        channel._get("celery")


def test_they_come_in_the_order_in_which_they_were_put(channel, monkeypatch):
    moments = iter((1.0, 2.0, 3.0))
    monkeypatch.setattr(folder_broker, "monotonic", lambda: next(moments))
    for number in (1, 2, 3):
        channel._put("celery", {"number": number})
    assert [channel._get("celery")["number"] for _ in (1, 2, 3)] == [1, 2, 3]


def test_a_folder_that_cannot_be_written_is_an_error_of_the_channel(channel, tmp_path):
    (tmp_path / "queue").rmdir()
    with pytest.raises(folder_broker.ChannelError):
        channel._put("celery", MESSAGE)


def test_queues_are_bound_to_an_exchange_one_after_another(channel):
    for queue in ("one", "two", "two"):
        channel._queue_bind("letters", "", "", queue)
    assert {each.queue for each in channel.get_table("letters")} == {"one", "two"}
    channel._put_fanout("letters", MESSAGE, "")
    assert channel._get("one") == channel._get("two") == MESSAGE
