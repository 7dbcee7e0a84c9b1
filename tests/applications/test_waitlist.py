"""The waitlist: places for asking, never for merit; who was asked, and what they said (A11, M17, F3, T10)."""

from datetime import timedelta
from functools import partial
from html import unescape

import pytest
import time_machine
from django.core import mail
from django.urls import reverse

from applications import waitlist, workflow
from applications.models import Application, SeatOffer
from coaching import cohorts, enrollment, outbox
from coaching.models import AuditEvent, Cohort
from coaching.permissions import NotYourCohort
from tests import factories
from tests.applications.counting import queries
from tests.applications.factories import accepted, at_deputy, choose, decide, draft, release, submitted
from tests.applications.reading import another, words
from tests.clock import NOW, TODAY

Status = Application.Status
pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("frozen")]


@pytest.fixture(scope="class")
def kept_three(cast_of_class, django_db_blocker) -> list[Application]:
    """On the waitlist in this order, and no seat is free."""
    org, supervisor, cohort = cast_of_class.org, cast_of_class.supervisor, cast_of_class.cohort
    with django_db_blocker.unblock(), time_machine.travel(NOW, tick=False):
        people = [another(org, supervisor, name) for name in ("Zoe First", "Mia Second", "Ada Third")]
        made = [at_deputy(person, cohort) for person in people]
        for application in made:
            decide(application, org.deputy, "waitlisted")
            application.refresh_from_db()
        fill(cohort)
    return made


@pytest.fixture
def three(kept_three, fresh) -> list[Application]:
    return fresh(kept_three)


def fill(cohort) -> None:
    while enrollment.seats_taken(cohort) < cohort.seats:
        factories.participant(cohort)


def free_a_seat(cohort) -> None:
    participant = cohort.participants.exclude(status="left").first()
    enrollment.leave(participant=participant, by=participant.user, reason="Moved.", now=NOW)


def names(cohort) -> list[str]:
    return [
        each.applicant.name.split()[1] for each in waitlist.waitlisted(cohort).select_related("applicant")
    ]


def the_list(cohort) -> waitlist.Waitlist:
    return waitlist.waitlists(Cohort.objects.filter(pk=cohort.pk))[0]


def ask(application, by, **fields):
    return waitlist.ask(application=application, by=by, **{"asked_date": TODAY, "now": NOW, **fields})


def answer(application, by, *, wants: bool):
    return waitlist.answer(application=application, wants=wants, by=by, now=NOW)


class TestMails:
    def sent(self) -> list[tuple[str, str]]:
        mail.outbox.clear()
        outbox.deliver_due(now=NOW + timedelta(minutes=1))
        return [(letter.to[0].split(".")[0], letter.subject) for letter in mail.outbox]

    def test_whoever_answered_gets_a_receipt_for_each_answer(self, three, branch_officer, cohort):
        free_a_seat(cohort)
        ask(three[0], branch_officer)
        self.sent()
        answer(three[0], branch_officer, wants=True)
        answer(three[0], branch_officer, wants=True)
        assert self.sent() == [("zoe", f"You want the free seat in the {cohort}")]
        assert "The branch deputy now decides" in mail.outbox[0].body
        self.answer_later(three[0], branch_officer, wants=False)
        assert self.sent() == [("zoe", f"You stay on the waitlist for the {cohort}")]
        assert "you do not want it now. If that is wrong" in mail.outbox[0].body

    def answer_later(self, application, by, *, wants: bool) -> None:
        waitlist.answer(application=application, wants=wants, by=by, now=NOW + timedelta(seconds=1))

    def test_an_answer_that_changed_before_the_mail_left_has_one_receipt(self, three, branch_officer, cohort):
        free_a_seat(cohort)
        ask(three[0], branch_officer)
        self.sent()
        answer(three[0], branch_officer, wants=True)
        self.answer_later(three[0], branch_officer, wants=False)
        assert self.sent() == [("zoe", f"You stay on the waitlist for the {cohort}")]

    def test_what_was_decided_meanwhile_has_no_receipt(self, three, branch_officer, deputy, cohort):
        free_a_seat(cohort)
        ask(three[0], branch_officer)
        self.sent()
        answer(three[0], branch_officer, wants=True)
        decide(three[0], deputy, "accepted")
        assert self.sent() == [("zoe", f"You are in: welcome to the {cohort}")]


