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
MOST_COLUMNS = 200
MOST_LINES_OF_A_ROW = 50
SEPARATORS = (",", ";", "\t", "|")
SOME_LENGTH = 100_000


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


class _Lines:
    """Hands the lines to the parser one by one, and stops before one that no list of people has."""

    def __init__(self, text: str, separator: str) -> None:
        self.file = io.StringIO(text, newline="")
        self.separator = separator
        self.number = 0
        self.row_begins = 1

    def __iter__(self) -> Iterator[str]:
        for number, line in enumerate(self.file, start=1):
            self.number = number
            if line.count(self.separator) > MOST_COLUMNS:
                reason = f"The line has more than {MOST_COLUMNS} columns. Delete those that are not needed."
                raise FileRefused([Problem(self.number, "", reason)])
            if self.number - self.row_begins >= MOST_LINES_OF_A_ROW:
                reason = f"The row that begins here has more than {MOST_LINES_OF_A_ROW} lines. Are its quotes closed?"
                raise FileRefused([Problem(self.row_begins, "", reason)])
            yield line


def separator_of(text: str) -> str:
    """What stands between the columns: the sign that the first line with words has most of."""
    first = next((line for line in io.StringIO(text[:SOME_LENGTH]) if line.strip()), "")
    return max(SEPARATORS, key=first.count)


def records(
    text: str, problems: list[Problem], *, most: int, separator: str = ","
) -> Iterator[tuple[int, list[str]]]:
    """Each record that is not blank, with the number of its first line; at most as many lines are read as `most` records
    and as many blank ones take. Raises FileRefused for a file of more lines, or columns."""
    if max(text.count("\n"), text.count("\r")) > 2 * most:
        raise refused(
            f"The file has more than {2 * most:,} lines; at most {most:,} rows are read. "
            "Split it, or delete the empty lines."
        )
    lines = _Lines(text, separator)
    reader = csv.reader(lines, strict=True, delimiter=separator)
    try:
        for cells in reader:
            if any(cell.strip() for cell in cells):
                yield lines.row_begins, cells
            lines.row_begins = lines.number + 1
    except csv.Error as error:
        reason = f"The row that begins here cannot be read ({error}). Are its quotes closed?"
        problems.append(Problem(lines.row_begins, "", reason))


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
