import hashlib
from argparse import ArgumentTypeError
from collections.abc import Iterator
from datetime import date, datetime
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import Error
from django.utils.timezone import localdate, localtime

from certificates import apart, file_answers, seal_check, status_list, verifying
from certificates.apart import Busy
from certificates.attached import Attached
from certificates.file_answers import sealed
from certificates.forms import FileForm
from certificates.seal_check import Check, Published
from certificates.status_list import NotThisList, Read
from certificates.templatetags.certificate_text import hours, iso_date, month_day_year

ENDED = {"superseded": "replaced by a newer one", "revoked": "revoked"}
NOT_KNOWN = 2  # exit code: it is whole and ours, and whether it stands is not known
MOST_OF_A_LIST = 100_000_000  # bytes


def _day(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError as problem:
        raise ArgumentTypeError("write the day as 2027-10-05") from problem


class Command(BaseCommand):
    help = (
        "Say what a certificate's file certifies (exit 0), or why it certifies nothing (exit 1). Asks the register; with "
        "--seals it asks nobody, and with --status-list it says how the file stands by that list. Without a list, or with "
        "one that does not speak of the day, a file that is whole ends with exit code 2."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("file", type=Path, help="The PDF file.")
        parser.add_argument("--seals", type=Path, help="The seals (PEM), as published at /verify/seals.pem.")
        parser.add_argument(
            "--status-list", type=Path, help="The signed list, as published at /verify/status.p7m."
        )
        parser.add_argument(
            "--as-of",
            type=_day,
            help="The day that is asked about, for a list of an archive; default: today.",
        )

    def handle(
        self,
        *args: Any,
        file: Path,
        seals: Path | None,
        status_list: Path | None,
        as_of: date | None,
        **options: Any,
    ) -> None:
        pdf = _read(file, FileForm.MOST_BYTES, "any certificate")
        if not seal_check.is_pdf(pdf):
            raise CommandError(f"{file} is no PDF file.")
        if as_of and not status_list:
            raise CommandError("A day is looked up in a status list: name it with --status-list.")
        try:
            if seals:
                self._verify_alone(pdf, _published(seals), status_list, as_of or localdate())
            elif status_list:
                raise CommandError("A status list is checked with the seals: name them with --seals.")
            else:
                self._ask_the_register(pdf)
        except (Busy, NotThisList) as refusal:
            raise CommandError(str(refusal)) from refusal

    def _ask_the_register(self, pdf: bytes) -> None:
        try:
            found = verifying.by_file(pdf)
        except Error as problem:
            raise CommandError(
                "The register cannot be reached. With --seals and --status-list a file is verified without it."
            ) from problem
        told = [f"{file_answers.heading(found)}. {file_answers.lead(found)}"]
        told += [
            f"{answer.question} {'Yes' if answer.yes else 'No'}. {answer.why}"
            for answer in file_answers.answers(found)
        ]
        told += _says(found.says, proven=found.verdict.certificate is not None)
        if not found.verdict.stands:
            raise CommandError("\n".join(told))
        self.stdout.write("\n".join(told))

    def _verify_alone(self, pdf: bytes, ours: Published, path: Path | None, day: date) -> None:
        listed = status_list.read(_read(path, MOST_OF_A_LIST, "any status list"), ours) if path else None
        state = listed.states.get(hashlib.sha256(pdf).hexdigest()) if listed else None
        looked = apart.look(pdf, ours.roots)
        found = looked.seal
        is_ours = found.is_trusted and found.seal in ours.seals
        if not found.whole or not (is_ours or state):
            lost_at = listed.lost.get(found.seal) if listed else None
            raise CommandError("\n".join([_not_trusted(found, lost_at), *_says(looked.says, proven=False)]))
        told = [f"Its seal is whole. {sealed(found)}", f"Seal (SHA-256): {found.seal}"]
        code, how = _standing(found, listed, state, day)
        told = [*told, how, *_says(looked.says, proven=True)]
        if code:
            raise CommandError("\n".join(told), returncode=code)
        self.stdout.write("\n".join(told))


def _published(path: Path) -> Published:
    pem = _read(path, FileForm.MOST_BYTES, "any file of seals")
    try:
        return seal_check.published(pem)
    except ValueError as problem:
        raise CommandError(f"{path} {_instead(pem)}") from problem


def _instead(pem: bytes) -> str:
    """What a file is in which there is no seal, and what to do."""
    if b"-----BEGIN CERTIFICATE-----" in pem:
        return (
            "has certificates in it, and none of them is that of a seal: it is that of the roots, perhaps. Take the file of "
            "the seals, which is published at /verify/seals.pem."
        )
    if b"lost to somebody else" in pem:
        return (
            "names seals that were lost to somebody else, and no other one. Take it again from /verify/seals.pem when the "
            "department has its next seal; until then the page /verify/ tells how a certificate stands."
        )
    return "is another file than that of the seals, or there is no seal in it. Take it anew from /verify/seals.pem."


def _read(path: Path, most: int, than: str) -> bytes:
    try:
        with path.open("rb") as opened:
            found = opened.read(most + 1)
    except OSError as error:
        raise CommandError(f"Cannot read {path}: {error.strerror}.") from error
    if len(found) > most:
        raise CommandError(f"{path} is larger than {than}.")
    return found


def _not_trusted(found: Check, lost_at: datetime | None) -> str:
    if not found.whole:
        return f"It certifies nothing. {found.why}"
    if lost_at:
        day = month_day_year(localtime(lost_at))
        why = f"its key was lost to somebody else on {day}, and the list does not name this file"
    else:
        why = "it is none of these seals, or it was put on outside the time of its certificate"
    return f"It certifies nothing that can be relied on. {sealed(found)} The seal is whole, but {why}."


def _standing(found: Check, listed: Read | None, state: str | None, day: date) -> tuple[int, str]:
    """The exit code, and how it stands in words."""
    if listed is None:
        return NOT_KNOWN, "Whether it still stands is not known: name a status list with --status-list."
    made = f"{month_day_year(localtime(listed.made_at))}, {localtime(listed.made_at):%H:%M %Z}"
    of = f"the list that “{listed.publisher}” signed on {made}"
    if state is None:
        if found.sealed_at and found.sealed_at > listed.made_at:
            return 1, f"It is newer than {of}. Take a newer list."
        return 1, f"It is not in {of}: it was never issued, or is of somebody else."
    if state != "valid":
        return 1, f"It no longer stands: by {of} it was {ENDED.get(state, 'ended')}."
    if not listed.speaks_of(day):
        until = month_day_year(localtime(listed.good_until))
        return NOT_KNOWN, (
            f"It stood by {of}, which is good until {until}. Whether it stands on {month_day_year(day)} is not known: "
            "take a newer list, or ask about a day of that list with --as-of."
        )
    return 0, f"It stands by {of}."


def _says(says: Attached | None, *, proven: bool) -> Iterator[str]:
    """The claims, a line each."""
    if says is None:
        yield "The file says nothing of itself that could be read."
        return
    if not proven:
        yield "It says of itself, and nothing of it is proven:"
    claims = says.claims
    yield f"Number: {says.serial}"
    yield f"Name: {claims['name']}"
    yield f"Program: {claims['program']}, {claims['cohort']}"
    yield f"Given by: {claims['department']}, {claims['branch']}"
    yield f"Dates: {iso_date(claims['start_date'])} to {iso_date(claims['end_date'])}"
    yield f"Meetings: {hours(claims['hours'])}"
    yield f"Competencies: {'; '.join(claims['competencies'])}"
    by_hand = ", by hand on the printed certificate" if claims.get("signed_by_hand") else ""
    yield f"Signed: {claims['signatory_name']}, {claims['signatory_title']}{by_hand}"
    if claims["approved_by"]:
        yield f"Approved by: {claims['approved_by']}"
    yield f"Issued: {iso_date(claims['issued_date'])}"
