from meetings.models.attention import Finding, Look
from meetings.models.calendars import BusyFeed, CalendarChoice, CalendarInvitation
from meetings.models.evaluations import (
    EvaluationAnswer,
    EvaluationClosing,
    EvaluationDraft,
    EvaluationReceipt,
    EvaluationReopening,
    Question,
)
from meetings.models.growth import ProjectText, SelfRating, SupervisorInput
from meetings.models.meetings import (
    Attendance,
    Facilitator,
    Meeting,
    MeetingChange,
    MeetingTeam,
    current_memberships,
)
from meetings.models.orders import LegalOrder
from meetings.models.resources import Resource
from meetings.models.space import Acceptance, ActionItem, HelpRequest, Need, Note, TeamKey
from meetings.models.visits import Visit
from meetings.models.waivers import Waiver

__all__ = [
    "Acceptance",
    "ActionItem",
    "Attendance",
    "BusyFeed",
    "CalendarChoice",
    "CalendarInvitation",
    "EvaluationAnswer",
    "EvaluationClosing",
    "EvaluationDraft",
    "EvaluationReceipt",
    "EvaluationReopening",
    "Facilitator",
    "Finding",
    "HelpRequest",
    "LegalOrder",
    "Look",
    "Meeting",
    "MeetingChange",
    "MeetingTeam",
    "Need",
    "Note",
    "ProjectText",
    "Question",
    "Resource",
    "SelfRating",
    "SupervisorInput",
    "TeamKey",
    "Visit",
    "Waiver",
    "current_memberships",
]
