from meetings.models.evaluations import (
    EvaluationAnswer,
    EvaluationClosing,
    EvaluationDraft,
    EvaluationReceipt,
    Question,
)
from meetings.models.meetings import (
    Attendance,
    CalendarFeed,
    Facilitator,
    Meeting,
    MeetingChange,
    MeetingTeam,
    current_memberships,
)

__all__ = [
    "Attendance",
    "CalendarFeed",
    "EvaluationAnswer",
    "EvaluationClosing",
    "EvaluationDraft",
    "EvaluationReceipt",
    "Facilitator",
    "Meeting",
    "MeetingChange",
    "MeetingTeam",
    "Question",
    "current_memberships",
]
