"""The broker of the embedded default: kombu's folder of messages, each of which appears in it whole.

Kombu writes a message under the name by which it is looked for. Who reads in between takes it away empty, and a worker ends
over that.
"""

import os
import uuid
from contextlib import suppress
from pathlib import Path
from time import monotonic
from typing import Any

from kombu.exceptions import ChannelError
from kombu.transport import TRANSPORT_ALIASES, filesystem
from kombu.utils.json import dumps

NAME = "folder"
TRANSPORT_ALIASES[NAME] = f"{__name__}:Transport"


class Channel(filesystem.Channel):
    def _put(self, queue: str, message: Any, **_: Any) -> None:  # type: ignore[override]
        folder = Path(self.data_folder_out)
        name = f"{int(monotonic() * 1000)}_{uuid.uuid4()}"
        try:
            written = _written(folder, dumps(message))
            written.replace(folder / f"{name}.{queue}.msg")
        except OSError as error:
            raise ChannelError(f"The message {name} cannot be added to {folder}.") from error

    def _queue_bind(self, exchange: str, routing_key: str, pattern: str | None, queue: str) -> None:
        table = Path(self.control_folder) / f"{exchange}.exchange"
        if not table.exists():
            empty = _written(table.parent, "[]")
            with suppress(FileExistsError):  # another process was quicker
                os.link(empty, table)
            empty.unlink()
        super()._queue_bind(exchange, routing_key, pattern, queue)


def _written(folder: Path, text: str) -> Path:
    """Under a name that nobody looks for."""
    path = folder / f"written-{uuid.uuid4()}"
    path.write_text(text)
    return path


class Transport(filesystem.Transport):
    Channel = Channel
