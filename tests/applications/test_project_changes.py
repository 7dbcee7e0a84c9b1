"""A change to the approved project asks the director again; until then the approved one stands (A14)."""

from dataclasses import replace
from datetime import timedelta

import pytest
import time_machine
from django.core import mail
from django.urls import reverse

from applications import project_changes, reminders, routing
from applications.drafting import NotYours
from applications.models import ProjectChange
from applications.settling import NotWaitingOnYou, ReasonMissing
from coaching import enrollment, outbox, signing
from coaching.enrollment import Project
from coaching.models import AuditEvent, Delegation, Participant, Program
from tests.applications.counting import queries
from tests.applications.factories import accepted, competencies
from tests.clock import NOW, TODAY
from tests.constraints import refused_by

Status = ProjectChange.Status
pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("frozen", "plain_not_found")]


@pytest.fixture(scope="module", autouse=True)
def kept_participant(kept_cast, django_db_blocker) -> Participant:
    with django_db_blocker.unblock(), time_machine.travel(NOW, tick=False):
        accepted(kept_cast.applicant, kept_cast.cohort)
        return kept_cast.applicant.participations.get()


@pytest.fixture
def participant(kept_participant, fresh) -> Participant:
    return fresh(kept_participant)


@pytest.fixture
def changed(cohort) -> Project:
    return Project(
        title="Two forms for school meals",
        description="One form turned out to be too long.",
        expected_outcome="Schools fill in two short forms.",
        measure="Minutes a school needs.",
        competencies=tuple(competencies(cohort)[:1]),
    )


def ask(participant, project, **values):
    whole = {"by": participant.user, "why": "The pilot showed it.", "now": NOW, **values}
    return project_changes.ask(participant=participant, project=project, **whole)


def concur(change, by, **values):
    return project_changes.concur(change=change, by=by, **{"typed_name": by.name, "now": NOW, **values})


def title_of(participant) -> str:
    return Participant.objects.get(pk=participant.pk).goal.title


def test_the_project_changes_once_the_director_concurs(participant, changed, director, program):
    change = ask(participant, changed)
    assert (change.signer, change.status) == (director, Status.PENDING)
    assert title_of(participant) == "One form for school meals"
    change = concur(change, director)
    goal = Participant.objects.get(pk=participant.pk).goal
    assert (goal.title, goal.description, goal.expected_outcome, goal.measure) == (
        changed.title,
        changed.description,
        changed.expected_outcome,
        changed.measure,
    )
    assert tuple(goal.competencies.all()) == changed.competencies
    assert change.sign_off.text == change.text
    assert change.sign_off.statement == program.route.get(office="director").statement
    assert change.sign_off.capacity == "Division Director, Nutrition Division"


def test_a_declined_change_leaves_the_project(participant, changed, director):
    change = project_changes.decline(
        change=ask(participant, changed), by=director, comment="Finish it.", now=NOW
    )
    assert (change.status, change.comment) == (Status.DECLINED, "Finish it.")
    assert title_of(participant) == "One form for school meals"


def test_the_text_shows_both_projects_and_why(participant, changed):
    text = ask(participant, changed).text.text
    for part in (
        "Two forms for school meals",
        "One form for school meals",
        "The pilot showed it.",
        "Dana Director",
    ):
        assert part in text


def test_each_write_is_audited(participant, changed, director):
    before = set(AuditEvent.objects.values_list("pk", flat=True))
    concur(ask(participant, changed), director)
    actions = AuditEvent.objects.exclude(pk__in=before).order_by("pk").values_list("action", flat=True)
    assert list(actions) == [
        "text.kept",
        "project.change_asked",
        "signature.given",
        "project.change_signed",
        "participant.project_changed",
    ]