class TestOrder:
    def test_whoever_is_new_stands_at_the_end(self, three, cohort):
        assert names(cohort) == ["First", "Second", "Third"]
        assert [each.waitlist_place for each in waitlist.waitlisted(cohort)] == [1, 2, 3]

    def test_up_and_down(self, three, branch_officer, cohort):
        first, _, third = three
        waitlist.move(application=third, up=True, by=branch_officer, now=NOW)
        assert names(cohort) == ["First", "Third", "Second"]
        waitlist.move(application=first, up=False, by=branch_officer, now=NOW)
        assert names(cohort) == ["Third", "First", "Second"]
        assert [each.waitlist_place for each in waitlist.waitlisted(cohort)] == [1, 2, 3]

    def test_beyond_the_ends_nothing_changes(self, three, branch_officer, cohort):
        waitlist.move(application=three[0], up=True, by=branch_officer, now=NOW)
        waitlist.move(application=three[2], up=False, by=branch_officer, now=NOW)
        assert names(cohort) == ["First", "Second", "Third"]
        assert not AuditEvent.objects.filter(action="waitlist.ordered").exists()

    def test_who_leaves_the_list_has_no_place(self, three, deputy, branch_officer, cohort):
        first, second, third = three
        workflow.withdraw(application=first, by=first.applicant, now=NOW)
        decide(second, deputy, "not_selected")
        for application in (first, second):
            application.refresh_from_db()
            assert application.waitlist_place is None
        assert names(cohort) == ["Third"]
        waitlist.move(application=third, up=True, by=branch_officer, now=NOW)
        assert names(cohort) == ["Third"]

    def test_by_others_is_refused(self, three, deputy, supervisor):
        for person in (deputy, supervisor, three[0].applicant):
            with pytest.raises(NotYourCohort):
                waitlist.move(application=three[2], up=True, by=person, now=NOW)


