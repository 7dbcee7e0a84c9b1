"""A supervisor's input on the project when the participant asks for it (M14)."""

from datetime import UTC, datetime, timedelta

import pytest
import time_machine
from django.core import mail
from django.db import IntegrityError, transaction
from django.urls import reverse
from pytest_django.asserts import assertContains, assertNotContains

from coaching import outbox
from coaching.enrollment import leave
from coaching.models import AuditEvent, AuditPayload, Message, User
from coaching.site.home import cards_for
from meetings import due, growth, inputs, notes, project, vault
from meetings.models import SupervisorInput
from tests import factories
from tests.meetings.conftest import noon

pytestmark = pytest.mark.usefixtures("plain_not_found", "running")
QUESTION, ANSWER = "Whom should I ask?", "Ask Dana first."
DURING = datetime(2027, 4, 10, 20, 0, tzinfo=UTC)  # the program runs from February to September
LAST_DAY = datetime(2027, 9, 30, 20, 0, tzinfo=UTC)


@pytest.fixture(autouse=True)
def running():
    with time_machine.travel(DURING, tick=False):
        yield


@pytest.fixture(autouse=True)
def supervised(people, supervisor):
    User.objects.filter(pk=people.alice.user_id).update(supervisor=supervisor)
    people.alice.refresh_from_db()


@pytest.fixture
def ask(people):
    def asked(question=QUESTION, *, by=None, now=DURING):
        return inputs.ask(participant=people.alice, question=question, by=by or people.alice.user, now=now)

    return asked


@pytest.fixture
def answer(supervisor):
    def answered(row, text=ANSWER, *, by=None, now=DURING):
        return inputs.answer(row=row, text=text, by=by or supervisor, now=now)

    return answered


def told(participant) -> list[tuple[str, str]]:
    return [(each.question, each.answer) for each in inputs.of(participant)]


def sent() -> list[tuple[str, str]]:
    outbox.deliver_due(now=DURING)
    return [(each.to[0].split("<")[-1].strip(">"), each.subject) for each in mail.outbox]


# Between the two


def test_asked_answered_and_read(ask, answer, people, supervisor):
    row = ask()
    assert told(people.alice) == [(QUESTION, "")]
    answer(row)
    assert told(people.alice) == [(QUESTION, ANSWER)]
    again = ask("And whom next?")
    answer(again, "Sam.")
    assert told(people.alice) == [("And whom next?", "Sam."), (QUESTION, ANSWER)]
    assert [each.supervisor for each in (row, again)] == [supervisor, supervisor]


def test_each_is_told_once_by_mail_that_says_nothing_of_it(ask, answer, people, supervisor):
    row = ask()
    assert sent() == [(supervisor.email, "Alice Example asks for your input")]
    for text in (ANSWER, ANSWER, "Ask Sam."):
        answer(row, text)
    assert sent()[1:] == [(people.alice.user.email, "Sam Supervisor gave their input on your project")]
    assert not any(word in each.body for each in mail.outbox for word in ("Whom should", "Dana", "Faster"))


def test_taken_back_before_the_mail_left(ask, people):
    inputs.take_back(row=ask(), by=people.alice.user, now=DURING)
    assert sent() == []


def test_the_same_twice_is_one_and_another_waits(ask):
    assert ask() == ask(f" {QUESTION}\r\n")
    assert AuditEvent.objects.filter(action="input.asked").count() == 1
    with pytest.raises(inputs.CannotAsk, match="has not answered yet"):
        ask("Another question")
    second = SupervisorInput.objects.get()
    second.pk = None
    with pytest.raises(IntegrityError, match=r"participant|supervisorinput_one_open"), transaction.atomic():
        second.save()


def test_taken_back_once_while_it_is_unanswered(ask, answer, people):
    row = ask()
    for _ in range(2):
        assert inputs.take_back(row=row, by=people.alice.user, now=DURING).taken_back_at == DURING
    assert AuditEvent.objects.filter(action="input.taken_back").count() == 1
    assert told(people.alice) == []
    with pytest.raises(inputs.CannotAnswer, match="has taken the question back"):
        answer(row)
    other = answer(ask("Another"))
    with pytest.raises(inputs.CannotAsk, match="has answered meanwhile"):
        inputs.take_back(row=other, by=people.alice.user, now=DURING)


