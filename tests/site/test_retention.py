"""At the end of their term records lose words and names; totals, the trail and certificates stay as they were."""

import json
from collections import Counter
from collections.abc import Iterator
from datetime import date, datetime, timedelta
from io import StringIO

import pytest
import time_machine
from django.apps import apps
from django.core.management import call_command
from django.db import models, transaction
from django.forms import modelform_factory
from django.urls import reverse

from applications.models import Application
from certificates import verifying
from certificates.models import Certificate, CertificateFile, HolderName
from coaching import erasing, holds, jobs
from coaching.admin.programs import ProgramAdmin
from coaching.models import ERASED, Cohort, Participant, Program, RetentionRun, Series, SignedText, User
from coaching.site import records_due, retention
from meetings import due as meetings_due
from meetings import notes, orders, totals
from meetings.models import LegalOrder, Note
from tests import world as worlds
from tests.clock import NOW
from tests.site.addresses import ADDRESSES
from tests.site.runs import LATER, shown, start, work
from tests.site.sweeping import ask, path_of, signed_in, things_of
from tests.world import World

pytestmark = pytest.mark.django_db
APPS = ("coaching", "applications", "meetings", "certificates")
LIBRARIES = ("admin", "account", "mfa", "socialaccount")
# These are closed before the run; the others are in the directory still.
LEFT = ("member", "applicant", "former_member", "graduate", "asked")


@pytest.fixture(scope="module")
def built(django_db_setup, django_db_blocker) -> Iterator[World]:
    with django_db_blocker.unblock(), time_machine.travel(NOW, tick=False), transaction.atomic():
        made = worlds.build()
        orders.close(order=LegalOrder.objects.get(), by=made.cast["administrator"], now=NOW)
        yield made
        transaction.set_rollback(True)


@pytest.fixture(scope="class")
def world(built, django_db_blocker) -> Iterator[World]:
    """After a run, fourteen years on; with what was counted before it."""
    with django_db_blocker.unblock(), time_machine.travel(LATER, tick=False), transaction.atomic():
        holds.lift(hold=built_hold(built), reason="Settled.", by=built.cast["administrator"], now=LATER)
        User.objects.filter(pk__in=[built.cast[role].pk for role in LEFT]).update(is_active=False)
        built.before = figures(), verdicts(), evaluated()
        built.run = work(start(built.cast["administrator"]))
        yield built
        transaction.set_rollback(True)


def built_hold(world: World):
    return holds.LegalHold.objects.get(**world.things["hold"]["ours"].keys)


def is_words(field: models.Field) -> bool:
    texts = (models.CharField, models.TextField, models.JSONField, models.BinaryField)
    return isinstance(field, texts) and not field.choices


def every_text() -> Iterator[tuple[str, str]]:
    """Of each field that can hold words: where it is, and all that stands there."""
    for label in (*APPS, *LIBRARIES):
        for model in apps.get_app_config(label).get_models():
            for field in filter(is_words, model._meta.concrete_fields):
                for value in model.objects.values_list(field.name, flat=True):
                    is_bytes = isinstance(value, memoryview | bytes)
                    said = bytes(value).decode("utf-8", "replace") if is_bytes else str(value)
                    yield f"{model._meta.label}.{field.name}", said.lower()


# The series of certificates, which is kept for good.
PERMANENT = {
    "certificates.BatchEntry.name",
    "certificates.Certificate.claims",
    "certificates.CertificateFile.pdf",
    "coaching.SignedText.text",
}


def figures() -> dict[str, Counter]:
    """All that can be counted: of each model its rows, by everything but words, people and the day they were erased."""
    found = {}
    for label in APPS:
        for model in apps.get_app_config(label).get_models():
            names = [
                field.attname
                for field in model._meta.concrete_fields
                if not is_words(field) and field.related_model is not User and field.name != "erased_at"
            ]
            found[model._meta.label] = Counter(model.objects.values_list(*names))
    return found


def verdicts() -> list[dict[str, object]]:
    return [verifying.by_code(each.code).as_json() for each in Certificate.objects.order_by("pk")]


def evaluated() -> list[object]:
    return [totals.rating_totals(cohort) for cohort in Cohort.objects.order_by("pk")]