class TestAsking:
    def test_a_free_seat_names_who_is_next(self, three, cohort):
        assert the_list(cohort).in_words() == ""
        free_a_seat(cohort)
        assert the_list(cohort).in_words() == "1 seat is free. Next to ask: Zoe First."
        assert waitlist.next_to_ask(cohort) == three[0]

    def test_seats_that_are_added_count_too(self, three, branch_officer, cohort):
        cohorts.change_cohort(cohort=cohort, values={"seats": cohort.seats + 2}, by=branch_officer, now=NOW)
        assert the_list(cohort).in_words() == "2 seats are free. Next to ask: Zoe First."

    def test_asked_waiting_and_yes(self, three, branch_officer, cohort):
        free_a_seat(cohort)
        ask(three[0], branch_officer)
        assert (
            the_list(cohort).in_words()
            == "1 seat is free. Zoe First was asked on November 23, 2026 and has not answered."
        )
        answer(three[0], branch_officer, wants=True)
        assert the_list(cohort).in_words() == (
            "1 seat is free. Zoe First was asked on November 23, 2026 and wants the seat. The deputy accepts whoever wants "
            "it."
        )
        assert waitlist.next_to_ask(cohort) is None

    def test_a_no_stays_on_the_list_at_its_end(self, three, branch_officer, cohort):
        """F3: only they themselves take their application back."""
        free_a_seat(cohort)
        ask(three[0], branch_officer)
        answer(three[0], branch_officer, wants=False)
        three[0].refresh_from_db()
        assert three[0].status == Status.WAITLISTED
        assert names(cohort) == ["Second", "Third", "First"]
        assert waitlist.next_to_ask(cohort) == three[1]

    def test_a_yes_can_become_a_no_and_they_can_be_asked_again(self, three, branch_officer, cohort):
        free_a_seat(cohort)
        ask(three[0], branch_officer)
        answer(three[0], branch_officer, wants=True)
        answer(three[0], branch_officer, wants=False)
        for application in three[1:]:
            ask(application, branch_officer)
            answer(application, branch_officer, wants=False)
        ask(three[0], branch_officer)
        assert three[0].seat_offers.count() == 2

    def test_a_no_can_become_a_yes(self, three, branch_officer, cohort):
        """A slip is put right: nobody has to be asked again."""
        free_a_seat(cohort)
        ask(three[0], branch_officer)
        answer(three[0], branch_officer, wants=False)
        again = answer(three[0], branch_officer, wants=True)
        assert SeatOffer.objects.get() == again
        assert again.answer == "yes"
        assert names(cohort) == ["Second", "Third", "First"]
        assert waitlist.next_to_ask(cohort) is None

    def test_a_no_that_becomes_a_yes_after_the_next_was_asked_is_told(self, three, branch_officer, cohort):
        free_a_seat(cohort)
        ask(three[0], branch_officer)
        answer(three[0], branch_officer, wants=False)
        ask(three[1], branch_officer)
        answer(three[0], branch_officer, wants=True)
        assert the_list(cohort).in_words() == (
            "1 seat is free. Mia Second was asked on November 23, 2026 and has not answered. Zoe First was asked on "
            "November 23, 2026 and wants the seat. Not everybody who was asked can have one: the branch office tells them, "
            "or adds seats."
        )

    def test_twice_is_once(self, three, branch_officer, cohort):
        free_a_seat(cohort)
        assert ask(three[0], branch_officer) == ask(three[0], branch_officer)
        for wants in (True, False):
            assert answer(three[0], branch_officer, wants=wants) == answer(
                three[0], branch_officer, wants=wants
            )
        assert SeatOffer.objects.count() == 1
        assert AuditEvent.objects.filter(action="waitlist.asked").count() == 1
        assert AuditEvent.objects.filter(action="waitlist.answered").count() == 2

    def test_without_a_free_seat_is_refused(self, three, branch_officer):
        with pytest.raises(waitlist.NotNext, match="No seat is free"):
            ask(three[0], branch_officer)

    def test_more_people_than_seats_are_not_asked(self, three, branch_officer, cohort):
        free_a_seat(cohort)
        ask(three[0], branch_officer)
        with pytest.raises(waitlist.NotNext, match="No seat is free that is not offered"):
            ask(three[1], branch_officer)

    def test_out_of_order_is_refused(self, three, branch_officer, cohort):
        free_a_seat(cohort)
        with pytest.raises(waitlist.NotNext, match="Zoe First is to be asked first"):
            ask(three[1], branch_officer)

    def test_on_a_day_that_lies_ahead_is_refused(self, three, branch_officer, cohort):
        free_a_seat(cohort)
        with pytest.raises(waitlist.WrongDay, match="cannot lie ahead"):
            ask(three[0], branch_officer, asked_date=TODAY + timedelta(days=1))

    def test_before_somebody_was_waitlisted_is_refused(self, three, branch_officer, cohort):
        free_a_seat(cohort)
        with pytest.raises(waitlist.WrongDay, match="on the waitlist since November 23, 2026"):
            ask(three[0], branch_officer, asked_date=TODAY - timedelta(days=1))

    def test_the_day_is_corrected_by_recording_it_again(self, three, branch_officer, cohort):
        free_a_seat(cohort)
        later = {"now": NOW + timedelta(days=5)}
        ask(three[0], branch_officer, asked_date=TODAY + timedelta(days=4), **later)
        ask(three[0], branch_officer, asked_date=TODAY + timedelta(days=3), **later)
        ask(three[0], branch_officer, asked_date=TODAY + timedelta(days=3), **later)
        assert SeatOffer.objects.get().asked_date == TODAY + timedelta(days=3)
        assert AuditEvent.objects.filter(action="waitlist.asked").count() == 2

    def test_an_answer_without_asking_is_refused(self, three, branch_officer):
        with pytest.raises(waitlist.NotAsked):
            answer(three[0], branch_officer, wants=True)

    def test_by_others_is_refused(self, three, deputy, cohort):
        free_a_seat(cohort)
        with pytest.raises(NotYourCohort):
            ask(three[0], deputy)
        with pytest.raises(NotYourCohort):
            answer(three[0], deputy, wants=True)

    def test_the_deputy_accepts_from_the_waitlist(self, three, deputy, branch_officer, cohort):
        free_a_seat(cohort)
        ask(three[0], branch_officer)
        answer(three[0], branch_officer, wants=True)
        choose(three[0], deputy)
        release(cohort, deputy)
        three[0].refresh_from_db()
        assert (three[0].status, three[0].waitlist_place) == (Status.ACCEPTED, None)
        assert the_list(cohort).in_words() == ""