class TestRefusals:
    def test_ask_by_another(self, participant, changed, outsider):
        with pytest.raises(NotYours):
            ask(participant, changed, by=outsider)

    def test_ask_after_leaving(self, participant, changed):
        enrollment.leave(participant=participant, by=participant.user, reason="Moving.", now=NOW)
        with pytest.raises(project_changes.CannotChange, match="has ended"):
            ask(participant, changed)

    def test_ask_twice(self, participant, changed):
        ask(participant, changed)
        with pytest.raises(project_changes.CannotChange, match="waits already"):
            ask(participant, changed)
        assert ProjectChange.objects.count() == 1

    @pytest.mark.parametrize("field", ["title", "description", "expected_outcome", "measure"])
    def test_ask_with_a_blank(self, participant, changed, field):
        with pytest.raises(ReasonMissing):
            ask(participant, replace(changed, **{field: " "}))

    def test_ask_without_why_or_competency(self, participant, changed):
        with pytest.raises(ReasonMissing):
            ask(participant, changed, why="")
        with pytest.raises(ReasonMissing):
            ask(participant, replace(changed, competencies=()))

    def test_ask_for_the_same(self, participant):
        goal = participant.goal
        same = Project(
            title=goal.title,
            description=goal.description,
            expected_outcome=goal.expected_outcome,
            measure=goal.measure,
            competencies=tuple(goal.competencies.all()),
        )
        with pytest.raises(project_changes.CannotChange, match="nothing would change"):
            ask(participant, same)

    def test_ask_without_a_director(self, participant, changed, org):
        org.division.head = None
        org.division.save()
        with pytest.raises(routing.NoSigner, match="is vacant"):
            ask(participant, changed)

    def test_ask_in_a_program_without_directors(self, participant, changed, program, supervisor):
        program.route.filter(office="director").update(office="other")
        change = ask(participant, changed)
        assert (change.signer, change.route_step.office) == (supervisor, "supervisor")

    def test_ask_in_a_program_without_a_route(self, participant, changed, program):
        program.route.update(
            program=Program.objects.create(slug="other", competency_model=program.competency_model)
        )
        with pytest.raises(routing.NoSigner, match="no route of signatures"):
            ask(participant, changed)

    def test_concur_by_participant_or_others(self, participant, changed, supervisor, deputy, outsider):
        """A9: nobody signs their own."""
        change = ask(participant, changed)
        for person in (participant.user, supervisor, deputy, outsider):
            with pytest.raises(NotWaitingOnYou):
                concur(change, person)
        assert title_of(participant) == "One form for school meals"

    def test_concur_twice(self, participant, changed, director):
        change = concur(ask(participant, changed), director)
        with pytest.raises(NotWaitingOnYou, match="concurred"):
            concur(change, director)
        with pytest.raises(NotWaitingOnYou):
            project_changes.decline(change=change, by=director, comment="No.", now=NOW)

    def test_concur_under_another_name(self, participant, changed, director):
        with pytest.raises(signing.NameDoesNotMatch):
            concur(ask(participant, changed), director, typed_name="D. D.")
        assert title_of(participant) == "One form for school meals"

    def test_concur_after_the_participant_left(self, participant, changed, director):
        change = ask(participant, changed)
        enrollment.leave(participant=participant, by=participant.user, reason="Moving.", now=NOW)
        with pytest.raises(NotWaitingOnYou):
            concur(change, director)

    def test_decline_without_a_word(self, participant, changed, director):
        with pytest.raises(ReasonMissing):
            project_changes.decline(change=ask(participant, changed), by=director, comment=" ", now=NOW)

    def test_take_back_once_and_only_ones_own(self, participant, changed, director):
        change = ask(participant, changed)
        with pytest.raises(NotYours):
            project_changes.take_back(change=change, by=director, now=NOW)
        later = NOW + timedelta(hours=1)
        for now in (NOW, later):
            change = project_changes.take_back(change=change, by=participant.user, now=now)
        assert (change.status, change.acted_at) == (Status.WITHDRAWN, NOW)
        ask(participant, changed)

    def test_take_back_after_the_answer(self, participant, changed, director):
        change = concur(ask(participant, changed), director)
        with pytest.raises(project_changes.CannotChange, match="Dana Director has answered"):
            project_changes.take_back(change=change, by=participant.user, now=NOW)