def test_changed_for_a_week(ask, answer):
    row = answer(ask())
    assert answer(row, "Ask Sam.", now=DURING + timedelta(days=7)).answered_at == DURING
    with pytest.raises(inputs.CannotAnswer, match="You could change it until Saturday, April 17, 2027"):
        answer(row, "Ask Sue.", now=DURING + timedelta(days=8))
    assert inputs.read(SupervisorInput.objects.get()).answer == "Ask Sam."


def test_through_the_months_of_the_program_only(ask, answer, people):
    with pytest.raises(inputs.CannotAsk, match="From Monday, February 1, 2027 on"):
        ask(now=datetime(2027, 1, 31, 20, 0, tzinfo=UTC))
    row, too_late = ask(now=LAST_DAY), LAST_DAY + timedelta(days=1)
    with pytest.raises(inputs.CannotAnswer, match="months are over"):
        answer(row, now=too_late)
    answer(row, now=LAST_DAY)
    with pytest.raises(inputs.CannotAsk, match="months are over"):
        ask("More?", now=too_late)


def test_without_a_supervisor_who_could_answer(ask, people, supervisor):
    User.objects.filter(pk=supervisor.pk).update(is_active=False)
    with pytest.raises(inputs.CannotAsk, match="No supervisor who could answer"):
        ask()
    User.objects.filter(pk=people.alice.user_id).update(supervisor=None)
    with pytest.raises(inputs.CannotAsk, match="No supervisor who could answer"):
        ask()


def test_it_belongs_to_whom_it_was_asked(client, ask, answer, people, director):
    """A supervisor who changes meanwhile: the earlier one answers, or it is taken back and asked anew."""
    row = ask()
    User.objects.filter(pk=people.alice.user_id).update(supervisor=director)
    with pytest.raises(inputs.NotYours):
        answer(row, by=director)
    answer(row)
    assert ask("And you?").supervisor == director
    name = row.supervisor
    assert inputs.read(row).readers == f"you and {name}. Your team only if you share it."
    client.force_login(people.alice.user)
    page = client.get(reverse("my_project", args=[people.alice.pk]))
    assertContains(page, f"you and {name}. Your team only if you share it.")
    inputs.share(row=row, shared=True, by=people.alice.user, now=DURING)
    page = client.get(reverse("my_project", args=[people.alice.pk]))
    assertContains(page, f"you, {name} and your team.")
    assertNotContains(page, "your supervisor and your team")


def test_nothing_and_too_much(ask, answer):
    with pytest.raises(inputs.CannotAsk, match="Shorten it to 4,000"):
        ask("a" * 4001)
    row = ask("")
    with pytest.raises(inputs.CannotAnswer, match="Write something first"):
        answer(row, " \n")


def test_by_nobody_else(ask, answer, people, bob, director, deputy, branch_officer, administrator):
    for user in (bob, director, deputy, branch_officer, administrator):
        with pytest.raises(inputs.NotYours):
            ask(by=user)
    row = ask()
    for user in (people.alice.user, bob, director, branch_officer):
        with pytest.raises(inputs.NotYours):
            answer(row, by=user)
    answer(row)
    for user in (bob, row.supervisor, branch_officer):
        with pytest.raises(inputs.NotYours):
            inputs.share(row=row, shared=True, by=user, now=DURING)
        with pytest.raises(inputs.NotYours):
            inputs.take_back(row=row, by=user, now=DURING)


def test_of_whoever_left(ask, answer, people, supervisor, client, team):
    row = answer(ask())
    inputs.share(row=row, shared=True, by=people.alice.user, now=DURING)
    leave(participant=people.alice, by=people.alice.user, reason="", now=DURING)
    people.alice.refresh_from_db()
    assert inputs.shared_with_team([people.alice]) == {}
    assert not inputs.asked_of(supervisor).exists()
    with pytest.raises(inputs.NotYours):
        answer(row, "More.")
    client.force_login(supervisor)
    page = reverse("input_answer", args=[row.pk])
    for shown in (client.get(page), client.post(page, {"text": "More."})):
        assertContains(shown, "Alice Example takes part in the")
        assertNotContains(shown, QUESTION)
        assertNotContains(shown, ANSWER)
    client.force_login(people.bob.user)
    assert client.get(page).status_code == 404


# Who else reads it, and how long