class TestPromised:
    """M17: the waitlist ranks nobody, so that passing somebody over is no error; but it is said before."""

    WANTS = "Zoe First was asked on November 23, 2026 and wants the seat."

    @pytest.fixture
    def promised(self, three, branch_officer, cohort) -> list[Application]:
        """One seat, which the first wants."""
        free_a_seat(cohort)
        ask(three[0], branch_officer)
        answer(three[0], branch_officer, wants=True)
        return three

    def read(self, client, user, name: str, *args: object, query: str = "") -> str:
        client.force_login(user)
        return words(client.get(reverse(name, args=args) + query))

    def test_the_board_says_who_was_asked_and_what_they_said(self, client, promised, deputy, cohort):
        board = self.read(client, deputy, "selection", cohort.pk)
        assert board.count("Asked on November 23, 2026: <strong>wants the seat</strong>") == 1

    def test_choosing_another_warns(self, client, promised, deputy, cohort):
        query = f"?application={promised[2].pk}"
        told = f"{self.WANTS} If you accept Ada Third, no seat is left."
        assert told in self.read(client, deputy, "selection_choose", cohort.pk, query=query)
        assert told in self.read(client, deputy, "approval", promised[2].pk)

    def test_choosing_several_counts_them_all(self, client, promised, deputy, cohort):
        cohort.seats += 1
        cohort.save()
        query = f"?application={promised[1].pk}&application={promised[2].pk}"
        told = f"{self.WANTS} If you accept all of these, no seat is left."
        assert told in self.read(client, deputy, "selection_choose", cohort.pk, query=query)

    def test_whoever_wants_it_is_chosen_without_a_warning(self, client, promised, deputy, cohort):
        query = f"?application={promised[0].pk}"
        shown = self.read(client, deputy, "selection_choose", cohort.pk, query=query)
        assert "Asked on November 23, 2026: <strong>wants the seat</strong>" in shown
        assert "seat is left" not in shown
        choose(promised[0], deputy)
        assert "seat is left" not in self.read(client, deputy, "selection_release", cohort.pk)

    def test_a_seat_that_stays_is_no_warning(self, client, promised, deputy, cohort):
        cohort.seats += 1
        cohort.save()
        choose(promised[2], deputy)
        shown = self.read(client, deputy, "selection_release", cohort.pk)
        assert f'alert-info"><p>{self.WANTS} After this release 1 seat is left.' in shown

    def test_releasing_warns_and_the_list_then_says_what_stands(self, client, promised, deputy, cohort):
        choose(promised[2], deputy)
        shown = self.read(client, deputy, "selection_release", cohort.pk)
        assert f'alert-warning"><p>{self.WANTS} After this release no seat is left.' in shown
        release(cohort, deputy)
        assert the_list(cohort).in_words() == (
            f"No seat is free. {self.WANTS} Not everybody who was asked can have one: the branch office tells them, or adds "
            "seats."
        )

    def test_an_applicant_who_decides_reads_nothing_about_themselves(self, promised, cohort):
        """A9, T10."""
        told = waitlist.promised(cohort, left=0, beside=[], without=promised[0].applicant)
        assert told is None

    def test_who_decides_about_the_deputy_alone_reads_nobodys_name(
        self, client, promised, deputy, superintendent, cohort
    ):
        """A9, M17."""
        own = submitted(deputy, cohort)
        query = f"?application={own.pk}"
        read = partial(self.read, client, superintendent)
        pages = [read("approval", own.pk), read("selection_choose", cohort.pk, query=query)]
        choose(own, superintendent)
        pages.append(read("selection_release", cohort.pk))
        for page in pages:
            assert deputy.name in page
            assert "Zoe First" not in page

    def test_queries_do_not_grow_with_people(self, client, promised, branch_officer, deputy, cohort):
        choose(promised[2], deputy)
        client.force_login(deputy)
        pages = [reverse("selection_release", args=[cohort.pk])]
        pages += [reverse("selection_choose", args=[cohort.pk]) + f"?application={promised[2].pk}"]
        for page in pages:
            client.get(page)
        one = [queries(client, page) for page in pages]
        cohort.seats += 1
        cohort.save()
        ask(promised[1], branch_officer)
        assert [queries(client, page) for page in pages] == one


