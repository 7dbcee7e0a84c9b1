"""Everything the program has about one person: theirs, whole, readable, and nothing of what others wrote for each other."""

import csv
import io
import re
from collections.abc import Iterator
from datetime import timedelta
from zipfile import ZipFile

import pytest
import time_machine
from django.db import transaction
from django.urls import reverse

from certificates.models import CertificateFile
from coaching import audit, jobs
from coaching.models import AuditEvent, Job, Message, PersonExport, User
from coaching.site import merging, own_export
from meetings.models import HelpRequest
from tests import factories
from tests import world as worlds
from tests.clock import NOW
from tests.world import World

pytestmark = pytest.mark.django_db


@pytest.fixture(scope="module")
def world(django_db_setup, django_db_blocker) -> Iterator[World]:
    with django_db_blocker.unblock(), time_machine.travel(NOW, tick=False), transaction.atomic():
        yield worlds.build()
        transaction.set_rollback(True)


@pytest.fixture(autouse=True)
def _clock(frozen) -> None:
    pass


def made_for(user: User) -> ZipFile:
    job = own_export.ask(by=user, now=NOW)
    jobs.run(job.pk)
    return ZipFile(io.BytesIO(own_export.take(by=user, now=NOW)))


def said_in(bundle: ZipFile) -> str:
    return "\n".join(bundle.read(name).decode("utf-8", "replace") for name in bundle.namelist())


def table(bundle: ZipFile, title: str) -> list[list[str]]:
    """By the caption that leads to it."""
    pages = "".join(bundle.read(name).decode() for name in bundle.namelist() if name.endswith(".html"))
    (name,) = re.findall(rf"<caption>{title} \(<a href=\"(tables/[^\"]+)\">", pages)
    return list(csv.reader(io.StringIO(bundle.read(name).decode("utf-8-sig"))))


@pytest.mark.parametrize(
    "role", ["member", "applicant", "graduate", "supervisor", "deputy", "branch_officer", "asked"]
)
def test_nothing_that_they_may_not_read(role, world):
    user = world.cast[role]
    said = said_in(made_for(user))
    assert user.email in said
    assert {text for text in world.secrets if text in said and user not in world.secrets[text]} == set()


def test_what_they_wrote_is_in_it(world):
    said = said_in(made_for(world.cast["member"]))
    for words in ("status", "advice", "use", "task", "milestone", "need", "answer"):
        assert re.search(rf"SECRET {words} \d+\.", said), words
    assert "SECRET question" in said


def test_an_application_with_its_text_and_signatures(world):
    """Of somebody whose application was decided on."""
    user = User.objects.get(name="Four Applicant", email__contains="four")
    bundle = made_for(user)
    application = user.applications.get()
    page = bundle.read(f"application-{application.pk}.html").decode()
    assert application.current_text.digest in page
    signed = table(bundle, r"Signatures under the text of [^(]+")
    assert [row[1].partition(",")[0] for row in signed[1:]] == [
        *("Applicant", "Supervisor", "Division Director", "Branch Deputy"),
    ]
    assert table(bundle, "What was decided")[1][1] == "Accepted"


def test_attendance_mail_trail_and_certificate(world):
    bundle = made_for(world.cast["graduate"])
    assert len(table(bundle, "Attendance")) == 9
    (file,) = CertificateFile.objects.filter(certificate__participant__user=world.cast["graduate"])
    assert bundle.read(f"files/{file.certificate.serial}.pdf") == bytes(file.pdf)
    assert "participant.enrolled" in {row[2] for row in table(bundle, "Events")}
    own = made_for(world.cast["member"])
    assert len(table(own, "Mail")) == 1 + world.cast["member"].messages.count()


def test_details_of_the_trail_are_those_of_their_acts_on_what_is_theirs(world):
    """What somebody wrote of others for an office stays out."""
    officer, member = world.cast["branch_officer"], world.cast["member"]
    mine = member.participations.get()
    audit.record("x.of_another", by=officer, obj=mine, now=NOW, data={"why": "He was late."})
    audit.record("x.of_my_own", by=officer, obj=officer, now=NOW, data={"why": "I moved."})
    told = {row[2]: row[5] for row in table(made_for(officer), "Events")}
    assert (told["x.of_another"], told["x.of_my_own"]) == ("", "{'why': 'I moved.'}")
    assert {row[2]: row[5] for row in table(made_for(member), "Events")}["x.of_another"] == ""