def test_an_acting_director_concurs_with_both_names(participant, changed, director, org, outsider):
    """A9."""
    Delegation.objects.create(
        kind="acting",
        principal=director,
        unit=org.division,
        person=outsider,
        reason="Leave.",
        start_date=TODAY,
        end_date=TODAY,
    )
    sign_off = concur(ask(participant, changed), outsider).sign_off
    assert (sign_off.signer, sign_off.on_behalf_of) == (outsider, director)


def test_constraints(participant, changed, director):
    change = ask(participant, changed)
    for name, values in {
        "signed_has_signature": {"status": "signed", "acted_at": NOW, "acted_by": director},
        "acted_is_dated": {"status": "withdrawn"},
        "refusal_has_reason": {"status": "declined", "acted_at": NOW, "acted_by": director},
        "acting_is_another": {"holder": director},
    }.items():
        assert (
            refused_by(ProjectChange.objects.filter(pk=change.pk).update, **values) == f"projectchange_{name}"
        )
    change.pk = None
    assert refused_by(change.save) == "projectchange_one_pending"


class TestMails:
    def deliver(self) -> list[tuple[str, str]]:
        mail.outbox.clear()
        outbox.deliver_due(now=NOW)
        return [(letter.to[0].split(".")[0], letter.subject) for letter in mail.outbox]

    def test_director_and_participant_are_told(self, participant, changed, director):
        self.deliver()
        change = ask(participant, changed)
        assert self.deliver() == [("dana", "Ana Applicant asks to change the division project")]
        assert f"/approvals/project/{change.pk}/" in mail.outbox[0].body
        concur(change, director)
        assert self.deliver() == [("ana", "Your changed project is approved")]

    def test_a_refusal_brings_its_reason(self, participant, changed, director):
        project_changes.decline(change=ask(participant, changed), by=director, comment="Finish it.", now=NOW)
        assert ("ana", "Your project stays as it was") in self.deliver()
        assert "Finish it." in mail.outbox[-1].body

    def test_what_was_taken_back_is_not_asked(self, participant, changed):
        self.deliver()
        project_changes.take_back(change=ask(participant, changed), by=participant.user, now=NOW)
        assert self.deliver() == []

    def test_whoever_was_asked_hears_that_it_was_taken_back(self, participant, changed):
        change = ask(participant, changed)
        self.deliver()
        for _ in range(2):
            project_changes.take_back(change=change, by=participant.user, now=NOW)
        assert self.deliver() == [("dana", "Ana Applicant no longer asks to change the division project")]


