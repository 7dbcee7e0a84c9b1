"""Reading a CSV file that people made in a spreadsheet: its text, records and cells, and naming what is wrong with it."""

import csv
import io
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from coaching.errors import Refused
from coaching.typed import unseen

MOST_BYTES = 10_000_000


@dataclass(frozen=True, order=True)
class Problem:
    """What keeps a file from being imported; line 0 is the file as a whole."""

    line: int
    column: str
    reason: str

    def __str__(self) -> str:
        place = [f"line {self.line}"] if self.line else []
        place += [self.column] if self.column else []
        return f"{', '.join(place)}: {self.reason}" if place else self.reason


class FileRefused(Refused):
    """Nothing was imported; `problems` names every bad row."""

    def __init__(self, problems: list[Problem]) -> None:
        self.problems = sorted(set(problems))
        super().__init__("\n".join(str(problem) for problem in self.problems))


def refused(reason: str) -> FileRefused:
    return FileRefused([Problem(0, "", reason)])


def content_of(path: Path) -> bytes:
    """Raises FileRefused where there is no such file, or it is too large to be the right one."""
    try:
        if not path.is_file():
            raise refused(f"There is no file {path}.")
        size = path.stat().st_size
        if size > MOST_BYTES:
            raise refused(
                f"The file has {size:,} bytes; at most {MOST_BYTES:,} are read. Is it the right file? "
                "Otherwise split it."
            )
        with path.open("rb") as file:
            return file.read(MOST_BYTES + 1)
    except OSError as error:
        raise refused(f"The file cannot be read: {error.strerror}.") from error


def decoded(raw: bytes) -> str:
    """Raises FileRefused for what is no text in UTF-8."""
    if raw.startswith((b"\xff\xfe", b"\xfe\xff")):
        raise refused("The file is UTF-16. Save it as “CSV UTF-8”.")
    try:
        text = raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = raw.count(b"\n", 0, error.start) + 1
        raise FileRefused([Problem(line, "", "This is not UTF-8. Save the file as “CSV UTF-8”.")]) from error
    if "\x00" in text:
        line = text.count("\n", 0, text.index("\x00")) + 1
        raise FileRefused([Problem(line, "", "There is a NUL byte: this is not a text file.")])
    return text


def records(text: str, problems: list[Problem]) -> Iterator[tuple[int, list[str]]]:
    """Each record that is not blank, with the number of its first line."""
    reader = csv.reader(io.StringIO(text, newline=""), strict=True)
    line = 1
    try:
        for cells in reader:
            if any(cell.strip() for cell in cells):
                yield line, cells
            line = reader.line_num + 1
    except csv.Error as error:
        problems.append(
            Problem(line, "", f"The row that begins here cannot be read ({error}). Are its quotes closed?")
        )


def value(line: int, column: str, cell: str, longest: int, problems: list[Problem]) -> str:
    """One cell without the spaces around it. What looks like a formula is a text like any other."""
    text = unicodedata.normalize("NFC", cell).strip()
    if hidden := unseen(text):
        problems.append(Problem(line, column, f"There is a control character ({hidden})."))
    if len(text) > longest:
        problems.append(Problem(line, column, f"{len(text):,} characters; at most {longest} are possible."))
        return text[:longest]
    return " ".join(text.split())


def counted(cells: list[str], header: list[str], line: int) -> list[Problem]:
    """Whether the row has as many values as the header has columns."""
    if len(cells) == len(header):
        return []
    return [Problem(line, "", f"The row has {len(cells)} values, the header has {len(header)} columns.")]


def columns_of(cells: list[str], line: int, required: list[str]) -> tuple[list[str], list[Problem]]:
    """The columns' names in the file's order, in lower case; and which are missing, or there twice."""
    names = [cell.strip().lower() for cell in cells]
    if len(names) == 1 and any(mark in names[0] for mark in ";\t|"):
        return names, [Problem(line, "", "The columns are to be separated by commas.")]
    problems = [Problem(line, name, "This column is missing.") for name in required if name not in names]
    twice = [name for name in dict.fromkeys(names) if name and names.count(name) > 1]
    return names, problems + [Problem(line, name, "There are two columns of this name.") for name in twice]
