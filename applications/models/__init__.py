from applications.models.application import (
    Application,
    ApplicationQuerySet,
    Decision,
    Rating,
    ReviewStep,
)
from applications.models.assigned import Assigned
from applications.models.project_change import ProjectChange

__all__ = [
    "Application",
    "ApplicationQuerySet",
    "Assigned",
    "Decision",
    "ProjectChange",
    "Rating",
    "ReviewStep",
]
