"""A chapter of what somebody takes along: tables, texts and files."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, datetime

from django.utils import timezone

Row = tuple[object, ...]


@dataclass(frozen=True)
class Table:
    title: str
    header: tuple[str, ...]
    rows: Sequence[Row]


@dataclass
class Chapter:
    """One file of the export; each of its tables is also a file for a spreadsheet."""

    name: str
    title: str
    tables: list[Table] = field(default_factory=list)
    texts: list[tuple[str, str]] = field(default_factory=list)
    files: list[tuple[str, bytes]] = field(default_factory=list)

    def table(self, title: str, header: Sequence[str], rows: Sequence[Row]) -> None:
        if rows:
            self.tables.append(Table(title, tuple(header), rows))

    def text(self, title: str, text: str) -> None:
        if text.strip():
            self.texts.append((title, text))

    @property
    def is_empty(self) -> bool:
        return not (self.tables or self.texts or self.files)


def day(value: date | datetime | None) -> str:
    if isinstance(value, datetime):
        return f"{timezone.localtime(value):%Y-%m-%d %H:%M}"
    return value.isoformat() if value else ""
