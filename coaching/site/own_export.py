"""The file with everything about one person: asked for by them, made beside the pages, read by them alone, gone in a week.

It holds what lies encrypted elsewhere, so it lies encrypted itself, with NOTES_KEY.
"""

import io
from datetime import datetime, timedelta
from zipfile import ZIP_DEFLATED, ZipFile

from cryptography.fernet import InvalidToken
from django.conf import settings
from django.db import transaction
from django.template.loader import render_to_string
from django.utils import timezone

from coaching import audit, jobs, spreadsheet
from coaching.errors import Refused
from coaching.models import Job, PersonExport, User
from coaching.site import own_data
from coaching.site.own_data import Chapter
from meetings import vault

KIND = "person_export"
KEPT = timedelta(days=7)


class NotReady(Refused):
    pass


@transaction.atomic
def ask(*, by: User, now: datetime) -> Job:
    """Everything as it is now; an earlier one of theirs is gone. While one is being made, that one is returned."""
    User.objects.select_for_update().get(pk=by.pk)
    if (job := last(by)) and job.finished_at is None:
        return job
    PersonExport.objects.filter(person=by).delete()
    row = PersonExport.objects.create(person=by, asked_at=now)
    audit.record("person_export.asked", by=by, obj=by, now=now)
    return jobs.start(kind=KIND, key=str(by.pk), by=by, now=now, arguments={"export": row.pk})


def last(user: User) -> Job | None:
    return jobs.latest(kind=KIND, key=str(user.pk))


def ready(user: User, *, now: datetime) -> PersonExport | None:
    return PersonExport.objects.filter(person=user, expires_at__gt=now).defer("ciphertext").first()


def make(progress: jobs.Progress, *, export: int) -> dict[str, object]:
    """What a worker runs; a second run makes it anew."""
    row = PersonExport.objects.select_related("person").filter(pk=export).first()
    if row is None:  # another was asked for meanwhile
        return {}
    user = User.objects.select_related("unit", "supervisor", "classification").get(pk=row.person_id)
    total, found = own_data.number(user), []
    for chapter in own_data.chapters(user):
        found.append(chapter)
        progress.report(min(len(found), total), total)
    now = timezone.now()
    content = vault.of_the_site().encrypt(_name(row) + zipped(user, found, now))
    PersonExport.objects.filter(pk=row.pk).update(ciphertext=content, made_at=now, expires_at=now + KEPT)
    return {}


def zipped(user: User, chapters: list[Chapter], now: datetime) -> bytes:
    """One page that leads to all, a page for each chapter, a file for each table, and the files themselves."""
    chapters = [each for each in chapters if not each.is_empty]
    about = {"person": user, "made_at": now, "site_name": settings.SITE_NAME, "chapters": chapters}
    file = io.BytesIO()
    with ZipFile(file, "w", ZIP_DEFLATED) as bundle:
        bundle.writestr("index.html", render_to_string("own_data/index.html", about))
        bundle.writestr("style.css", render_to_string("own_data/style.css"))
        for each in chapters:
            tables = [(table, f"{each.name}-{place}.csv") for place, table in enumerate(each.tables, start=1)]
            page = render_to_string("own_data/chapter.html", about | {"chapter": each, "tables": tables})
            bundle.writestr(f"{each.name}.html", page)
            for table, name in tables:
                lines = spreadsheet.lines(table.header, table.rows)
                bundle.writestr(f"tables/{name}", spreadsheet.MARK + "".join(lines))
            for name, content in each.files:
                bundle.writestr(f"files/{name}", content)
    return file.getvalue()


@transaction.atomic
def take(*, by: User, now: datetime) -> bytes:
    """The ZIP; that it was taken is on record. Raises NotReady."""
    row = PersonExport.objects.select_for_update().filter(person=by, expires_at__gt=now).first()
    if row is None:
        raise NotReady("The file is there no longer. Ask for it again.")
    try:
        content = vault.of_the_site().decrypt(bytes(row.ciphertext or b""))
    except InvalidToken as error:
        raise NotReady("The file cannot be opened any more. Ask for it again.") from error
    if not content.startswith(_name(row)):
        raise NotReady("The file is not yours. Ask for it again.")
    audit.record("person_export.taken", by=by, obj=by, now=now)
    return content.removeprefix(_name(row))


def _name(row: PersonExport) -> bytes:
    """Stands before the content, so that nobody can put a file into another row unseen."""
    return f"export {row.pk} of {row.person_id}\n".encode()


def forget_old(*, now: datetime) -> int:
    return PersonExport.objects.filter(expires_at__lte=now).delete()[0]


def register() -> None:
    jobs.register(KIND, make)
