"""Reading a staff file: a CSV with one person a row. Everything that can be wrong with a row by itself is
found here, before anything is looked up in the database."""

import csv
import hashlib
import io
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path

from django.core.exceptions import ValidationError
from django.core.validators import validate_email

from coaching.errors import Refused
from coaching.typed import JOINERS

MOST_BYTES = 10_000_000
MOST_ROWS = 20_000
# Every column of the file and the longest value it takes (in characters).
COLUMNS = {
    "email": 254,
    "name": 200,
    "classification": 120,
    "career_track": 120,
    "branch": 160,
    "division": 160,
    "unit": 160,
    "supervisor_email": 254,
    "role": 40,
}
# Control characters, formatting that cannot be seen (but joiners), halves of characters, private use, line and page ends.
UNSEEN = ("Cc", "Cf", "Cs", "Co", "Zl", "Zp")


class Role(StrEnum):
    SUPERINTENDENT = "superintendent"
    DEPUTY = "deputy"
    DIRECTOR = "director"
    SUPERVISOR = "supervisor"
    BRANCH_OFFICE = "branch_office"
    TRAINING_OFFICE = "training_office"
    ADMINISTRATOR = "administrator"
    NONE = ""


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


class StaffFileRefused(Refused):
    """Nothing was imported; `problems` names every bad row."""

    def __init__(self, problems: list[Problem]) -> None:
        self.problems = sorted(set(problems))
        super().__init__("\n".join(str(problem) for problem in self.problems))


@dataclass(frozen=True)
class Row:
    line: int
    email: str
    name: str
    classification: str
    career_track: str
    branch: str
    division: str
    unit: str
    supervisor_email: str
    role: Role


@dataclass
class StaffFile:
    rows: list[Row] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)
    digest: str = ""


def read(path: Path) -> StaffFile:
    """Read a staff file. Raises StaffFileRefused where its rows cannot even be told apart."""
    raw = _bytes(path)
    staff = parse(_text(raw))
    staff.digest = hashlib.sha256(raw).hexdigest()
    return staff


def _bytes(path: Path) -> bytes:
    try:
        if not path.is_file():
            raise _refused(f"There is no file {path}.")
        size = path.stat().st_size
        if size > MOST_BYTES:
            raise _refused(
                f"The file has {size:,} bytes; at most {MOST_BYTES:,} are read. Is it the right file? "
                "Otherwise split it."
            )
        with path.open("rb") as file:
            return file.read(MOST_BYTES + 1)
    except OSError as error:
        raise _refused(f"The file cannot be read: {error.strerror}.") from error


def _text(raw: bytes) -> str:
    if raw.startswith((b"\xff\xfe", b"\xfe\xff")):
        raise _refused("The file is UTF-16. Save it as “CSV UTF-8”.")
    try:
        text = raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = raw.count(b"\n", 0, error.start) + 1
        raise StaffFileRefused(
            [Problem(line, "", "This is not UTF-8. Save the file as “CSV UTF-8”.")]
        ) from error
    if "\x00" in text:
        line = text.count("\n", 0, text.index("\x00")) + 1
        raise StaffFileRefused([Problem(line, "", "There is a NUL byte: this is not a text file.")])
    return text


def _refused(reason: str) -> StaffFileRefused:
    return StaffFileRefused([Problem(0, "", reason)])


def parse(text: str) -> StaffFile:
    """Read the text of a staff file. Raises StaffFileRefused where its header is wrong or it has no rows."""
    staff = StaffFile()
    lines = _records(text, staff.problems)
    header = _header(next(lines, None), staff)
    for line, cells in lines:
        if len(staff.rows) >= MOST_ROWS:
            staff.problems.append(Problem(line, "", f"More than {MOST_ROWS:,} people. Split the file."))
            break
        staff.rows.append(_row(line, header, cells, staff.problems))
    if not staff.rows and not staff.problems:
        raise _refused("The file has a header and no people.")
    _only_once(staff)
    return staff


def _records(text: str, problems: list[Problem]) -> Iterator[tuple[int, list[str]]]:
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


