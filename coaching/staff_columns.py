"""Which column of a file from another system is which of ours: guessed by its heading, and chosen by whoever uploads it."""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from coaching.csv_file import Problem, records, refused, separator_of

TITLES = {
    "email": "Mail address",
    "name": "Full name",
    "first_name": "First name",
    "last_name": "Last name",
    "classification": "Job classification",
    "career_track": "Career track",
    "branch": "Branch",
    "division": "Division",
    "unit": "Unit",
    "supervisor_email": "Supervisor’s mail address",
    "role": "Role in the program",
}
KNOWN_AS = {
    "email": (
        "e mail",
        "mail",
        "email address",
        "e mail address",
        "mail address",
        "work email",
        "work e mail",
    ),
    "name": ("full name", "employee name", "employee", "display name", "person"),
    "first_name": ("given name", "forename", "first"),
    "last_name": ("surname", "family name", "last"),
    "classification": ("job classification", "class", "class title", "job title", "title", "working title"),
    "career_track": ("track", "career path"),
    "branch": ("branch name",),
    "division": ("division name",),
    "unit": ("unit name", "section", "office"),
    "supervisor_email": (
        *("supervisor e mail", "supervisor mail", "supervisor mail address", "supervisor email address"),
        *("manager email", "manager e mail", "manager email address", "reports to", "reports to email"),
        *("supervisor s mail address", "supervisor s email", "supervisor", "manager"),
    ),
    "role": ("program role", "role in the program"),
}
SAMPLES = 3  # rows shown beside the columns


@dataclass(frozen=True)
class Head:
    """The headings of a table, and its first rows."""

    cells: list[str]
    samples: list[list[str]]

    def sample(self, place: int) -> str:
        """What stands in that column of the first rows that have something there."""
        found = [row[place] for row in self.samples if place < len(row) and row[place].strip()]
        return ", ".join(found)[:80]


def head_of(text: str) -> Head:
    """Raises FileRefused where the table is empty, or its headings cannot be told apart."""
    problems: list[Problem] = []
    lines = records(
        text, problems, most=text.count("\n") + text.count("\r") + 1, separator=separator_of(text)
    )
    first = next(lines, None)
    if first is None:
        raise refused(str(problems[0]) if problems else "The file is empty.")
    samples = [cells for _, (_, cells) in zip(range(SAMPLES), lines, strict=False)]
    return Head([cell.strip() for cell in first[1]], samples)


def guess(cells: Sequence[str]) -> dict[str, int]:
    """Our names, each with the place of the first column that is called like it."""
    headings = [re.sub(r"[^a-z0-9]+", " ", cell.lower()).strip() for cell in cells]
    found: dict[str, int] = {}
    for name, titles in KNOWN_AS.items():
        known = {*titles, name.replace("_", " ")}
        place = next((place for place, heading in enumerate(headings) if heading in known), None)
        if place is not None and place not in found.values():
            found[name] = place
    if "name" in found:
        for part in ("first_name", "last_name"):
            found.pop(part, None)
    return found
