"""The branch deputy's and designees' visits: who may, what the members hear, what the visitor reads (M12)."""

from datetime import date, timedelta

import pytest
import time_machine
from django.db import IntegrityError, transaction
from django.urls import reverse
from pytest_django.asserts import assertContains, assertNotContains, assertRedirects

from coaching.models import AuditEvent, Cohort, Delegation, Message
from coaching.outbox import deliver_due
from meetings import attendance, briefing, laying_out, notes, project, scheduling, visits
from meetings.models import Meeting, Visit
from meetings.scheduling import When, Where
from meetings.visits import CannotVisit
from tests import factories
from tests.clock import NOW
from tests.meetings.conftest import BEFORE, noon
from tests.meetings.test_pages import queries

pytestmark = pytest.mark.usefixtures("plain_not_found")
LATER = BEFORE + visits.WAIT + timedelta(seconds=1)


def at(moment):
    return time_machine.travel(moment, tick=False)


def designee(org, start: date, end: date, **fields):
    person = factories.person("Dee Designee", unit=org.unit)
    values = {"kind": "delegate", "principal": org.deputy, "unit": org.branch, "reason": "Leave"} | fields
    Delegation.objects.create(person=person, start_date=start, end_date=end, **values)
    return person


def sent(kind: str) -> list[str]:
    """Whom the mails of this kind reached."""
    rows = Message.objects.filter(kind=kind, status=Message.Status.SENT)
    return sorted(rows.values_list("recipient__name", flat=True))


class TestWhoMay:
    def test_the_deputy(self, meeting, deputy):
        visit = visits.plan(meeting=meeting, by=deputy, now=BEFORE)
        assert (visit.person, visit.planned_at, visit.taken_back_at) == (deputy, BEFORE, None)

    def test_a_designee_on_a_day_of_the_order(self, meetings, org):
        """M12: the first meeting is on February 17, the second on March 17."""
        person = designee(org, date(2027, 3, 1), date(2027, 3, 17))
        visits.plan(meeting=meetings[1], by=person, now=BEFORE)
        for other in (meetings[0], meetings[2]):
            with pytest.raises(CannotVisit, match="neither the branch deputy nor a designee"):
                visits.plan(meeting=other, by=person, now=BEFORE)

    def test_a_designee_of_all_that_the_deputy_signs(self, meeting, org):
        person = designee(org, meeting.date, meeting.date, unit=None)
        assert visits.plan(meeting=meeting, by=person, now=BEFORE).person == person

    def test_the_same_people_as_in_the_attendance_form(self, meeting, org, deputy):
        person = designee(org, meeting.date, meeting.date)
        this = Meeting.objects.filter(pk=meeting.pk)
        assert attendance.possible_visitors(meeting) == [person, deputy]
        assert all(visits.open_to(each, this).exists() for each in (person, deputy))

    @pytest.mark.parametrize("who", ["alice", "director", "branch_officer", "administrator", "outsider"])
    def test_nobody_else(self, meeting, request, who):
        with pytest.raises(CannotVisit):
            visits.plan(meeting=meeting, by=request.getfixturevalue(who), now=BEFORE)
        assert not Visit.objects.exists()

    def test_whoever_no_longer_stands_for_the_deputy_is_not_expected(self, meeting, org):
        person = designee(org, date(2027, 1, 1), date(2027, 3, 1))
        visit = visits.plan(meeting=meeting, by=person, now=BEFORE)
        assert visits.planned(meeting) == [visit]
        Delegation.objects.update(ended_at=BEFORE)
        assert visits.planned(meeting) == []

    def test_neither_a_called_off_meeting_nor_one_that_is_over(self, meetings, people, alice, deputy):
        held, called_off = meetings[0], meetings[1]
        scheduling.cancel(meeting=called_off, reason="Ill", by=alice, now=BEFORE)
        with pytest.raises(CannotVisit, match="called off"):
            visits.plan(meeting=called_off, by=deputy, now=BEFORE)
        with pytest.raises(CannotVisit, match="is over"):
            visits.plan(meeting=held, by=deputy, now=noon(held.date))