def _header(record: tuple[int, list[str]] | None, staff: StaffFile) -> list[str]:
    """The columns' names in the file's order."""
    if record is None:
        raise StaffFileRefused(staff.problems or [Problem(0, "", "The file is empty.")])
    line, cells = record
    names = [cell.strip().lower() for cell in cells]
    problems = [Problem(line, name, "This column is missing.") for name in COLUMNS if name not in names]
    if len(names) == 1 and any(mark in names[0] for mark in ";\t|"):
        problems = [Problem(line, "", "The columns are to be separated by commas.")]
    problems += [
        Problem(line, name, "There are two columns of this name.")
        for name in COLUMNS
        if names.count(name) > 1
    ]
    if problems:
        raise StaffFileRefused(problems)
    unknown = [
        cell.strip() or "(no name)" for cell, name in zip(cells, names, strict=True) if name not in COLUMNS
    ]
    staff.warnings += [f"Column not used: {name!r}." for name in unknown]
    return names


def _row(line: int, header: list[str], cells: list[str], problems: list[Problem]) -> Row:
    if len(cells) != len(header):
        problems.append(
            Problem(line, "", f"The row has {len(cells)} values, the header has {len(header)} columns.")
        )
    values = dict.fromkeys(COLUMNS, "")
    for column, cell in zip(header, cells, strict=False):
        if column in COLUMNS:
            values[column] = _value(line, column, cell, problems)
    values["email"] = values["email"].lower()
    values["supervisor_email"] = values["supervisor_email"].lower()
    role = _role(line, values.pop("role"), problems)
    row = Row(line=line, role=role, **values)
    problems += _faults(row)
    return row


def _value(line: int, column: str, cell: str, problems: list[Problem]) -> str:
    """One cell without the spaces around it. What looks like a formula is a text like any other."""
    text = unicodedata.normalize("NFC", cell).strip()
    unseen = next(
        (each for each in text if unicodedata.category(each) in UNSEEN and each not in JOINERS), None
    )
    if unseen is not None:
        problems.append(Problem(line, column, f"There is a control character (U+{ord(unseen):04X})."))
    if len(text) > COLUMNS[column]:
        problems.append(
            Problem(line, column, f"{len(text):,} characters; at most {COLUMNS[column]} are possible.")
        )
        return text[: COLUMNS[column]]
    return " ".join(text.split())


def _role(line: int, text: str, problems: list[Problem]) -> Role:
    try:
        return Role(text.lower().replace(" ", "_"))
    except ValueError:
        known = ", ".join(role for role in Role if role)
        problems.append(Problem(line, "role", f"{text!r} is no role. Possible: {known}, or empty."))
        return Role.NONE


def _faults(row: Row) -> list[Problem]:
    """What is wrong with this row whatever stands in the others."""
    faults = []
    if not row.name:
        faults.append(("name", "The name is missing."))
    faults += _address_faults("email", row.email, required=True)
    faults += _address_faults("supervisor_email", row.supervisor_email, required=False)
    if row.email and row.supervisor_email == row.email:
        faults.append(("supervisor_email", "Nobody is their own supervisor."))
    if row.division and not row.branch:
        faults.append(("branch", "There is a division, but no branch that it belongs to."))
    elif row.unit and not row.branch:
        faults.append(("branch", "There is a unit, but no branch that it belongs to."))
    if row.role in (Role.DEPUTY, Role.BRANCH_OFFICE) and not row.branch:
        faults.append(("role", f"The role {row.role} needs a branch."))
    if row.role == Role.DIRECTOR and not (row.branch and row.division):
        faults.append(("role", "The role director needs a branch and a division."))
    return [Problem(row.line, column, reason) for column, reason in faults]


def _address_faults(column: str, address: str, *, required: bool) -> list[tuple[str, str]]:
    if not address:
        return [(column, "The mail address is missing.")] if required else []
    try:
        validate_email(address)
    except ValidationError:
        return [(column, f"{address!r} is not a mail address.")]
    return []


def _only_once(staff: StaffFile) -> None:
    first: dict[str, int] = {}
    for row in staff.rows:
        if row.email and first.setdefault(row.email, row.line) != row.line:
            staff.problems.append(
                Problem(row.line, "email", f"{row.email} is on line {first[row.email]} already.")
            )
