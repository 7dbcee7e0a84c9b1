from applications.models.application import (
    Application,
    ApplicationQuerySet,
    Rating,
)
from applications.models.assigned import Assigned
from applications.models.draft_share import DraftShare
from applications.models.project_change import ProjectChange
from applications.models.reminder import Reminder
from applications.models.review_step import ReviewStep, ReviewStepQuerySet
from applications.models.selection import Choice, Decision, Outcome, Recommendation, Release, SeatOffer

__all__ = [
    "Application",
    "ApplicationQuerySet",
    "Assigned",
    "Choice",
    "Decision",
    "DraftShare",
    "Outcome",
    "ProjectChange",
    "Rating",
    "Recommendation",
    "Release",
    "Reminder",
    "ReviewStep",
    "ReviewStepQuerySet",
    "SeatOffer",
]
