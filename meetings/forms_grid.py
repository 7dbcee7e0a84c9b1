"""The attendance grid as a form: a choice for each mark, then a reason for each that changes."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from django.http import QueryDict

from coaching.models import Participant
from meetings import attendance
from meetings.grid import Cell, Grid
from meetings.models import Attendance, Meeting
from meetings.several_marks import Change, Key

Status = Attendance.Status
Shown = tuple[str, str]  # the version and the status of a mark, as a page showed it
LETTERS = {Status.PRESENT: "T", Status.REMOTE: "O", Status.ABSENT: "N", Status.EXCUSED: "E"}
LONGEST_REASON = 300


@dataclass(frozen=True)
class Choice:
    """One mark of the grid. `status`: as it stands; `seen`: as the page showed it; `value`: as it is to be.

    Without choices it is only shown.
    """

    meeting: Meeting
    participant: Participant
    cell: Cell
    seen: Shown
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
        """A browser sends every mark: what was not touched is as it was shown, whatever stands by now."""
        return bool(self.choices) and self.value not in (self.status, self.seen[1])


@dataclass
class Line:
    """A mark that changes, with its reason, and what is wrong with it."""

    choice: Choice
    own: str
    common: str
    version: str
    error: str = ""

    @property
    def reason(self) -> str:
        return (self.own or self.common)[:LONGEST_REASON]

    @property
    def change(self) -> Change:
        each = self.choice
        return Change(each.meeting, each.participant, each.value, self.reason, self.version)

    @property
    def shown(self) -> Shown:
        """For the next page: of what stands by now, its version alone; the choice stays a choice."""
        return self.version, self.choice.seen[1]

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

    def __post_init__(self) -> None:
        seen = _seen(self.sent)
        self.choices = {
            (meeting.pk, row.participant.pk): self._choice(meeting, row.participant, cell, seen)
            for grid in self.grids
            for row in grid.rows
            for meeting, cell in zip(grid.meetings, row.cells, strict=True)
        }

    def _choice(
        self, meeting: Meeting, participant: Participant, cell: Cell, seen: Mapping[str, Shown]
    ) -> Choice:
        name = f"{meeting.pk}-{participant.pk}"
        status = cell.row.status if cell.row else ""
        stands = attendance.version_of(cell.row), status
        known = [Status(status)] if status else []
        offered = {*known, Status.EXCUSED} if meeting.pk in self.ahead else set(Status)
        listed = [("", "–" if meeting.pk not in self.ahead else "·", "")] if not status else []
        listed += [(each.value, str(each.label), LETTERS[each]) for each in Status if each in offered]
        shown, value = seen.get(name, stands), self.sent.get(name, status)
        if value == shown[1] or value not in [value for value, *_ in listed]:
            shown, value = stands, status
        return Choice(meeting, participant, cell, shown, value, tuple(listed) if cell.belongs else ())

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
        return json.dumps({each.name: each.seen for each in self.choices.values() if each.choices})

    def lines(self) -> list[Line]:
        """The marks that change, in the order of the page, each with its reason or that of all."""
        common = self.sent.get("reason", "").strip()
        return [
            Line(
                each,
                self.sent.get(f"reason-{each.name}", "").strip(),
                common,
                each.seen[0],
            )
            for each in self.choices.values()
            if each.is_changed
        ]


def _seen(sent: QueryDict) -> dict[str, Shown]:
    """What the page showed, by name; what is no such list counts as none."""
    try:
        found = json.loads(sent.get("seen", "{}"))
    except (ValueError, RecursionError):
        return {}
    pairs = found.items() if isinstance(found, dict) else ()
    return {
        name: (str(each[0]), str(each[1]))
        for name, each in pairs
        if isinstance(each, list) and len(each) == 2
    }
