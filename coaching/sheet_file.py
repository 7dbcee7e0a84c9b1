"""A table as people have it: a CSV file, whatever separates its columns, or an Excel workbook, opened in a sandbox."""

import json
import subprocess
from dataclasses import dataclass, field
from pathlib import Path

from coaching import sandbox, sheet_child
from coaching.csv_file import MOST_BYTES, decoded, refused

CHILD = Path(sheet_child.__file__)
WORKBOOK = b"PK\x03\x04"
OLD_OR_LOCKED = b"\xd0\xcf\x11\xe0"
MOST_ROWS = 45_000  # more than any table may have that is made of it
DAMAGED = "This workbook cannot be opened. Open it in Excel, save it again as .xlsx or as “CSV UTF-8”, and choose that."


@dataclass(frozen=True)
class Sheet:
    """The table as CSV. `name`: of the sheet it stands on, and `others`: those that were not read; both of a workbook."""

    text: str
    name: str = ""
    others: list[str] = field(default_factory=list)


def read(raw: bytes, *, most: int = MOST_ROWS) -> Sheet:
    """By the content, whatever the file was called; of a workbook, the first rows. Raises FileRefused."""
    if len(raw) > MOST_BYTES:
        raise refused(
            f"The file has {len(raw):,} bytes; at most {MOST_BYTES:,} are read. Is it the right file?"
        )
    if raw.startswith(OLD_OR_LOCKED):
        raise refused(
            "This is an old Excel file (.xls), or one with a password. Save it as .xlsx without a password."
        )
    return _workbook(raw, most) if raw.startswith(WORKBOOK) else Sheet(decoded(raw))


def _workbook(raw: bytes, most: int) -> Sheet:
    try:
        child = sandbox.run(CHILD, b"%d\n" % most + raw, seconds=2 * sheet_child.SECONDS)
        child.check_returncode()
        head, _, text = child.stdout.decode().partition("\n")
        told = json.loads(head)
    except (OSError, ValueError, subprocess.SubprocessError) as error:
        raise refused(DAMAGED) from error
    if not told["sheet"]:
        raise refused("The workbook is empty: none of its sheets that can be seen has anything on it.")
    return Sheet(text, told["sheet"], told["others"])
