"""A staff file in the browser: uploaded, its columns chosen, looked at, imported. What takes long is a job.

The file lies in the database meanwhile: a job's arguments are keys alone.
"""

import hashlib
from collections.abc import Mapping
from dataclasses import asdict
from datetime import datetime, timedelta
from typing import Any

from django.db import transaction
from django.utils import timezone

from coaching import jobs, sheet_file, staff_columns, staff_file, staff_import, staff_reach
from coaching.csv_file import FileRefused
from coaching.errors import Refused
from coaching.jobs import Progress
from coaching.models import Job, StaffUpload, User

CHECK, IMPORT = "check_staff_file", "import_staff_file"
KEPT = timedelta(days=7)
STEPS = 2  # of a job: the file is read, and compared


class UploadRefused(Refused):
    pass


def keep(*, raw: bytes, file_name: str, by: User, now: datetime) -> StaffUpload:
    """Take in a file, with a guess at its columns: one row, and no transaction is held while a workbook is opened.

    Raises FileRefused where it is no table.
    """
    sheet = sheet_file.read(raw, most=2 * staff_columns.SAMPLES)
    head = staff_columns.head_of(sheet.text)
    return StaffUpload.objects.create(
        file_name=file_name[:200],
        content=raw,
        digest=hashlib.sha256(raw).hexdigest(),
        sheet=sheet.name[:100],
        head={**asdict(head), "others": sheet.others},
        columns=staff_columns.guess(head.cells),
        uploaded_by=by,
        uploaded_at=now,
    )


@transaction.atomic
def check(
    *,
    upload: StaffUpload,
    columns: Mapping[str, int],
    surname_first: bool,
    invite: bool,
    by: User,
    now: datetime,
) -> Job:
    """Ask for what the file would do, with these columns. While that is being worked out, another question changes nothing.

    Raises UploadRefused where it is imported already.
    """
    locked = _open(upload)
    if running := unfinished(locked):
        return running
    locked.columns, locked.surname_first, locked.invite = dict(columns), surname_first, invite
    locked.report, locked.problems, locked.checked_at = {}, [], None
    locked.save(update_fields=["columns", "surname_first", "invite", "report", "problems", "checked_at"])
    return jobs.start(kind=CHECK, key=str(locked.pk), by=by, now=now, arguments=_about(locked, by))


@transaction.atomic
def start_import(*, upload: StaffUpload, by: User, now: datetime) -> Job:
    """Ask for what was looked at to be written. Raises UploadRefused where nobody looked at it, or it is imported."""
    locked = _open(upload)
    if running := unfinished(locked):
        return running
    if not locked.report:
        raise UploadRefused("Look at what the file would do first.")
    return jobs.start(kind=IMPORT, key=str(locked.pk), by=by, now=now, arguments=_about(locked, by))


@transaction.atomic
def look_again(*, upload: StaffUpload) -> None:
    """What was found is forgotten, and the columns can be chosen anew. Raises UploadRefused as `put_away` does."""
    locked = _open(upload)
    if unfinished(locked):
        raise UploadRefused("The file is being worked on. Choose its columns afterwards.")
    locked.report, locked.problems, locked.checked_at = {}, [], None
    locked.save(update_fields=["report", "problems", "checked_at"])


@transaction.atomic
def put_away(*, upload: StaffUpload) -> None:
    """Nothing of the file is kept. Raises UploadRefused while it is being worked on, or once it is imported."""
    locked = _open(upload)
    if unfinished(locked):
        raise UploadRefused("The file is being worked on. Put it away afterwards.")
    locked.delete()


def _open(upload: StaffUpload) -> StaffUpload:
    locked = StaffUpload.objects.select_for_update().filter(pk=upload.pk).first()
    if locked is None:
        raise UploadRefused("The file was put away. Upload it again.")
    if locked.imported_at:
        raise UploadRefused("The file is imported already. Upload the next one.")
    return locked


def _about(upload: StaffUpload, by: User) -> dict[str, object]:
    return {"upload": upload.pk, "by": by.pk}


def last_job(upload: StaffUpload) -> Job | None:
    """The one that was asked for last about this file."""
    keys = [f"{kind}:{upload.pk}" for kind in (CHECK, IMPORT)]
    return Job.objects.filter(key__in=keys).order_by("-pk").first()


def unfinished(upload: StaffUpload) -> Job | None:
    job = last_job(upload)
    return job if job and job.status in (Job.Status.QUEUED, Job.Status.RUNNING) else None


def run_check(progress: Progress, *, upload: int, by: int) -> dict[str, object]:
    """What a worker runs: everything the import would do, taken back."""
    row, now = StaffUpload.objects.get(pk=upload), timezone.now()
    if row.imported_at:
        return {}
    report: dict[str, Any] = {}
    problems: list[dict[str, Any]] = []
    try:
        found = _import(progress, row, by, now, dry_run=True)
        report = {**asdict(found), "digest": found.digest()}
    except FileRefused as refusal:
        problems = [asdict(problem) for problem in refusal.problems]
    StaffUpload.objects.filter(pk=upload, imported_at=None).update(
        report=report, problems=problems, checked_at=now
    )
    return {}


def run_import(progress: Progress, *, upload: int, by: int) -> dict[str, object]:
    """What a worker runs; a second run finds that it is done. Nothing of the file is kept here then."""
    row, now = StaffUpload.objects.get(pk=upload), timezone.now()
    if row.imported_at:
        return {}
    again: dict[str, Any] = {"report": {}, "checked_at": None}
    try:
        _import(progress, row, by, now, dry_run=False)
    except staff_import.SomethingElseNow:
        StaffUpload.objects.filter(pk=upload).update(**again)
        raise
    except FileRefused as refusal:
        problems = [asdict(problem) for problem in refusal.problems]
        StaffUpload.objects.filter(pk=upload).update(**again | {"problems": problems, "checked_at": now})
        raise UploadRefused("Nothing was imported: the directory has changed since you looked.") from refusal
    return {}


def _import(
    progress: Progress, row: StaffUpload, by: int, now: datetime, *, dry_run: bool
) -> staff_import.Report:
    """Nothing is locked while the file is read."""
    person = User.objects.get(pk=by)
    reach = staff_reach.reach_of(person, on=timezone.localdate(now))
    if reach is None:
        raise UploadRefused("You may not bring people in any more.")
    progress.report(0, STEPS)
    text = sheet_file.read(bytes(row.content)).text
    staff = staff_file.parse(text, staff_file.Columns(row.columns, row.surname_first))
    staff.digest = row.digest
    progress.report(1, STEPS)
    with transaction.atomic():
        report = staff_import.import_staff(
            staff=staff,
            by=person,
            now=now,
            dry_run=dry_run,
            invite=row.invite,
            reach=reach,
            looked_at="" if dry_run else row.report["digest"],
        )
        if not dry_run:
            counts = {name: getattr(report, name) for name in ("added", "changed", "unchanged", "invited")}
            StaffUpload.objects.filter(pk=row.pk).update(
                content=b"", head={}, report={}, problems=[], imported_at=now, imported=counts
            )
    return report


def forget_old(*, now: datetime) -> int:
    """Files that nobody imported within a week; returns how many."""
    old = StaffUpload.objects.filter(imported_at=None, uploaded_at__lt=now - KEPT)
    return old.delete()[0]


def register() -> None:
    jobs.register(CHECK, run_check)
    jobs.register(IMPORT, run_import)