class TestAfterARun:
    def test_nothing_says_who_they_were(self, world):
        """In no text, file or JSON of any table, but what belongs to certificates."""
        people = [User.objects.get(pk=world.cast[role].pk) for role in LEFT]
        traces = {
            (where, was.name)
            for where, said in every_text()
            for was in (world.cast[role] for role in LEFT)
            if was.name.lower() in said or was.email in said
        }
        assert {where for where, _ in traces} <= PERMANENT
        assert {name for _, name in traces} == {world.cast["graduate"].name}
        assert {(each.name, each.is_active, each.unit) for each in people} == {(erasing.NOBODY, False, None)}

    def test_what_people_wrote_is_gone(self, world):
        assert [(where, said) for where, said in every_text() if "secret" in said] == [
            ("coaching.LegalHold.reason", built_hold(world).reason.lower()),
            ("certificates.HolderName.pronunciation", HolderName.objects.get().pronunciation.lower()),
        ]
        assert HolderName.objects.get().person.is_active
        assert set(SignedText.objects.exclude(kind="certificate_batch").values_list("text", flat=True)) == {
            ERASED
        }

    def test_who_is_still_here_is_not_found_from_an_old_application(self, world):
        """Nor as a participant, but by their certificate, which names them anyway."""
        assert not Application.objects.exclude(applicant__name=erasing.NOBODY).exists()
        named = Participant.objects.exclude(user__name=erasing.NOBODY)
        assert [each.user.name for each in named if each.certificates.exists()] == ["Gus Graduate"]
        assert len(named) == 1
        assert User.objects.filter(name="Gus Graduate", is_active=True).exists()

    def test_certificates_say_what_they_said(self, world):
        assert verdicts() == world.before[1]
        files = CertificateFile.objects.select_related("certificate")
        assert [verifying.by_digest(bytes(each.pdf)).status for each in files] == ["valid", "valid"]

    def test_the_trail_is_whole_and_what_was_signed_is_accounted_for(self, world):
        out = StringIO()
        call_command("verify_audit", stdout=out)
        number = SignedText.objects.filter(text=ERASED).count()
        assert (
            f"What was signed is as it was. {number} signed texts reached the end of the term."
            in out.getvalue()
        )

    def test_totals_are_what_they_were(self, world):
        before, after = world.before[0], figures()
        assert {label for label, rows in before.items() if rows != after[label]} == NOT_COUNTED
        assert evaluated() == world.before[2]

    def test_a_second_run_finds_nothing(self, world):
        assert world.run.done == world.run.planned
        assert shown(LATER) == {}
        with pytest.raises(retention.NothingDue):
            start(world.cast["administrator"])

    @pytest.mark.parametrize("role", ["administrator", "branch_officer"])
    def test_every_page_of_theirs_opens(self, world, role, many_requests):
        """The first object of each kind that they may open."""
        client = signed_in(world.cast[role])
        opened = 0
        for name, address in ADDRESSES.items():
            things = things_of(world, address)
            for label in [each for each in things if role in address.get.get(each, ())][:1]:
                answer = ask(client, "get", path_of(name, address, things[label]))
                assert answer.status_code in (200, 302, 404), (name, label)
                opened += answer.status_code == 200
        assert opened > 10


