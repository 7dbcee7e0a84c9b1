"""Reading the history of a cohort that began on paper: a CSV with one participant a row. What can be wrong with a row, or
with the rows of a team, is found here, before anything is looked up in the database."""

import hashlib
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from pathlib import Path

from coaching.csv_file import (
    FileRefused,
    Problem,
    columns_of,
    content_of,
    counted,
    decoded,
    records,
    refused,
    value,
)
from coaching.models import Cohort
from meetings import dates
from meetings.models import Attendance

MOST_ROWS = 500
LONGEST = {"email": 254, "team": 3, "project": 200}
LONGEST_CELL = 40
SATURDAY = 5
MARKS = {
    "p": Attendance.Status.PRESENT,
    "r": Attendance.Status.REMOTE,
    "a": Attendance.Status.ABSENT,
    "e": Attendance.Status.EXCUSED,
}
ANSWERS = {"yes": True, "no": False, "": False}
DATE_FORMATS = ("%Y-%m-%d", "%m/%d/%Y")  # the second is what a spreadsheet makes of the first


@dataclass(frozen=True)
class Held:
    """One participant at the meeting of a month. `evaluated`: the evaluation was given on paper."""

    mark: Attendance.Status
    date: date
    evaluated: bool


@dataclass(frozen=True)
class Row:
    line: int
    email: str
    team: int
    project: str
    held: Mapping[int, Held]  # by month of the program


@dataclass
class HistoryFile:
    rows: list[Row] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)
    doubled: set[int] = field(default_factory=set)  # lines about whom another line is
    digest: str = ""

    @property
    def teams(self) -> dict[int, list[Row]]:
        found: dict[int, list[Row]] = defaultdict(list)
        for row in self.rows:
            found[row.team].append(row)
        return dict(sorted(found.items()))


def read(path: Path, cohort: Cohort, *, today: date) -> HistoryFile:
    """Raises FileRefused where its rows cannot even be told apart."""
    return parse(decoded(content_of(path)), cohort, today=today)


def parse(text: str, cohort: Cohort, *, today: date) -> HistoryFile:
    """Raises FileRefused where its header is wrong or it has no rows."""
    history = HistoryFile(digest=hashlib.sha256(text.encode()).hexdigest())
    lines = records(text, history.problems, most=MOST_ROWS + 1)
    reader = _Reader(cohort, today, history.problems)
    header = reader.header(next(lines, None), history.warnings)
    for line, cells in lines:
        if len(history.rows) >= MOST_ROWS:
            history.problems.append(Problem(line, "", f"More than {MOST_ROWS} people. Is it the right file?"))
            break
        history.rows.append(reader.row(line, header, cells))
    if not history.rows and not history.problems:
        raise refused("The file has a header and no people.")
    doubled = list(_only_once(history.rows))
    history.problems += doubled
    history.doubled = {problem.line for problem in doubled}
    return history


@dataclass
class _Reader:
    cohort: Cohort
    today: date
    problems: list[Problem]

    def __post_init__(self) -> None:
        self.months = self.cohort.months

    def header(self, record: tuple[int, list[str]] | None, warnings: list[str]) -> list[str]:
        if record is None:
            raise FileRefused(self.problems or [Problem(0, "", "The file is empty.")])
        line, cells = record
        names, problems = columns_of(cells, line, ["email", "team"])
        months = range(1, self.months + 1)
        known = {*LONGEST, *(f"{kind}{month}" for kind in ("month", "date", "evaluated") for month in months)}
        problems += [
            Problem(line, f"{other}{month}", f"Month {month} needs this column too.")
            for month in months
            for one, other in (("month", "date"), ("date", "month"), ("evaluated", "month"))
            if f"{one}{month}" in names and f"{other}{month}" not in names
        ]
        if problems:
            raise FileRefused(problems)
        warnings += [f"Column not used: {name or '(no name)'!r}." for name in names if name not in known]
        return [name if name in known else "" for name in names]

    def row(self, line: int, header: list[str], cells: list[str]) -> Row:
        self.problems += counted(cells, header, line)
        values = {
            column: value(line, column, cell, LONGEST.get(column, LONGEST_CELL), self.problems)
            for column, cell in zip(header, cells, strict=False)
            if column
        }
        email = values.get("email", "").lower()
        if not email:
            self.problems.append(Problem(line, "email", "The mail address is missing."))
        held = {}
        for month in range(1, self.months + 1):
            if found := self._held(line, month, values):
                held[month] = found
        return Row(line, email, self._team(line, values.get("team", "")), values.get("project", ""), held)

    def _team(self, line: int, text: str) -> int:
        if not text.isascii() or not text.isdigit() or not int(text):
            self.problems.append(Problem(line, "team", "Give the number of the team: 1, 2, 3."))
            return 0
        return int(text)

    def _held(self, line: int, month: int, values: Mapping[str, str]) -> Held | None:
        mark, day, answer = (values.get(f"{kind}{month}", "") for kind in ("month", "date", "evaluated"))
        if not mark:
            for column, text in ((f"date{month}", day), (f"evaluated{month}", answer)):
                if ANSWERS.get(text.lower(), True):
                    self.problems.append(
                        Problem(
                            line, column, f"There is none in month{month}: give P, R, A or E, or empty this."
                        )
                    )
            return None
        status, found = MARKS.get(mark.lower()), self._date(line, month, day)
        if status is None:
            reason = f"{mark!r} is no mark. P: there, R: there online, A: absent, E: excused."
            self.problems.append(Problem(line, f"month{month}", reason))
        evaluated = ANSWERS.get(answer.lower())
        if evaluated is None:
            self.problems.append(Problem(line, f"evaluated{month}", "Say yes or no, or leave it empty."))
        elif evaluated and status and status not in Attendance.THERE:
            reason = "Who was not there evaluates nothing: empty this, or mark them P or R."
            self.problems.append(Problem(line, f"evaluated{month}", reason))
        return Held(status, found, bool(evaluated)) if status and found else None

    def _date(self, line: int, month: int, text: str) -> date | None:
        column, found = f"date{month}", _day(text)
        if found is None:
            reason = (
                "Give the day of the meeting as 2027-02-17." if text else "The day of the meeting is missing."
            )
            self.problems.append(Problem(line, column, reason))
            return None
        if found > self.today:
            self.problems.append(Problem(line, column, f"{dates.long_date(found)} lies ahead."))
            return None
        if abs(dates.program_month(self.cohort.first_month, found) - month) > 1:
            name = dates.month_name(dates.add_months(self.cohort.first_month, month - 1))
            reason = f"Month {month} of the program is {name}, and {dates.long_date(found)} is far from it."
            self.problems.append(Problem(line, column, reason))
            return None
        return found