class TestOnePress:
    def test_twice_is_once(self, meeting, deputy):
        first = visits.plan(meeting=meeting, by=deputy, now=BEFORE)
        assert visits.plan(meeting=meeting, by=deputy, now=LATER) == first
        assert visits.take_back(meeting=meeting, by=deputy, now=LATER)
        assert not visits.take_back(meeting=meeting, by=deputy, now=LATER)
        assert list(Visit.objects.values_list("planned_at", "taken_back_at")) == [(BEFORE, LATER)]
        kinds = ["visit.planned", "visit.taken_back"]
        assert list(AuditEvent.objects.filter(action__in=kinds).values_list("action", flat=True)) == kinds

    def test_the_database_keeps_one(self, meeting, deputy):
        Visit.objects.create(meeting=meeting, person=deputy, planned_at=NOW)
        with pytest.raises(IntegrityError), transaction.atomic():
            Visit.objects.create(meeting=meeting, person=deputy, planned_at=NOW)
        with pytest.raises(IntegrityError), transaction.atomic():
            Visit.objects.update(taken_back_at=NOW - timedelta(days=1))


class TestMail:
    def test_each_member_is_told_once(self, meeting, deputy, mailoutbox):
        with at(BEFORE):
            visits.plan(meeting=meeting, by=deputy, now=BEFORE)
            visits.plan(meeting=meeting, by=deputy, now=BEFORE)
            deliver_due(now=BEFORE)
            assert sent(visits.PLANNED) == []
            deliver_due(now=LATER)
        assert sent(visits.PLANNED) == ["Alice Example", "Bob Example", "Charlie Example"]
        mail = next(each for each in mailoutbox if "plans to attend" in each.subject)
        assert f"The branch deputy, {deputy}, plans to attend." in mail.body
        assert meeting.get_absolute_url() in mail.body

    def test_pressed_by_mistake_nobody_is_written_to(self, meeting, deputy):
        with at(BEFORE):
            for _ in range(3):
                visits.plan(meeting=meeting, by=deputy, now=BEFORE)
                visits.take_back(meeting=meeting, by=deputy, now=BEFORE)
            deliver_due(now=LATER)
        assert sent(visits.PLANNED) == sent(visits.TAKEN_BACK) == []

    def test_taken_back_is_told_to_who_was_told(self, meeting, deputy):
        with at(BEFORE):
            visits.plan(meeting=meeting, by=deputy, now=BEFORE)
            deliver_due(now=LATER)
            visits.take_back(meeting=meeting, by=deputy, now=LATER)
            deliver_due(now=LATER + visits.WAIT)
        assert sent(visits.TAKEN_BACK) == ["Alice Example", "Bob Example", "Charlie Example"]

    def test_planned_again_meanwhile_it_is_no_news(self, meeting, deputy):
        with at(BEFORE):
            visits.plan(meeting=meeting, by=deputy, now=BEFORE)
            deliver_due(now=LATER)
            visits.take_back(meeting=meeting, by=deputy, now=LATER)
            visits.plan(meeting=meeting, by=deputy, now=LATER)
            deliver_due(now=LATER + visits.WAIT)
        assert sent(visits.TAKEN_BACK) == []
        assert len(sent(visits.PLANNED)) == 6

    def test_of_all_that_changed_at_once_the_visitor_gets_one_mail(
        self, team, meetings, deputy, alice, mailoutbox
    ):
        """Of seven meetings moved and one called off; and no reason, which is the team's."""
        for meeting in meetings[:3]:
            visits.plan(meeting=meeting, by=deputy, now=BEFORE)
        with at(LATER):
            rhythm = laying_out.Rhythm(1, 2, scheduling.time(13))
            laying_out.change_rhythm(team=team, rhythm=rhythm, by=alice, now=LATER)
            scheduling.cancel(meeting=meetings[1], reason="Bob is ill", by=alice, now=LATER)
            deliver_due(now=LATER + visits.GATHER)
        (mail,) = [each for each in mailoutbox if deputy.email in each.to]
        assert mail.subject == "3 meetings you plan to attend have changed"
        assert "- Changed: Tuesday, February 9, 2027, 1:00 p.m. to 3:00 p.m. PST, Team 1, " in mail.body
        assert "- Changed: Called off: " in mail.body
        assert "Bob" not in mail.body

    def test_what_changes_within_a_minute_is_one_mail(self, meetings, deputy, alice, mailoutbox):
        visits.plan(meeting=meetings[0], by=deputy, now=BEFORE)
        with at(LATER):
            for seconds, day in ((0, 18), (20, 19)):
                to = When(date(2027, 2, day), scheduling.time(9), 120)
                moment = LATER + timedelta(seconds=seconds)
                scheduling.move(meeting=meetings[0], to=to, by=alice, now=moment)
            deliver_due(now=LATER + visits.GATHER)
        (mail,) = [each for each in mailoutbox if deputy.email in each.to]
        assert "- Changed: Friday, February 19, 2027, 9:00 a.m. to 11:00 a.m. PST, Team 1, " in mail.body

    def test_whom_it_does_not_concern_is_not_told(self, meetings, deputy, alice):
        visits.plan(meeting=meetings[0], by=deputy, now=BEFORE)
        visits.take_back(meeting=meetings[0], by=deputy, now=BEFORE)
        to = When(date(2027, 2, 18), scheduling.time(9), 120)
        scheduling.move(meeting=meetings[0], to=to, by=alice, now=BEFORE)
        assert not Message.objects.filter(kind=visits.CHANGED).exists()