def test_the_team_reads_what_is_shared_with_it(ask, answer, people, team):
    row, alice = ask(), people.alice
    with pytest.raises(inputs.CannotAsk, match="no answer yet"):
        inputs.share(row=row, shared=True, by=alice.user, now=DURING)
    answer(row)
    assert inputs.shared_with_team([alice]) == {}
    for _ in range(2):
        inputs.share(row=row, shared=True, by=alice.user, now=DURING)
    assert [each.answer for each in inputs.shared_with_team([alice])[alice.pk]] == [ANSWER]
    assert AuditEvent.objects.filter(action="input.shared").count() == 1
    inputs.share(row=row, shared=False, by=alice.user, now=DURING)
    assert inputs.shared_with_team([alice]) == {}


def test_encrypted_for_its_row_and_part_and_in_no_trail(ask, answer):
    row = answer(ask())
    assert b"Whom" not in bytes(row.question)
    assert b"Dana" not in bytes(row.answer)
    assert not any("Dana" in str(each.data) for each in AuditPayload.objects.all())
    assert all(set(each.ids) <= {"asked", "given"} for each in Message.objects.all())
    row.question = row.answer
    with pytest.raises(vault.CannotRead, match="another row"):
        inputs.read(row)


def test_deleted_with_what_the_teams_wrote(cohort, ask):
    ask()
    day = notes.deleted_on(cohort)
    assert due.do_due(now=noon(day - timedelta(days=1)))["inputs_deleted"] == 0
    assert due.do_due(now=noon(day))["inputs_deleted"] == 1


@pytest.mark.parametrize(
    "change",
    [
        {"answered_at": DURING},
        {"is_shared": True},
        {"answer": b"x", "answered_at": DURING, "taken_back_at": DURING},
    ],
)
def test_the_database_keeps_what_belongs_together(ask, change):
    row = ask()
    with pytest.raises(IntegrityError, match=r"CHECK|supervisorinput"), transaction.atomic():
        SupervisorInput.objects.filter(pk=row.pk).update(**change)


# The pages


def test_the_pages_of_both(client, people, supervisor, bob, team):
    alice = people.alice.user
    mine = reverse("my_project", args=[people.alice.pk])
    project.save(
        participant=people.alice,
        kind="update",
        text="For the boss.",
        audience="supervisor",
        by=alice,
        now=DURING,
    )
    project.save(
        participant=people.alice, kind="update", text="For us.", audience="team", by=alice, now=DURING
    )
    client.force_login(alice)
    assertContains(client.get(mine), "Ask Sam Supervisor for input")
    answer = client.post(reverse("input_ask", args=[people.alice.pk]), {"question": QUESTION}, follow=True)
    assertContains(answer, "Sam Supervisor is told by mail that you ask for input.")
    assertContains(answer, "Take my question back")
    row = SupervisorInput.objects.get()
    client.force_login(supervisor)
    assertContains(client.get(reverse("employees")), reverse("input_answer", args=[row.pk]))
    page = client.get(reverse("input_answer", args=[row.pk]))
    assertContains(page, QUESTION)
    assertContains(page, "Faster permits")
    assertContains(page, "For the boss.")
    assertNotContains(page, "For us.")
    assert "no-store" in page["Cache-Control"]
    answer = client.post(reverse("input_answer", args=[row.pk]), {"text": ANSWER}, follow=True)
    assertContains(answer, "You can change it until April 17, 2027")
    client.force_login(bob)
    assertNotContains(client.get(reverse("meetings_team_projects", args=[team.pk])), ANSWER)
    client.force_login(alice)
    answer = client.post(reverse("input_share", args=[row.pk]), {"shared": "yes"}, follow=True)
    assertContains(answer, "No longer share it with my team")
    client.force_login(bob)
    assertContains(client.get(reverse("meetings_team_projects", args=[team.pk])), ANSWER)


def test_an_answer_typed_too_late_is_not_lost(client, people, supervisor, ask):
    row = ask()
    inputs.take_back(row=row, by=people.alice.user, now=DURING)
    client.force_login(supervisor)
    answer = client.post(reverse("input_answer", args=[row.pk]), {"text": "My long answer"})
    assertContains(answer, "My long answer")
    assertContains(answer, "has taken the question back")
    assertNotContains(answer, QUESTION)


def test_a_question_typed_in_vain_is_not_lost(client, people, ask):
    ask()
    client.force_login(people.alice.user)
    answer = client.post(reverse("input_ask", args=[people.alice.pk]), {"question": "Another question"})
    assertContains(answer, "Another question")
    assertContains(answer, "has not answered yet")


