"""Heads of the audit chain in a file that is kept elsewhere: a line each, the newest last."""

from datetime import datetime
from pathlib import Path

from coaching import audit
from coaching.audit import Head
from coaching.errors import Refused


class HeadsRefused(Refused):
    """The file cannot be read as one of heads, or the chain does not hold against it."""


def read_heads(path: Path) -> list[Head]:
    """Those of a file; empty lines are passed over. Raises HeadsRefused, naming the line."""
    try:
        lines = path.read_text(encoding="ascii").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise HeadsRefused(f"{path} cannot be read: {error}") from error
    return [_parse(path, number, line) for number, line in enumerate(lines, start=1) if line.strip()]


def _parse(path: Path, number: int, line: str) -> Head:
    """Each line has the moment of the export, and the head."""
    try:
        _, head = line.split()
        return Head.parse(head)
    except ValueError:
        raise HeadsRefused(f"{path}, line {number}: no head of an audit chain.") from None


def export_head(path: Path, *, now: datetime) -> Head:
    """Add today's head to the file, once the chain holds against those it has. Raises HeadsRefused.

    A chain without a new link adds nothing.
    """
    heads = read_heads(path) if path.exists() else []
    audit.seal_all()
    head, broken = audit.verify(heads=heads)
    if broken:
        raise HeadsRefused(f"Nothing was exported, the audit chain is broken. {broken}")
    if head not in heads:
        with path.open("a", encoding="ascii") as file:
            file.write(f"{now.isoformat(timespec='seconds')} {head}\n")
    return head