class TestReminders:
    """On the days of an application's signer: two before the tenth day, the day after, then weekly (A14)."""

    def run(self, day: int, hour: int = 18) -> list[tuple[str, str]]:
        """What is sent that day of December (or of November, counted on): to whom, and the subject."""
        now = NOW.replace(day=1, hour=hour) + timedelta(days=day - 1)
        with time_machine.travel(now, tick=False):
            mail.outbox.clear()
            reminders.do_due(now=now)
            outbox.deliver_due(now=now)
        return sorted((letter.to[0].split(".")[0], letter.subject) for letter in mail.outbox)

    SOON = ("dana", "Reminder: Ana Applicant's changed project waits for your answer")
    LATE = ("dana", "Overdue: Ana Applicant's changed project waits for your answer")
    LIST = ("bo", "1 changed project waits longer than asked")

    @pytest.fixture
    def change(self, participant, changed) -> ProjectChange:
        change = ask(participant, changed)
        outbox.deliver_due(now=NOW)
        assert f"by {change.due_date:%A, %B %-d, %Y}. Until you concur" in mail.outbox[-1].body
        return change

    def test_director_and_branch_office_are_reminded(self, change):
        due = (change.due_date - TODAY).days + TODAY.day  # counted from November 1
        sent = {day - due: found for day in range(TODAY.day, due + 30) if (found := self.run(day))}
        assert sent == {
            -2: [self.SOON],
            1: [self.LIST, self.LATE],
            8: [self.LIST, self.LATE],
            15: [self.LIST, self.LATE],
            22: [self.LIST],
            29: [self.LIST],
        }

    def test_the_list_says_whose_and_with_whom(self, change):
        self.run((change.due_date - TODAY).days + TODAY.day + 1)
        body = next(letter.body for letter in mail.outbox if letter.to[0].startswith("bo"))
        assert "- Ana Applicant: waits on Dana Director (to concur with a changed project), due" in body

    @pytest.mark.parametrize("turn", ["concurred", "taken back", "left"])
    def test_what_is_settled_is_not_reminded_of(self, change, participant, director, turn):
        if turn == "concurred":
            concur(change, director)
        elif turn == "taken back":
            project_changes.take_back(change=change, by=participant.user, now=NOW)
        else:
            enrollment.leave(participant=participant, by=participant.user, reason="Moving.", now=NOW)
        subjects = [subject for day in range(TODAY.day, TODAY.day + 40) for _, subject in self.run(day)]
        assert not [subject for subject in subjects if "changed project" in subject and "waits" in subject]

    def test_who_takes_the_directors_place_hears_of_it(self, change, director, outsider):
        Delegation.objects.create(
            kind="delegate",
            principal=director,
            person=outsider,
            reason="Leave.",
            start_date=TODAY + timedelta(days=1),
            end_date=TODAY + timedelta(days=30),
            recorded_at=NOW,
        )
        assert self.run(TODAY.day + 1) == [("otto", "1 signature waits where you sign for Dana Director")]
        assert "- Ana Applicant's changed project: by " in mail.outbox[0].body

    def test_the_participant_sees_by_when_and_when_help_comes(self, client, change, participant):
        client.force_login(participant.user)
        page = reverse("project", args=[participant.pk])
        shown = client.get(page).content.decode()
        assert f"asked for by {change.due_date:%A, %B %-d, %Y}" in shown
        ProjectChange.objects.update(asked_at=NOW - timedelta(days=40))
        assert "The branch office sees that it is late." in client.get(page).content.decode()
        self.run(TODAY.day)
        today = f"{TODAY:%A, %B %-d}"
        shown = client.get(page).content.decode()
        assert f"A reminder went out on {today}." in shown
        assert f"The branch office knows since {today}." in shown