def _day(text: str) -> date | None:
    for pattern in DATE_FORMATS:
        try:
            return datetime.strptime(text, pattern).date()  # noqa: DTZ007 (a day has no zone)
        except ValueError:
            continue
    return None


def _only_once(rows: Iterable[Row]) -> Iterator[Problem]:
    first: dict[str, int] = {}
    for row in rows:
        if row.email and first.setdefault(row.email, row.line) != row.line:
            yield Problem(row.line, "email", f"{row.email} is on line {first[row.email]} already.")


@dataclass
class Findings:
    problems: list[Problem] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)


def of_teams(history: HistoryFile, cohort: Cohort, *, strangers: set[int], today: date) -> Findings:
    """What is wrong with the rows of a team together. One mistake is one line: rows that are named for whom they are about,
    doubled or of `strangers` (by line), say nothing of when their team met.
    """
    program, found = cohort.program, Findings()
    named = {problem.line for problem in history.problems}
    unknown = any(not row.team for row in history.rows)
    for number, all_rows in history.teams.items():
        if not number:
            continue
        size, is_sure = (
            len(all_rows),
            not unknown and not any(row.line in history.doubled for row in all_rows),
        )
        if is_sure and not 2 <= size <= program.max_team_size:
            reason = f"Team {number} has {size} in the file; a team has 2 to {program.max_team_size}."
            found.problems.append(Problem(all_rows[0].line, "team", reason))
        elif is_sure and size < program.min_team_size:
            found.warnings.append(f"Team {number} is small. You can decide how it goes on afterwards.")
        rows = [row for row in all_rows if row.line not in history.doubled | strangers]
        is_whole = len(rows) == len(all_rows) and not any(row.line in named for row in rows)
        for month in sorted({month for row in rows for month in row.held}):
            _of_meeting(found, cohort, number, month, rows, named, is_whole=is_whole)
        if is_whole:
            found.warnings += _without_meeting(cohort, number, rows, today)
    return found


def _without_meeting(cohort: Cohort, number: int, rows: list[Row], today: date) -> Iterator[str]:
    """Months behind us of which the file has no meeting: they are missed as soon as it is entered (C2)."""
    held = {month for row in rows for month in row.held}
    over = min(dates.program_month(cohort.first_month, today) - 1, cohort.months)
    months = [month for month in range(1, over + 1) if month not in held]
    if months:
        names = ", ".join(
            dates.month_name(dates.add_months(cohort.first_month, month - 1)) for month in months
        )
        yield (
            f"Team {number}: no meeting in {names}. That counts as missed as soon as this is entered; where there was a "
            "good reason, excuse or credit it afterwards."
        )


def _of_meeting(
    found: Findings,
    cohort: Cohort,
    number: int,
    month: int,
    rows: list[Row],
    named: set[int],
    *,
    is_whole: bool,
) -> None:
    """The members of a team were at the same meeting: each has a mark, and the day is one."""
    held = {row.line: row.held[month] for row in rows if month in row.held}
    for row in rows:
        if row.line not in held and row.line not in named:
            reason = f"The others of team {number} have a mark for this month: give P, R, A or E."
            found.problems.append(Problem(row.line, f"month{month}", reason))
    usual = Counter(each.date for each in held.values()).most_common(1)[0][0]
    line = next(line for line, each in held.items() if each.date == usual)
    for other, each in held.items():
        if each.date != usual:
            reason = f"Line {line} says {usual}: a team meets on one day. Enter the other meeting afterwards."
            found.problems.append(Problem(other, f"date{month}", reason))
    found.warnings += _unusual(cohort, number, month, usual)
    there = sum(each.mark in Attendance.THERE for each in held.values())
    if not there and is_whole:
        reason = f"Nobody of team {number} was there: leave the month empty for all."
        found.problems.append(Problem(line, f"month{month}", reason))
    elif 0 < there < cohort.quorum:
        found.warnings.append(
            f"Team {number}, month {month}: fewer than {cohort.quorum} were there, so it makes no month good."
        )


def _unusual(cohort: Cohort, number: int, month: int, day: date) -> Iterator[str]:
    if dates.program_month(cohort.first_month, day) != month:
        name = dates.month_name(dates.add_months(cohort.first_month, month - 1))
        yield f"Team {number}, month {month}: {dates.long_date(day)} is not in {name}, for which the meeting counts."
    if day.weekday() >= SATURDAY:
        yield f"Team {number}, month {month}: {dates.long_date(day)} is on a weekend."