class TestHolds:
    @pytest.fixture
    def w(self, built):
        """The world before a run, on a day when all is due."""
        built.admin = built.cast["administrator"]
        with time_machine.travel(LATER, tick=False):
            yield built

    def test_what_is_about_a_person_stays_until_it_is_lifted(self, w):
        holds.lift(hold=built_hold(w), reason="Settled.", by=w.admin, now=LATER)
        member = w.cast["member"]
        hold = holds.set_hold(person=member, reason="A claim.", by=w.admin, now=LATER)
        mine = Participant.objects.get(user=member)
        run = work(start(w.admin))
        assert run.status == RetentionRun.Status.DONE
        mine.refresh_from_db()
        assert (mine.user, mine.goal.title, mine.erased_at) == (member, "Faster permits", None)
        cohort = Cohort.objects.get(pk=mine.cohort_id)
        assert cohort.erased_at is None
        assert not {"trail", "texts"} & set(run.done)
        holds.lift(hold=hold, reason="Settled.", by=w.admin, now=LATER)
        work(start(w.admin))
        mine.refresh_from_db()
        cohort.refresh_from_db()
        assert mine.user.name == erasing.NOBODY
        assert cohort.erased_at

    def test_a_cohort_is_held_whole(self, w):
        cohort = Cohort.objects.get(**w.things["cohort"]["running"].keys)
        holds.set_hold(cohort=cohort, reason="An audit.", by=w.admin, now=LATER)
        work(start(w.admin))
        assert not cohort.participants.exclude(erased_at=None).exists()
        assert Participant.objects.exclude(erased_at=None).exists()

    def test_what_a_team_wrote_is_kept_beyond_its_day(self, w):
        ours, foreign = (Note.objects.get(**w.things["note"][each].keys) for each in ("ours", "foreign"))
        day = datetime.combine(notes.deleted_on(ours.team.cohort), LATER.timetz())
        hold = holds.set_hold(person=w.cast["former_member"], reason="A claim.", by=w.admin, now=NOW)
        meetings_due.do_due(now=day)
        assert list(Note.objects.filter(pk__in=[ours.pk, foreign.pk])) == [ours]
        assert notes.read(ours).text.startswith("SECRET advice")
        holds.lift(hold=hold, reason="Settled.", by=w.admin, now=day)
        meetings_due.do_due(now=day)
        assert not Note.objects.filter(pk=ours.pk).exists()

    def test_ends_with_its_last_day(self, w):
        hold = holds.set_hold(
            person=w.cast["asked"], reason="A claim.", until_date=LATER.date(), by=w.admin, now=LATER
        )
        assert holds.LegalHold.objects.in_force(LATER.date()).filter(pk=hold.pk).exists()
        assert (
            not holds.LegalHold.objects.in_force(LATER.date() + timedelta(days=1)).filter(pk=hold.pk).exists()
        )

    def test_is_set_and_lifted_by_whoever_has_confirmed_lately_that_it_is_them(self, w, client):
        admin = User.objects.get(pk=w.admin.pk)
        admin.set_password("a-password-of-tests")
        admin.save()
        client.force_login(admin)  # who knows when
        hold = built_hold(w)
        for name, keys in (("records_hold", []), ("records_lift", [hold.pk])):
            answer = client.post(reverse(name, args=keys), {"person": w.cast["asked"].email, "reason": "x"})
            assert answer["Location"].startswith(reverse("account_reauthenticate"))
        hold.refresh_from_db()
        assert (hold.lifted_at, holds.LegalHold.objects.count()) == (None, 1)

    @pytest.mark.parametrize(
        ("fields", "says"),
        [
            ({}, "Choose one person or one cohort."),
            ({"reason": " "}, "Say why it is held."),
            ({"until_date": LATER.date() - timedelta(days=1)}, "That day is over."),
        ],
    )
    def test_is_refused_in_words(self, w, fields, says):
        about = {"person": w.cast["asked"]} if fields else {}
        with pytest.raises(holds.CannotHold, match=says):
            holds.set_hold(**{"reason": "A claim.", **about, **fields}, by=w.admin, now=LATER)