def test_an_earlier_supervisor_reads_what_was_shared_with_them_and_the_later_one_does_not(
    client, people, supervisor, director, ask
):
    """M17: nothing reaches a supervisor but what the participant shares, and they shared it with this one."""
    row = ask()
    alice = people.alice.user
    project.save(
        participant=people.alice,
        kind="update",
        text="For the boss.",
        audience="supervisor",
        by=alice,
        now=DURING,
    )
    User.objects.filter(pk=alice.pk).update(supervisor=director)
    for text in ("Also for the boss.", "Only for us."):
        audience = "team" if text == "Only for us." else "supervisor"
        project.save(
            participant=people.alice, kind="update", text=text, audience=audience, by=alice, now=DURING
        )
    client.force_login(supervisor)
    page = client.get(reverse("input_answer", args=[row.pk]))
    assertContains(page, QUESTION)
    for shown in (page, client.get(reverse("employees"))):
        assertContains(shown, "For the boss.")
        assertNotContains(shown, "Also for the boss.")
    client.force_login(director)
    shown = client.get(reverse("employees"))
    assertContains(shown, "Also for the boss.")
    assertNotContains(shown, "For the boss.")
    assertNotContains(shown, "Only for us.")
    assert client.get(reverse("input_answer", args=[row.pk])).status_code == 404


def test_the_home_page_of_the_supervisor(supervisor, ask, answer):
    def titles():
        return [card.title for card in cards_for(supervisor)]

    assert "Alice Example asks for your input" not in titles()
    row = ask()
    assert "Alice Example asks for your input" in titles()
    answer(row)
    assert "Alice Example asks for your input" not in titles()


@pytest.mark.parametrize("number", [1, 3])
def test_many_questions_take_as_many_queries_as_one(
    client, number, supervisor, cohort, django_assert_num_queries
):
    for each in range(number):
        user = factories.person(f"Employee {each}", supervisor=supervisor)
        inputs.ask(participant=factories.participant(cohort, user), question="", by=user, now=DURING)
    client.force_login(supervisor)
    client.get(reverse("employees"))
    with django_assert_num_queries(12):
        answer = client.get(reverse("employees"))
    assert len(answer.context["waiting"]) == number


def test_what_is_too_long_is_refused_in_the_words_of_its_act(ask, answer):
    row = ask()
    with pytest.raises(inputs.CannotAnswer, match="Shorten it to 4,000"):
        answer(row, "a" * 4001)
    inputs.take_back(row=row, by=row.participant.user, now=DURING)
    with pytest.raises(inputs.CannotAsk, match="Shorten it to 4,000"):
        ask("a" * 4001)


def test_taken_along_with_ones_own_writing(client, ask, answer, people, team):
    answer(ask())
    alice = people.alice.user
    steps = {each.pk: "glow" for each in growth.competencies(people.alice)}
    when = datetime(2027, 6, 10, 20, 0, tzinfo=UTC)
    growth.rate(participant=people.alice, moment="middle", steps=steps, by=alice, now=when)
    client.force_login(alice)
    address = reverse("meetings_own_writing", args=[people.alice.pk])
    text = client.get(address).content.decode()
    assert f"Asked Sam Supervisor on Saturday, April 10, 2027: {QUESTION}" in text
    assert f"Answer of Sam Supervisor: {ANSWER}" in text
    assert "in the middle: Glow" in text
    leave(participant=people.alice, by=alice, reason="", now=DURING)
    assert client.get(address).status_code == 404


def test_a_question_to_an_earlier_supervisor_is_closed_and_the_participant_told_once(
    client, ask, people, supervisor, outsider
):
    row = ask()
    assert due.do_due(now=DURING)["inputs_closed"] == 0
    User.objects.filter(pk=people.alice.user_id).update(supervisor=outsider)
    assert [due.do_due(now=DURING)["inputs_closed"] for _ in range(2)] == [1, 0]
    letters = Message.objects.filter(kind=inputs.CLOSED)
    assert [each.recipient for each in letters] == [people.alice.user]
    assert ("Your supervisor has changed") in [subject for _, subject in sent()]
    client.force_login(people.alice.user)
    page = client.get(reverse("my_project", args=[people.alice.pk]))
    assertContains(page, "Your supervisor changed before it was answered")
    assertContains(page, QUESTION)
    assertContains(page, f"Ask {outsider} for input")
    client.force_login(supervisor)
    assertContains(client.get(reverse("input_answer", args=[row.pk])), "has another supervisor now")
    people.alice.refresh_from_db()
    assert (
        inputs.ask(participant=people.alice, question=QUESTION, by=people.alice.user, now=DURING).supervisor
        == outsider
    )
