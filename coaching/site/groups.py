"""Rights in the administration with the least each task needs: groups, which `init_program` makes and keeps.

Whoever has all rights puts administrators into them. A right that is taken from a group by hand comes back with the next
`init_program`; one that a department gives it beside these stays.
"""

from collections.abc import Iterable

from django.apps import apps
from django.contrib.auth.management import create_permissions
from django.contrib.auth.models import Group, Permission
from django.db import transaction

SEE = ("view",)
KEEP = ("view", "add", "change")
DIRECTORY = ("user", "orgunit", "jobclassification", "careertrack", "directorycorrection")
OFFICES = ("roleassignment", "delegation")
PROGRAM = (
    "competencymodel",
    "competency",
    "competencyskill",
    "program",
    "curriculumitem",
    "routestep",
    "requirement",
)
MAIL_AND_JOBS = ("message", "job", "staffupload")
TRAIL = ("auditevent", "auditlink", "auditpayload", "signedtext", "signoff", "esignconsent", "scan")
WORK = (
    "cohort",
    "participant",
    "goal",
    "competencyrating",
    "team",
    "membership",
    "teamproposal",
    "teamchange",
    "consent",
)


def _of(app: str, models: Iterable[str], actions: Iterable[str]) -> set[tuple[str, str]]:
    return {(app, f"{action}_{model}") for model in models for action in actions}


def _seen(app: str) -> set[tuple[str, str]]:
    """Everything of an app that the administration shows: it hides the rest itself."""
    return {(app, f"view_{model._meta.model_name}") for model in apps.get_app_config(app).get_models()}


GROUPS: dict[str, set[tuple[str, str]]] = {
    "Keepers of the directory": _of("coaching", DIRECTORY, KEEP)
    | _of("coaching", OFFICES, SEE)
    | _of("coaching", MAIL_AND_JOBS, SEE),
    "Keepers of offices": _of("coaching", OFFICES, KEEP)
    | _of("coaching", ("user", "orgunit"), SEE)
    | {("coaching", "change_orgunit")},
    "Keepers of accounts": _of("coaching", ("user", "orgunit", *OFFICES, "message"), SEE)
    | {("coaching", "change_user"), ("coaching", "merge_people")},
    "Keepers of the program": _of("coaching", PROGRAM, KEEP)
    | _of("coaching", ("closedday",), (*KEEP, "delete"))
    | _of("meetings", ("question",), KEEP)
    | _of("coaching", ("orgunit", "cohort"), SEE),
    "Readers of applications and teams": _of("coaching", ("user", "orgunit", *WORK), SEE)
    | _seen("applications")
    | _seen("meetings")
    | _seen("certificates"),
    "Readers of the audit trail": _of("coaching", (*TRAIL, "user"), SEE),
    "Keepers of records": _of("coaching", ("retentionrun", "retentionterm", "legalhold"), SEE)
    | {("coaching", "change_retentionrun")},
    "Keepers of the seal": _of("certificates", ("sealcertificate",), ("view", "change"))
    | _of("certificates", ("statuslist", "certificate", "batch", "batchentry"), SEE),
}


@transaction.atomic
def load() -> list[Group]:
    """Create what is missing and give each group its rights; what else was given stays. Safe to run again."""
    for app in {app for rights in GROUPS.values() for app, _ in rights}:
        create_permissions(apps.get_app_config(app), verbosity=0)
    known = {
        (each.content_type.app_label, each.codename): each
        for each in Permission.objects.select_related("content_type")
    }
    found = []
    for name, rights in GROUPS.items():
        group, _ = Group.objects.get_or_create(name=name)
        group.permissions.add(*(known[right] for right in sorted(rights)))
        found.append(group)
    return found