class TestARun:
    @pytest.fixture
    def w(self, built):
        built.admin = built.cast["administrator"]
        with time_machine.travel(LATER, tick=False):
            yield built

    def test_stopped_in_the_middle_goes_on_with_the_rest(self, w, monkeypatch):
        monkeypatch.setattr(retention, "CHUNK", 3)
        run, report = start(w.admin), jobs.Progress.report
        times = iter(range(100))

        def stop(progress, done, total, so_far=None):
            if next(times) == 4:
                raise jobs.Cancelled
            report(progress, done, total, so_far)

        monkeypatch.setattr(jobs.Progress, "report", stop)
        work(run)
        assert run.status == RetentionRun.Status.RUNNING
        assert 0 < sum(run.done.values()) < sum(run.planned.values())
        assert start(w.admin) == run
        work(run)
        assert (run.status, run.done) == (RetentionRun.Status.DONE, run.planned)

    def test_erases_only_what_was_shown(self, w):
        seen = shown(LATER)
        holds.set_hold(person=w.cast["asked"], reason="A claim.", by=w.admin, now=LATER)
        with pytest.raises(retention.OthersAreDue, match="Look at them again"):
            retention.start(seen=seen, by=w.admin, now=LATER)
        assert not RetentionRun.objects.filter(status=RetentionRun.Status.RUNNING).exists()

    @pytest.mark.parametrize("day", ["2100-01-01", "2040-02-30"])
    def test_is_of_today_whatever_is_sent(self, w, client, day):
        client.force_login(w.admin)
        year = date(2100, 1, 1)
        with time_machine.travel(NOW, tick=False):
            sent = {"seen": json.dumps(retention.seen_of(retention.plan(year))), "on": day}
            answer = client.post(reverse("records_due"), sent, follow=True)
            assert "Nothing is due" in answer.content.decode()
        assert not RetentionRun.objects.filter(status=RetentionRun.Status.RUNNING).exists()

    def test_what_became_due_since_it_was_shown_stays(self, w):
        """Also where it stopped and goes on."""
        new = Cohort.objects.get(**w.things["cohort"]["foreign running"].keys)
        Cohort.objects.filter(pk=new.pk).update(first_month=date(2039, 3, 1))
        run = start(w.admin)
        Cohort.objects.filter(pk=new.pk).update(first_month=new.first_month)
        assert start(w.admin) == work(run)
        assert run.status == RetentionRun.Status.DONE
        assert new.participants.filter(erased_at=None).count() == new.participants.count() > 0
        assert shown(LATER)

    def test_terms_stand_while_it_is_under_way(self, w, client):
        run = start(w.admin)
        client.force_login(w.admin)
        years = {"mail": 3, "trail": 20, "people": 2}
        answer = client.post(reverse("records_terms"), years)
        assert "A run is under way" in answer.content.decode()
        program = Cohort.objects.get(**w.things["cohort"]["running"].keys).program
        form = modelform_factory(Program, ProgramAdmin.form, fields=["retention_years"])
        assert form({"retention_years": 1}, instance=program).errors == {
            "retention_years": [RetentionRun.UNDER_WAY]
        }
        work(run)
        assert client.post(reverse("records_terms"), years).status_code == 302

    def test_one_record_that_cannot_be_erased_is_named_and_the_others_are(self, w, monkeypatch, client):
        stuck = records_due.applications(LATER.date()).first()
        real = retention.applications_erasing.application

        def application(row, **kwargs):
            if row.pk == stuck.pk:
                raise ValueError("It cannot be read.")
            real(row, **kwargs)

        monkeypatch.setattr(retention.applications_erasing, "application", application)
        run = work(start(w.admin))
        assert (run.status, run.failed) == (RetentionRun.Status.DONE, {"applications": [stuck.pk]})
        assert run.done["applications"] == run.planned["applications"] - 1
        assert list(records_due.applications(LATER.date())) == [stuck]
        client.force_login(w.admin)
        page = client.get(reverse("records_run", args=[run.pk])).content.decode()
        assert f"Could not be erased, the log of the worker says why: number {stuck.pk}" in page

    def test_that_has_ended_erases_nothing_for_a_worker_that_was_slow(self, w):
        run = start(w.admin)
        keys = run.shown["participants"]
        RetentionRun.objects.filter(pk=run.pk).update(status=RetentionRun.Status.DONE, finished_at=LATER)
        work(run)
        assert (run.done, Participant.objects.filter(pk__in=keys, erased_at=None).count()) == ({}, len(keys))

    def test_looking_takes_as_many_queries_for_many_as_for_none(self, w, django_assert_max_num_queries):
        with django_assert_max_num_queries(14):
            retention.plan(LATER.date())

    def test_nothing_is_due_a_day_before_the_term_ends(self, w):
        cohort = Cohort.objects.get(**w.things["cohort"]["running"].keys)
        last = cohort.records_kept_until
        assert not records_due.participants(last).filter(cohort=cohort).exists()
        assert records_due.participants(last + timedelta(days=1)).filter(cohort=cohort).exists()

    def test_on_the_pages(self, w, client):
        client.force_login(w.admin)
        page = client.get(reverse("records_due"))
        first = records_due.participants(LATER.date()).order_by("pk")[0]
        number = records_due.participants(LATER.date()).count()
        assert f"People who took part: {number}" in page.content.decode()
        assert f"{first.user}, {first.cohort}, {first.cohort.branch}" in page.content.decode()
        sent = {"seen": page.context["seen"]}
        run = client.post(reverse("records_due"), sent, follow=True)
        found = retention.plan(LATER.date())
        assert run.context["run"].planned == {each.step.key: each.number for each in found if each.number}
        again = client.post(reverse("records_due"), {"seen": "x"}, follow=True)
        assert again.context["run"] == run.context["run"]

    def test_a_term_is_a_setting(self, w, client):
        client.force_login(w.admin)
        years = {"mail": 3, "trail": 20, "people": 2}
        assert client.post(reverse("records_terms"), years).status_code == 302
        assert records_due.years_of(Series.TRAIL) == 20
        assert "trail" not in shown(LATER)


# Whose rows said something to somebody for a while, or tell what the program does itself.
NOT_COUNTED = {
    *("applications.Choice", "applications.DraftShare", "certificates.HolderName"),
    *("coaching.AuditEvent", "coaching.AuditPayload", "coaching.Job", "coaching.Message"),
    *("coaching.RetentionRun", "coaching.User"),
    *("meetings.ActionItem", "meetings.BusyFeed", "meetings.CalendarChoice", "meetings.CalendarInvitation"),
    *("meetings.EvaluationAnswer", "meetings.EvaluationDraft", "meetings.Need", "meetings.Note"),
    *("meetings.ProjectText", "meetings.SupervisorInput", "meetings.TeamKey"),
}