@pytest.fixture
def early():
    """Before the program begins; sign-ins last until then."""
    with at(BEFORE):
        yield BEFORE


@pytest.mark.usefixtures("early")
class TestPages:
    def test_members_read_who_plans_to_attend(self, client, meeting, deputy, org, alice):
        """M12"""
        person = designee(org, meeting.date, meeting.date)
        client.force_login(alice)
        assertNotContains(client.get(meeting.get_absolute_url()), "plans to attend")
        for each in (deputy, person):
            visits.plan(meeting=meeting, by=each, now=BEFORE)
        page = client.get(meeting.get_absolute_url())
        assertContains(page, f"The branch deputy, {deputy}, plans to attend.")
        assertContains(page, "Dee Designee plans to attend for the branch deputy.")

    def test_one_press_and_back(self, client, meeting, deputy):
        client.force_login(deputy)
        back = f"{reverse('branch_meetings')}?show=final#meeting-{meeting.pk}"
        for _ in range(2):
            response = client.post(reverse("visit_plan", args=[meeting.pk]) + "?show=final&evil=1")
            assertRedirects(response, back)
        assertContains(client.get(reverse("branch_meetings")), "You plan to attend</span>")
        for _ in range(2):
            client.post(reverse("visit_take_back", args=[meeting.pk]))
        assertNotContains(client.get(reverse("branch_meetings")), "You plan to attend</span>")
        assertRedirects(client.get(reverse("visit_plan", args=[meeting.pk]) + "?show=final"), back)

    def test_a_refusal_is_told(self, client, meeting, deputy, alice):
        scheduling.cancel(meeting=meeting, reason="Ill", by=alice, now=BEFORE)
        client.force_login(deputy)
        response = client.post(reverse("visit_plan", args=[meeting.pk]), follow=True)
        assertContains(response, "This meeting was called off.")

    def test_only_days_of_the_order_have_a_button(self, client, meetings, org):
        person = designee(org, date(2027, 1, 1), date(2027, 3, 1))
        client.force_login(person)
        page = client.get(reverse("branch_meetings"))
        assertContains(page, ">I plan to attend<", count=1)
        assertContains(page, "Your order does not cover this day", count=7)

    @pytest.mark.parametrize(
        ("asked", "shown"),
        [
            ("", 8),
            ("?month=2027-03", 1),
            ("?month=2031-03&program=x&show=y", 8),
            ("?show=final", 1),
            ("?show=mine", 2),
            ("?show=mine&month=2027-02", 1),
            ("?page=99", 8),
        ],
    )
    def test_what_is_chosen_is_shown(self, client, meetings, deputy, asked, shown):
        for meeting in meetings[:2]:
            visits.plan(meeting=meeting, by=deputy, now=BEFORE)
        client.force_login(deputy)
        page = client.get(reverse("branch_meetings") + asked)
        assert page.context["page"].paginator.count == shown

    def test_two_at_the_same_hour_are_asked_about(self, client, meetings, other_team, people, deputy):
        """Still possible by a second press; what only touches is no question."""
        theirs = laying_out.lay_out_meetings(team=other_team, by=None, now=NOW)
        to = When(theirs[1].date, scheduling.time(11), 120)
        scheduling.move(meeting=theirs[1], to=to, by=people.dora.user, now=BEFORE)
        for meeting in meetings[:2]:
            visits.plan(meeting=meeting, by=deputy, now=BEFORE)
        client.force_login(deputy)
        page = client.post(reverse("visit_plan", args=[theirs[0].pk]) + "?show=final", follow=True)
        assertContains(page, "You plan to be with Team 1 at that time.")
        assert not theirs[0].visits.exists()
        page = client.get(reverse("branch_meetings") + f"?sure={theirs[0].pk}")
        assertContains(page, 'name="both" value="yes"', count=1)
        client.post(reverse("visit_plan", args=[theirs[0].pk]), {"both": "yes"})
        client.post(reverse("visit_plan", args=[theirs[1].pk]))
        assert theirs[0].visits.count() == theirs[1].visits.count() == 1

    def test_behind_us_says_what_was_attended(self, client, meetings, people, deputy, alice):
        """M12: the latest first, nothing to plan."""
        for meeting, visitors in ((meetings[0], [deputy]), (meetings[1], [])):
            marks = {people.alice: "present"}
            now = noon(meeting.date)
            attendance.take_attendance(meeting=meeting, marks=marks, visitors=visitors, by=alice, now=now)
        with at(noon(meetings[2].date) + timedelta(days=1)):
            client.force_login(deputy)
            page = client.get(reverse("branch_meetings") + "?show=behind")
        assert list(page.context["page"].object_list) == [meetings[2], meetings[1], meetings[0]]
        assertContains(page, "You attended", count=1)
        assertContains(page, "No visit was recorded", count=2)
        assertNotContains(page, ">I plan to attend<")

    def test_until_its_end_nothing_is_said_to_be_missing(self, client, meeting, people, deputy, alice):
        """M12: attendance may be taken when it begins, before whoever visits has come."""
        begins = meeting.starts_at
        marks = {people.alice: "present"}
        attendance.take_attendance(meeting=meeting, marks=marks, visitors=[], by=alice, now=begins)
        for moment, words in ((begins, "Not recorded yet"), (meeting.ends_at, "No visit was recorded")):
            with at(moment):
                client.force_login(deputy)
                assertContains(client.get(reverse("branch_meetings") + "?show=behind"), words)

    def test_attendance_ticks_who_planned_until_it_is_taken(self, client, meeting, people, deputy, alice):
        """M12"""
        visits.plan(meeting=meeting, by=deputy, now=BEFORE)
        address = reverse("meeting_attendance", args=[meeting.pk])
        with at(noon(meeting.date)):
            client.force_login(alice)
            assert client.get(address).context["form"].initial["visitors"] == [str(deputy.pk)]
            marks = {people.alice: "present"}
            attendance.take_attendance(
                meeting=meeting, marks=marks, visitors=[], by=alice, now=noon(meeting.date)
            )
            assert client.get(address).context["form"].initial["visitors"] == []

    def test_with_everybody_who_planned_is_there_too(self, client, meeting, people, deputy, alice):
        """M12: one press says what the form would have said, and names the visitor."""
        visits.plan(meeting=meeting, by=deputy, now=BEFORE)
        with at(noon(meeting.date)):
            client.force_login(alice)
            address = reverse("meeting_attendance", args=[meeting.pk])
            page = client.post(address, {"everybody": "yes"}, follow=True)
        assertContains(page, f"Attendance is saved. {deputy} too.")
        assert list(meeting.visitors.all()) == [deputy]

    def test_the_office_reads_who_comes_and_who_came(
        self, client, meeting, people, deputy, alice, branch_officer
    ):
        """M12: before, who is expected, and no act that is refused; afterwards who was there."""
        visits.plan(meeting=meeting, by=deputy, now=BEFORE)
        address = reverse("office_meeting", args=[meeting.pk])
        client.force_login(branch_officer)
        page = client.get(address)
        assertContains(page, "<h1>Team 1: meeting 1, Introduction to Program</h1>", html=True)
        assertContains(page, f"The branch deputy, {deputy}, plans to attend.")
        assertContains(page, "Who is expected")
        assertNotContains(page, "Who was there")
        assertNotContains(page, "Correct or excuse")
        marks, now = {people.alice: "present"}, noon(meeting.date)
        attendance.take_attendance(meeting=meeting, marks=marks, visitors=[deputy], by=alice, now=now)
        with at(now):
            client.force_login(branch_officer)
            page = client.get(address)
        assertContains(page, f"Visitors from the branch: {deputy}.")
        assertContains(page, "Who was there")

    def test_by_program(self, client, meetings, program, branch, deputy):
        other = factories.cohort(program, branch, name="Other")
        client.force_login(deputy)
        counts = [
            client.get(reverse("branch_meetings") + f"?program={pk}").context["page"].paginator.count
            for pk in (meetings[0].cohort_id, other.pk)
        ]
        assert counts == [8, 0]

    def test_today_first(self, client, meetings, deputy):
        with at(noon(meetings[1].date)):
            client.force_login(deputy)
            page = client.get(reverse("branch_meetings"))
        assert page.context["page"].object_list[0] == meetings[1]
        assertContains(page, '<span class="tag">Today</span>', count=1)

    def test_as_many_queries_for_three_teams_as_for_one(
        self, client, meetings, cohort, branch_officer, deputy, org, django_assert_max_num_queries
    ):
        Cohort.objects.update(seats=40)
        person = designee(org, meetings[0].date, meetings[0].date)
        visits.plan(meeting=meetings[0], by=person, now=BEFORE)
        client.force_login(deputy)
        before = queries(django_assert_max_num_queries, client, reverse("branch_meetings"))
        for _ in range(2):
            members = [factories.participant(cohort) for _ in range(3)]
            team = factories.confirmed_team(cohort, members, by=branch_officer)
            first = laying_out.lay_out_meetings(team=team, by=None, now=NOW)[0]
            visits.plan(meeting=first, by=person, now=BEFORE)
        assert queries(django_assert_max_num_queries, client, reverse("branch_meetings")) == before