def test_what_was_recorded_with_an_account_that_was_merged_is_in_it(world):
    earlier, user = world.cast["asked"], factories.person("Abe Asked")
    audit.record("x.of_my_own", by=earlier, obj=earlier, now=NOW, data={"why": "I moved."})
    HelpRequest.objects.update(asked_by=earlier)
    merging.merge(keep=user, drop=earlier, reason="Married.", by=world.cast["administrator"], now=NOW)
    Message.objects.filter(recipient=user).update(recipient=earlier)
    bundle = made_for(user)
    assert ("x.of_my_own", "{'why': 'I moved.'}") in {(row[2], row[5]) for row in table(bundle, "Events")}
    assert len(table(bundle, "Requests for help")) == 1 + HelpRequest.objects.count()
    assert len(table(bundle, "Mail")) == 1 + Message.objects.filter(recipient__in=[earlier, user]).count()


def test_every_link_of_it_leads_to_a_file_in_it(world):
    bundle = made_for(world.cast["member"])
    pages = [name for name in bundle.namelist() if name.endswith(".html")]
    links = {link for name in pages for link in re.findall(r'href="([^"]+)"', bundle.read(name).decode())}
    assert links <= set(bundle.namelist())
    assert set(bundle.namelist()) <= links | {"index.html"}


class TestTheFile:
    def test_lies_encrypted_and_is_gone_in_a_week(self, world):
        made_for(world.cast["member"])
        row = PersonExport.objects.get(person=world.cast["member"])
        assert world.cast["member"].name.encode() not in bytes(row.ciphertext)
        assert bytes(row.ciphertext)[:2] != b"PK"
        later = NOW + timedelta(days=7)
        with pytest.raises(own_export.NotReady):
            own_export.take(by=world.cast["member"], now=later)
        assert own_export.forget_old(now=later - timedelta(seconds=1)) == 0
        assert own_export.forget_old(now=later) == 1

    def test_put_into_another_row_is_not_handed_out(self, world):
        made_for(world.cast["member"])
        made_for(world.cast["asked"])
        mine = PersonExport.objects.get(person=world.cast["member"])
        PersonExport.objects.filter(person=world.cast["asked"]).update(ciphertext=bytes(mine.ciphertext))
        with pytest.raises(own_export.NotReady):
            own_export.take(by=world.cast["asked"], now=NOW)

    def test_asked_for_twice_is_made_once_and_both_acts_are_on_record(self, world):
        user = world.cast["asked"]
        job = own_export.ask(by=user, now=NOW)
        assert own_export.ask(by=user, now=NOW) == job
        assert job.arguments == {"export": PersonExport.objects.get(person=user).pk}
        jobs.run(job.pk)
        assert Job.objects.get(pk=job.pk).result == {}
        own_export.take(by=user, now=NOW)
        own_export.ask(by=user, now=NOW)
        acts = AuditEvent.objects.filter(actor=user, action__startswith="person_export")
        assert list(acts.values_list("action", flat=True)) == [
            "person_export.asked",
            "person_export.taken",
            "person_export.asked",
        ]

    def test_on_the_pages(self, world, client):
        user = world.cast["asked"]
        user.set_password("a-password-of-tests")
        user.save()
        client.force_login(user)  # who knows when
        assert b"Make the file" in client.get(reverse("own_data")).content
        assert reverse("account_reauthenticate") in client.post(reverse("own_data_ask"))["Location"]
        assert not PersonExport.objects.filter(person=user).exists()
        client.logout()
        client.post(reverse("account_login"), {"login": user.email, "password": "a-password-of-tests"})
        assert client.post(reverse("own_data_ask"))["Location"] == reverse("own_data")
        assert b"Your file is being made" in client.get(reverse("own_data")).content
        jobs.run(Job.objects.get(kind=own_export.KIND).pk)
        assert b"Download it" in client.get(reverse("own_data")).content
        answer = client.post(reverse("own_data_file"))
        assert answer["Content-Disposition"] == 'attachment; filename="everything-about-me.zip"'
        assert "index.html" in ZipFile(io.BytesIO(answer.content)).namelist()
