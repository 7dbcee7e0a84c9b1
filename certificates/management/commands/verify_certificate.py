import hashlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import Error
from django.utils.timezone import localtime

from certificates import apart, file_answers, seal_check, status_list, verifying
from certificates.apart import Busy
from certificates.attached import Attached
from certificates.file_answers import sealed
from certificates.forms import FileForm
from certificates.seal_check import Check
from certificates.status_list import NotThisList
from certificates.templatetags.certificate_text import hours, iso_date, month_day_year

ENDED = {"superseded": "replaced by a newer one", "revoked": "revoked"}
NOT_ASKED = 2  # exit code: it is whole, and nobody was asked whether it stands
MOST_OF_A_LIST = 100_000_000  # bytes


class Command(BaseCommand):
    help = (
        "Say what a certificate's file certifies (exit 0), or why it certifies nothing (exit 1). Asks the register; with "
        "--root it asks nobody, and with --status-list it says how the file stood on the day of that list. Without a list, "
        "a file that is whole ends with exit code 2."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("file", type=Path, help="The PDF file.")
        parser.add_argument(
            "--root", type=Path, help="Root certificates (PEM), as published at /verify/roots.pem."
        )
        parser.add_argument(
            "--status-list", type=Path, help="The signed list, as published at /verify/status.p7m."
        )

    def handle(
        self, *args: Any, file: Path, root: Path | None, status_list: Path | None, **options: Any
    ) -> None:
        pdf = _read(file, FileForm.MOST_BYTES, "any certificate")
        if not seal_check.is_pdf(pdf):
            raise CommandError(f"{file} is no PDF file.")
        if root:
            self._verify_alone(pdf, root, status_list)
        elif status_list:
            raise CommandError("A status list is checked with its root certificate: name it with --root.")
        else:
            self._ask_the_register(pdf)

    def _ask_the_register(self, pdf: bytes) -> None:
        try:
            found = verifying.by_file(pdf)
        except Busy as refusal:
            raise CommandError(str(refusal)) from refusal
        except Error as problem:
            raise CommandError(
                "The register cannot be reached. With --root and --status-list a file is verified without it."
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

    def _verify_alone(self, pdf: bytes, root: Path, listed: Path | None) -> None:
        roots = [_read(root, FileForm.MOST_BYTES, "any root certificate")]
        try:
            looked = apart.look(pdf, roots)
        except Busy as refusal:
            raise CommandError(str(refusal)) from refusal
        found = looked.seal
        if not found.is_trusted:
            raise CommandError("\n".join([_not_trusted(found), *_says(looked.says, proven=False)]))
        told = [f"Its seal is whole. {sealed(found)}", f"Root certificate (SHA-256): {found.root}"]
        says = list(_says(looked.says, proven=True))
        if listed is None:
            told.append("Whether it still stands is not known: name a status list with --status-list.")
            raise CommandError("\n".join([*told, *says]), returncode=NOT_ASKED)
        stands, how = _standing(pdf, found, _read(listed, MOST_OF_A_LIST, "any status list"), roots)
        if not stands:
            raise CommandError("\n".join([*told, how, *says]))
        self.stdout.write("\n".join([*told, how, *says]))


def _read(path: Path, most: int, than: str) -> bytes:
    try:
        with path.open("rb") as opened:
            found = opened.read(most + 1)
    except OSError as error:
        raise CommandError(f"Cannot read {path}: {error.strerror}.") from error
    if len(found) > most:
        raise CommandError(f"{path} is larger than {than}.")
    return found


def _not_trusted(found: Check) -> str:
    if not found.whole:
        return f"It certifies nothing. {found.why}"
    return (
        f"It certifies nothing that can be relied on. {sealed(found)} The seal is whole, but none of these root "
        "certificates vouches for it."
    )


def _standing(pdf: bytes, found: Check, signed: bytes, roots: list[bytes]) -> tuple[bool, str]:
    """Whether it stood, and in words."""
    try:
        listed = status_list.read(signed, roots)
    except NotThisList as refusal:
        raise CommandError(str(refusal)) from refusal
    day = f"{month_day_year(localtime(listed.made_at))}, {localtime(listed.made_at):%H:%M %Z}"
    of = f"the list that “{listed.publisher}” signed on {day}"
    state = listed.states.get(hashlib.sha256(pdf).hexdigest())
    if state is None:
        if found.sealed_at and found.sealed_at > listed.made_at:
            return False, f"It is newer than {of}. Take a newer list."
        return False, f"It is not in {of}: it was never issued, or is of somebody else."
    if state == "valid":
        return True, f"It stood by {of}."
    return False, f"It no longer stands: by {of} it was {ENDED.get(state, 'ended')}."


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
    yield f"Peer coaching: {hours(claims['hours'])}"
    yield f"Competencies: {'; '.join(claims['competencies'])}"
    by_hand = ", by hand on the printed certificate" if claims.get("signed_by_hand") else ""
    yield f"Signed: {claims['signatory_name']}, {claims['signatory_title']}{by_hand}"
    if claims["approved_by"]:
        yield f"Approved by: {claims['approved_by']}"
    yield f"Issued: {iso_date(claims['issued_date'])}"