@pytest.mark.usefixtures("early")
class TestBriefing:
    @pytest.fixture
    def told(self, people):
        """What Alice shares and Bob does not."""
        for person, kind, text, audience in (
            (people.alice, "outcome", "Forms take ten minutes now.", "program"),
            (people.alice, "update", "The first update.", "program"),
            (people.alice, "update", "The second update.", "program"),
            (people.alice, "update", "SECRET update", "supervisor"),
            (people.bob, "outcome", "SECRET outcome", "team"),
        ):
            project.save(
                participant=person, kind=kind, text=text, audience=audience, by=person.user, now=BEFORE
            )
        project.save(
            participant=people.alice,
            kind="milestone",
            text="A pilot",
            audience="program",
            due_date=date(2027, 3, 1),
            by=people.alice.user,
            now=BEFORE,
        )

    def brief(self, client, meeting, deputy):
        client.force_login(deputy)
        return client.get(reverse("branch_briefing", args=[meeting.pk]))

    def test_of_a_meeting_called_off_has_no_agenda_and_leads_to_where_it_went(
        self, client, both, join, apart, team, other_team, deputy
    ):
        own = both[0][0]
        joint = join()
        with time_machine.travel(BEFORE, tick=False):
            page = self.brief(client, own, deputy)
            assertContains(page, f'<a href="{reverse("branch_briefing", args=[joint.pk])}">Team 1, Team 2 on')
            apart()
            page = self.brief(client, joint, deputy)
        assertNotContains(page, "Agenda for all teams")
        assertNotContains(page, "briefing-agenda")
        for each, rows in zip((team, other_team), both, strict=True):
            assertContains(page, f'<a href="{reverse("branch_briefing", args=[rows[0].pk])}">{each} on')

    def test_after_the_meeting_says_who_was_there(self, client, meetings, people, deputy, alice):
        visits.plan(meeting=meetings[0], by=deputy, now=BEFORE)
        with time_machine.travel(BEFORE, tick=False):
            assertContains(self.brief(client, meetings[0], deputy), "plans to attend")
        after = noon(meetings[0].date)
        with time_machine.travel(after, tick=False):
            assertNotContains(self.brief(client, meetings[0], deputy), "Visit</dt>")
            attendance.take_attendance(
                meeting=meetings[0], marks={people.alice: "present"}, visitors=[deputy], by=alice, now=after
            )
            page = self.brief(client, meetings[0], deputy)
        assertNotContains(page, "plans to attend")
        assertContains(page, f"Visitors from the branch: {deputy}.")

    def test_the_frame_the_people_and_what_they_share(self, client, meetings, people, told, deputy, alice):
        """M12: in the frame, place and link, the competency with its skills, clock times without names."""
        where = Where("Room 12", Meeting.Mode.MIXED, "https://example.org/join")
        scheduling.set_place(meeting=meetings[1], where=where, by=alice, now=BEFORE)
        page = self.brief(client, meetings[1], deputy)
        for text in ("Room 12", "https://example.org/join", "team leadership", "Forms take ten minutes now."):
            assertContains(page, text)
        (team,) = page.context["teams"]
        assert [str(row.participant) for row in team.people] == [
            "Alice Example",
            "Bob Example",
            "Charlie Example",
        ]
        (projects, competency) = team.blocks
        assert (f"{projects.starts:%H:%M}", projects.turns, f"{competency.ends:%H:%M}") == (
            "09:00",
            3,
            "11:00",
        )
        assertContains(page, "Not shown here:")

    def test_nothing_else(self, client, meetings, team, people, told, deputy, alice):
        """M16, M17"""
        marks = {people.alice: "present", people.bob: "absent"}
        attendance.take_attendance(meeting=meetings[0], marks=marks, by=alice, now=noon(meetings[0].date))
        notes.save_update(
            meeting=meetings[1], team=team, texts={"status": "SECRET status"}, by=alice, now=BEFORE
        )
        notes.write(
            meeting=meetings[1],
            team=team,
            kind="advice",
            about=people.bob,
            text="SECRET",
            by=alice,
            now=BEFORE,
        )
        scheduling.move(
            meeting=meetings[1],
            to=When(date(2027, 3, 18), scheduling.time(9), 120),
            by=alice,
            now=BEFORE,
            reason="SECRET reason",
        )
        for meeting in meetings[:2]:
            page = self.brief(client, meeting, deputy)
            assertNotContains(page, "SECRET")
            assertNotContains(page, "Not there")

    def test_of_an_extra_meeting_not_even_the_title(self, client, team, deputy, alice):
        extra = scheduling.add_extra(
            team=team,
            when=When(date(2027, 3, 4), scheduling.time(9), 60),
            where=Where(),
            title="About my conflict",
            by=alice,
            now=BEFORE,
        )
        page = self.brief(client, extra, deputy)
        assertContains(page, "Extra meeting")
        assertNotContains(page, "conflict")

    def test_shared_is_what_was_shared(self, people, told, django_assert_num_queries):
        everybody = [people.alice, people.bob, people.charlie]
        with django_assert_num_queries(1):
            found = briefing.shared_by(everybody)
        assert found == {
            people.alice.pk: [
                briefing.Shared("Outcome", "Forms take ten minutes now."),
                briefing.Shared("Milestone by Monday, March 1, 2027", "A pilot"),
                briefing.Shared("Latest update", "The second update."),
            ],
            people.bob.pk: [],
            people.charlie.pk: [],
        }

    @pytest.mark.parametrize("who", ["supervisor", "director", "branch_officer", "alice", "administrator"])
    def test_for_nobody_but_the_deputy(self, client, meeting, request, who):
        client.force_login(request.getfixturevalue(who))
        assert client.get(reverse("branch_briefing", args=[meeting.pk])).status_code == 404