class TestPages:
    def data(self, changed, **values):
        return {
            "title": changed.title,
            "description": changed.description,
            "expected_outcome": changed.expected_outcome,
            "measure": changed.measure,
            "competencies": [each.pk for each in changed.competencies],
            "why": "The pilot showed it.",
            **values,
        }

    def test_from_asking_to_the_answer(self, client, participant, changed, director):
        client.force_login(participant.user)
        page = reverse("project", args=[participant.pk])
        assert client.get(page).context["form"].initial["title"] == "One form for school meals"
        assert client.post(page, self.data(changed)).url == page
        assert client.get(page).context["form"] is None
        change = ProjectChange.objects.get()
        client.force_login(director)
        listed = client.get(reverse("approvals"))
        assert list(listed.context["changes"]) == [change]
        assert {link.label: link.count for link in listed.context["links"]}["Approvals"] == 1
        assert client.get(reverse("project_approval", args=[change.pk])).status_code == 200
        answer = client.post(reverse("project_concur", args=[change.pk]), {"typed_name": "Dana Director"})
        assert answer.url == reverse("approvals")
        assert title_of(participant) == changed.title
        assert client.get(reverse("project_approval", args=[change.pk])).context["right"] is None

    def test_blanks_are_asked_again(self, client, participant, changed, director):
        client.force_login(participant.user)
        response = client.post(
            reverse("project", args=[participant.pk]), self.data(changed, why="", title="")
        )
        assert set(response.context["form"].errors) == {"why", "title"}
        change = ask(participant, changed)
        client.force_login(director)
        wrong = client.post(reverse("project_concur", args=[change.pk]), {"typed_name": "Dana"})
        assert wrong.status_code == 200
        assert wrong.context["concur_form"]["typed_name"].value() == "Dana"
        assert "exactly as it is on record" in wrong.context["concur_form"].errors["typed_name"][0]
        for name, field in (("project_concur", "concur_form"), ("project_decline", "decline_form")):
            response = client.post(reverse(name, args=[change.pk]), {})
            assert response.context[field].errors
        change.refresh_from_db()
        assert change.status == Status.PENDING

    def test_decline_and_take_back(self, client, participant, changed, director):
        change = ask(participant, changed)
        client.force_login(participant.user)
        client.post(reverse("project_take_back", args=[change.pk]))
        change.refresh_from_db()
        assert change.status == Status.WITHDRAWN
        change = ask(participant, changed)
        client.force_login(director)
        client.post(reverse("project_decline", args=[change.pk]), {"comment": "Finish it."})
        change.refresh_from_db()
        assert change.status == Status.DECLINED

    def test_a_second_tab_keeps_its_words_and_can_take_the_place_of_the_first(
        self, client, participant, changed
    ):
        client.force_login(participant.user)
        page = reverse("project", args=[participant.pk])
        client.post(page, self.data(changed))
        first = ProjectChange.objects.get()
        other = self.data(replace(changed, title="Three forms"))
        answer = client.post(page, other)
        html = answer.content.decode()
        assert answer.context["form"]["title"].value() == "Three forms"
        assert "A change of your project waits already." in html
        assert f'name="instead_of" value="{first.pk}"' in html
        assert client.post(page, {**other, "instead_of": first.pk}).url == page
        first.refresh_from_db()
        assert first.status == Status.WITHDRAWN
        assert ProjectChange.objects.get(status=Status.PENDING).title == "Three forms"
        assert client.post(page, {**other, "instead_of": "x"}).status_code == 200

    def test_what_was_signed_stays_readable_for_both(self, client, participant, changed, director):
        change = concur(ask(participant, changed), director)
        address = reverse("project_approval", args=[change.pk])
        client.force_login(director)
        listed = client.get(reverse("approvals_signed")).content.decode()
        assert f'<a href="{address}">Ana Applicant, a changed project</a>' in listed
        for user in (director, participant.user):
            client.force_login(user)
            page = client.get(address).content.decode()
            assert "Two forms for school meals" in page
            assert "Dana Director, Division Director" in page
            assert change.text.digest in page
        assert address in client.get(reverse("project", args=[participant.pk])).content.decode()

    def test_what_was_taken_back_is_for_ones_own_eyes(self, client, participant, changed, director):
        change = ask(participant, changed)
        project_changes.take_back(change=change, by=participant.user, now=NOW)
        address = reverse("project_approval", args=[change.pk])
        client.force_login(director)
        page = client.get(address).content.decode()
        assert "Ana Applicant took this back" in page
        assert "One form turned out to be too long." not in page
        client.force_login(participant.user)
        assert "One form turned out to be too long." in client.get(address).content.decode()

    def test_strangers_get_404(
        self, client, participant, changed, supervisor, deputy, branch_officer, outsider
    ):
        """A project is its participant's and the director's matter."""
        change = ask(participant, changed)
        for user in (supervisor, deputy, branch_officer, outsider):
            client.force_login(user)
            assert client.get(reverse("project", args=[participant.pk])).status_code == 404
            assert client.get(reverse("project_approval", args=[change.pk])).status_code == 404
            for name in ("project_concur", "project_decline", "project_take_back"):
                assert client.post(reverse(name, args=[change.pk])).status_code == 404

    def test_three_changes_take_as_many_queries_as_one(self, client, participant, changed):
        client.force_login(participant.user)
        counts = []
        for _ in range(3):
            project_changes.take_back(change=ask(participant, changed), by=participant.user, now=NOW)
            counts.append(queries(client, reverse("project", args=[participant.pk])))
        assert counts[0] == counts[2]

    def test_the_accepted_application_leads_to_the_project(self, client, participant):
        client.force_login(participant.user)
        application = participant.user.applications.get()
        page = client.get(reverse("application", args=[application.pk])).content.decode()
        assert reverse("project", args=[participant.pk]) in page
