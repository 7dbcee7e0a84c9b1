"""Reading a staff file: a CSV with one person a row. Everything that can be wrong with a row by itself is
found here, before anything is looked up in the database."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path

from django.core.exceptions import ValidationError
from django.core.validators import validate_email

from coaching.csv_file import (
    FileRefused,
    Problem,
    columns_of,
    content_of,
    counted,
    decoded,
    records,
    refused,
    separator_of,
    value,
)

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
NAME_PARTS = {"first_name": 100, "last_name": 100}
LONGEST = COLUMNS | NAME_PARTS


class Role(StrEnum):
    SUPERINTENDENT = "superintendent"
    DEPUTY = "deputy"
    DIRECTOR = "director"
    SUPERVISOR = "supervisor"
    BRANCH_OFFICE = "branch_office"
    TRAINING_OFFICE = "training_office"
    ADMINISTRATOR = "administrator"
    NONE = ""


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


@dataclass(frozen=True)
class Columns:
    """Where the columns of a file from another system stand, by our names; those it has not are not named.

    The name may stand in one column, or in two: NAME_PARTS. `surname_first`: as “Reyes, Ana”.
    """

    places: Mapping[str, int]
    surname_first: bool = False


@dataclass
class StaffFile:
    rows: list[Row] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)
    digest: str = ""
    without: frozenset[str] = frozenset()  # columns that the file has not: what they would say stays as it is


def read(path: Path) -> StaffFile:
    """Read a staff file. Raises FileRefused where its rows cannot even be told apart."""
    raw = content_of(path)
    staff = parse(decoded(raw))
    staff.digest = hashlib.sha256(raw).hexdigest()
    return staff


def parse(text: str, columns: Columns | None = None) -> StaffFile:
    """Read the text of a staff file; without `columns`, its header names all of ours.

    Raises FileRefused where the header is wrong or there are no rows.
    """
    staff = StaffFile()
    lines = records(
        text, staff.problems, most=MOST_ROWS + 1, separator=separator_of(text) if columns else ","
    )
    first = next(lines, None)
    header = _header(first, staff) if columns is None else _placed(first, columns, staff)
    for line, cells in lines:
        if len(staff.rows) >= MOST_ROWS:
            staff.problems.append(Problem(line, "", f"More than {MOST_ROWS:,} people. Split the file."))
            break
        staff.rows.append(_row(line, header, cells, staff.problems, columns))
    if not staff.rows and not staff.problems:
        raise refused("The file has a header and no people.")
    _only_once(staff)
    return staff


def _placed(record: tuple[int, list[str]] | None, columns: Columns, staff: StaffFile) -> list[str]:
    """Our names in the order of a file that has its own."""
    if record is None:
        raise FileRefused(staff.problems or [Problem(0, "", "The file is empty.")])
    names = [""] * len(record[1])
    for name, place in columns.places.items():
        if place >= len(names):
            raise refused("This is not the file whose columns were chosen. Upload it again.")
        names[place] = name
    staff.without = frozenset(COLUMNS.keys() - {"name"} - columns.places.keys())
    return names


def _header(record: tuple[int, list[str]] | None, staff: StaffFile) -> list[str]:
    """The columns' names in the file's order."""
    if record is None:
        raise FileRefused(staff.problems or [Problem(0, "", "The file is empty.")])
    line, cells = record
    names, problems = columns_of(cells, line, list(COLUMNS))
    if problems := [each for each in problems if not each.column or each.column in COLUMNS]:
        raise FileRefused(problems)
    unknown = [
        cell.strip() or "(no name)" for cell, name in zip(cells, names, strict=True) if name not in COLUMNS
    ]
    staff.warnings += [f"Column not used: {name!r}." for name in unknown]
    return names


def _row(
    line: int, header: list[str], cells: list[str], problems: list[Problem], columns: Columns | None
) -> Row:
    problems += counted(cells, header, line)
    values = dict.fromkeys(LONGEST, "")
    for column, cell in zip(header, cells, strict=False):
        if column in COLUMNS or (columns and column in NAME_PARTS):
            values[column] = value(line, column, cell, LONGEST[column], problems)
    first, last = (values.pop(part) for part in NAME_PARTS)
    values["name"] = values["name"] or f"{first} {last}".strip()
    if columns and columns.surname_first:
        values["name"] = _turned(values["name"])
    values["email"] = values["email"].lower()
    values["supervisor_email"] = values["supervisor_email"].lower()
    role = _role(line, values.pop("role"), problems)
    row = Row(line=line, role=role, **values)
    problems += _faults(row)
    return row


def _turned(name: str) -> str:
    """“Reyes, Ana” as she is called; what stands behind a second comma (Jr.) stays at the end."""
    last, *rest = (part.strip() for part in name.split(","))
    return " ".join(part for part in (*rest[:1], last, *rest[1:]) if part)


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
