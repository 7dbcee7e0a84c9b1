"""The attendance grid as a form: a choice for each mark, then a reason for each that changes."""

import json
from collections.abc import Iterator
from dataclasses import dataclass, field

from django.http import QueryDict

from coaching.models import Participant
from meetings import attendance
from meetings.grid import Cell, Grid
from meetings.models import Attendance, Meeting
from meetings.several import Change, Key

Status = Attendance.Status
LETTERS = {Status.PRESENT: "T", Status.REMOTE: "O", Status.ABSENT: "N", Status.EXCUSED: "E"}
LONGEST_REASON = 300


@dataclass(frozen=True)
class Choice:
    """One mark of the grid. `status`: as it stands; `value`: as it is to be; without choices it is only shown."""

    meeting: Meeting
    participant: Participant
    cell: Cell
    value: str
    choices: tuple[tuple[str, str, str], ...]

    @property
    def name(self) -> str:
        return f"{self.meeting.pk}-{self.participant.pk}"

    @property
    def status(self) -> str:
        return self.cell.row.status if self.cell.row else ""

    @property
    def is_changed(self) -> bool:
        return bool(self.choices) and self.value != self.status


@dataclass
class Line:
    """A mark that changes, with its reason, and what is wrong with it."""

    choice: Choice
    own: str
    common: str
    seen: str
    error: str = ""

    @property
    def reason(self) -> str:
        return (self.own or self.common)[:LONGEST_REASON]

    @property
    def change(self) -> Change:
        each = self.choice
        return Change(each.meeting, each.participant, each.value, self.reason, self.seen)

    @property
    def after(self) -> str:
        return str(Status(self.choice.value).label)


@dataclass
class GridForm:
    """What one page of teams shows and what of it was sent. A mark cannot be taken away here, only be another."""

    grids: list[Grid]
    sent: QueryDict
    ahead: set[int]  # meetings at which somebody can only be excused
    choices: dict[Key, Choice] = field(init=False)
    seen: dict[str, str] = field(init=False)

    def __post_init__(self) -> None:
        self.choices = {
            (meeting.pk, row.participant.pk): self._choice(meeting, row.participant, cell)
            for grid in self.grids
            for row in grid.rows
            for meeting, cell in zip(grid.meetings, row.cells, strict=True)
        }
        shown = {
            each.name: attendance.version_of(each.cell.row) for each in self.choices.values() if each.choices
        }
        self.seen = shown | {name: version for name, version in _seen(self.sent).items() if name in shown}

    def _choice(self, meeting: Meeting, participant: Participant, cell: Cell) -> Choice:
        status = cell.row.status if cell.row else ""
        known = [Status(status)] if status else []
        offered = {*known, Status.EXCUSED} if meeting.pk in self.ahead else set(Status)
        listed = [("", "–" if meeting.pk not in self.ahead else "·", "")] if not status else []
        listed += [(each.value, str(each.label), LETTERS[each]) for each in Status if each in offered]
        value = self.sent.get(f"{meeting.pk}-{participant.pk}", status)
        if value not in [value for value, *_ in listed]:
            value = status
        return Choice(meeting, participant, cell, value, tuple(listed) if cell.belongs else ())

    @property
    def rows(self) -> Iterator[tuple[Grid, list[tuple[Participant, str, list[Choice | None]]]]]:
        """Each mark once: whoever was in two teams that met together has it in the first."""
        left = dict(self.choices)
        for grid in self.grids:
            yield (
                grid,
                [
                    (
                        row.participant,
                        row.gone,
                        [left.pop((each.pk, row.participant.pk), None) for each in grid.meetings],
                    )
                    for row in grid.rows
                ],
            )

    @property
    def seen_text(self) -> str:
        return json.dumps(self.seen)

    def lines(self) -> list[Line]:
        """The marks that change, in the order of the page, each with its reason or that of all."""
        common = self.sent.get("reason", "").strip()
        return [
            Line(
                each,
                self.sent.get(f"reason-{each.name}", "").strip(),
                common,
                self.seen[each.name],
            )
            for each in self.choices.values()
            if each.is_changed
        ]


def _seen(sent: QueryDict) -> dict[str, str]:
    """The versions that the page showed; what is no such list counts as none."""
    try:
        found = json.loads(sent.get("seen", "{}"))
    except ValueError:
        return {}
    return {str(key): str(value) for key, value in found.items()} if isinstance(found, dict) else {}