def address(cohort, name="cohort_waitlist", application=None) -> str:
    return reverse(name, args=[cohort.pk, application.pk] if application else [cohort.pk])


def read(client, user, cohort) -> str:
    client.force_login(user)
    return unescape(client.get(address(cohort)).content.decode())


class TestPage:
    def test_buttons_move_without_javascript(self, client, three, branch_officer, cohort):
        client.force_login(branch_officer)
        client.post(address(cohort, "waitlist_move", three[1]), {"direction": "up"})
        assert names(cohort) == ["Second", "First", "Third"]
        client.post(address(cohort, "waitlist_move", three[1]), {"direction": "down"})
        assert names(cohort) == ["First", "Second", "Third"]

    def test_asking_and_the_answer_are_written_down(self, client, three, branch_officer, cohort):
        free_a_seat(cohort)
        assert "Record that you asked" in read(client, branch_officer, cohort)
        client.post(address(cohort, "waitlist_asked", three[0]), {"asked_date": f"{TODAY}"})
        shown = read(client, branch_officer, cohort)
        assert "Asked on November 23, 2026 by Bo Branchoffice" in shown
        client.post(address(cohort, "waitlist_answer", three[0]), {"answer": "yes"})
        assert "Wants the seat" in read(client, branch_officer, cohort)
        client.post(address(cohort, "waitlist_answer", three[0]), {"answer": "no"})
        assert "does not want it now" in read(client, branch_officer, cohort)

    @pytest.mark.parametrize(
        ("name", "field"), [("waitlist_answer", "answer"), ("waitlist_move", "direction")]
    )
    @pytest.mark.parametrize("value", ["", "bogus"])
    def test_what_no_button_says_writes_nothing_down(
        self, client, three, branch_officer, cohort, name, field, value
    ):
        free_a_seat(cohort)
        ask(three[0], branch_officer)
        client.force_login(branch_officer)
        client.post(address(cohort, name, three[0]), {field: value})
        assert names(cohort) == ["First", "Second", "Third"]
        assert SeatOffer.objects.get().answer == ""

    def test_a_day_that_is_none_is_refused(self, client, three, branch_officer, cohort):
        free_a_seat(cohort)
        client.force_login(branch_officer)
        for nonsense in ("", "tomorrow"):
            answered = client.post(
                address(cohort, "waitlist_asked", three[0]), {"asked_date": nonsense}, follow=True
            )
            assert "Say on which day you asked." in answered.content.decode()
        assert not SeatOffer.objects.exists()

    def test_a_refusal_is_told(self, client, three, branch_officer, cohort):
        client.force_login(branch_officer)
        data = {"asked_date": TODAY.isoformat()}
        answered = client.post(address(cohort, "waitlist_asked", three[0]), data, follow=True)
        assert "No seat is free" in answered.content.decode()

    def test_the_deputy_reads_it_and_keeps_no_order(self, client, three, deputy, cohort):
        shown = read(client, deputy, cohort)
        assert "Zoe First" in shown
        assert "Ask later" not in shown
        moved = client.post(address(cohort, "waitlist_move", three[0]), {"direction": "down"})
        assert moved.status_code == 404

    def test_each_answer_says_what_it_does_and_can_be_changed(self, client, three, branch_officer, cohort):
        free_a_seat(cohort)
        ask(three[0], branch_officer)
        says_no = "Zoe First stays on the waitlist, moves to its end and gets a mail"
        says_yes = "Zoe First gets a mail that says so, and the deputy can accept them."
        shown = read(client, branch_officer, cohort)
        assert says_no in shown
        assert says_yes in shown
        answer(three[0], branch_officer, wants=False)
        shown = read(client, branch_officer, cohort)
        assert says_no not in shown
        assert f"{says_yes} The place on the list stays as it is now. You" in shown
        ask(three[1], branch_officer)
        assert "No seat is free that is not offered to somebody else." in read(client, branch_officer, cohort)
        answer(three[0], branch_officer, wants=True)
        shown = read(client, branch_officer, cohort)
        assert says_no in shown
        assert says_yes not in shown

    def test_says_the_reason_that_was_given(self, client, three, branch_officer, deputy, cohort):
        for reader in (branch_officer, deputy):
            shown = read(client, reader, cohort)
            assert shown.count("Waitlisted on November 23, 2026:") == 3
            assert "All seats are taken." in shown

    def test_the_applicant_reads_what_was_asked_and_answered(self, client, three, branch_officer, cohort):
        """A11."""

        def shown() -> str:
            client.force_login(three[0].applicant)
            return words(client.get(reverse("application", args=[three[0].pk])))

        nothing = "You need not do anything."
        assert nothing in shown()
        free_a_seat(cohort)
        ask(three[0], branch_officer)
        asked = "the branch office asked you on Monday, November 23, 2026 whether you still want one."
        assert f"{asked} It has not written down an answer yet." in shown()
        answer(three[0], branch_officer, wants=True)
        assert f"{asked} It has written down that <strong>you want it</strong>." in shown()
        answer(three[0], branch_officer, wants=False)
        assert f"{asked} It has written down that <strong>you do not want it now</strong>." in shown()
        assert nothing not in shown()

    def test_no_applicant_is_told_a_place(self, client, three, branch_officer, cohort):
        """M17, A11: the reason, and that somebody writes."""
        for number, application in enumerate(three, start=1):
            client.force_login(application.applicant)
            assert client.get(address(cohort)).status_code == 404
            shown = client.get(reverse("application", args=[application.pk])).content.decode()
            assert "You are on the waitlist" in shown
            assert f"place {number}" not in shown.lower()


class TestNobodyYet:
    def test_of_somebody_who_is_not_on_it_is_refused(self, applicant, branch_officer, cohort):
        with pytest.raises(waitlist.NotOnWaitlist, match="accepted"):
            waitlist.move(application=accepted(applicant, cohort), up=True, by=branch_officer, now=NOW)

    def test_an_empty_one(self, client, branch_officer, applicant, cohort):
        draft(applicant, cohort)
        assert "Nobody is on the waitlist" in read(client, branch_officer, cohort)

    def test_queries_do_not_grow_with_people(self, client, org, supervisor, deputy, branch_officer, cohort):
        decide(at_deputy(another(org, supervisor, "One Person"), cohort), deputy, "waitlisted")
        client.force_login(branch_officer)
        client.get(address(cohort))
        one = queries(client, address(cohort))
        for number in range(2):
            decide(at_deputy(another(org, supervisor, f"More {number}"), cohort), deputy, "waitlisted")
        assert queries(client, address(cohort)) == one
        assert one <= 12
