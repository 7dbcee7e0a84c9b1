"""What a team's members write for each other: M8, M10, M14 to M16, T7."""

from datetime import timedelta

import pytest
from django.core.exceptions import ImproperlyConfigured
from django.db import IntegrityError, transaction

from coaching.models import AuditEvent, AuditPayload, Message
from meetings import due, laying_out, notes, scheduling, vault
from meetings.checks import keys_are_there
from meetings.models import ActionItem, Note, TeamKey
from meetings.team_space import NotYourMeeting
from tests.clock import NOW
from tests.meetings.conftest import noon

pytestmark = pytest.mark.django_db

WORDS = {"status": "Drafted.", "success": "A pilot.", "problem": "", "question": "Who knows permits?"}
DUE = NOW.date() + timedelta(days=100)


@pytest.fixture
def update(meeting, team, alice):
    def save(texts=WORDS, *, at=meeting, by=alice, now=NOW):
        return notes.save_update(meeting=at, team=team, texts=texts, by=by, now=now)

    return save


@pytest.fixture
def advise(meeting, team, people, bob):
    def write(text="Ask the permit desk.", *, kind="advice", about=people.alice, by=bob, at=meeting, now=NOW):
        return notes.write(meeting=at, team=team, kind=kind, about=about, text=text, by=by, now=now)

    return write


@pytest.fixture
def agree(meeting, team, people, bob):
    def save(**values):
        usual = {
            "owner": people.alice,
            "what": "Call the desk",
            "how": "By phone",
            "due_date": DUE,
            "by": bob,
        }
        return notes.save_action(**{"meeting": meeting, "team": team, "now": NOW, **usual, **values})

    return save


def turn_of(meeting, team, participant) -> notes.Turn:
    members = list(notes.team_space.members_of(team))
    return next(turn for turn in notes.turns(meeting, team, members) if turn.member == participant)


class TestUpdates:
    def test_every_member_reads_it(self, update, meeting, team, people):
        """M15"""
        update()
        turn = turn_of(meeting, team, people.alice)
        assert turn.update.labelled == [
            ("Where my project stands", "Drafted."),
            ("What has worked", "A pilot."),
            ("What I want to ask you", "Who knows permits?"),
        ]

    def test_saved_again_it_replaces_the_earlier_one(self, update, meeting, people):
        first = update()
        assert update() == first
        assert AuditEvent.objects.filter(action="team_note.saved").count() == 1
        assert update({"status": "Done."}) == first
        assert notes.update_of(meeting, people.alice) == {"status": "Done."}

    def test_without_words_it_is_gone(self, update, meeting, people):
        update()
        assert update({"status": "  "}) is None
        assert update({}) is None
        assert notes.update_of(meeting, people.alice) == {}
        assert AuditEvent.objects.filter(action="team_note.deleted").count() == 1

    def test_last_months_words(self, update, meetings, team, people):
        update({"status": "January."})
        update({"status": "February."}, at=meetings[1])
        assert notes.last_update(meetings[0], team, people.alice) is None
        assert notes.last_update(meetings[2], team, people.alice).texts == {"status": "February."}

    def test_one_for_each_member_and_meeting(self, update, meeting, team, people):
        update()
        with pytest.raises(IntegrityError), transaction.atomic():
            Note.objects.create(
                team=team,
                meeting=meeting,
                kind="update",
                author=people.alice,
                about=people.alice,
                ciphertext=b"x",
                written_at=NOW,
            )

    def test_an_update_is_about_oneself(self, meeting, team, people):
        with pytest.raises(IntegrityError), transaction.atomic():
            Note.objects.create(
                team=team,
                meeting=meeting,
                kind="update",
                author=people.alice,
                about=people.bob,
                ciphertext=b"x",
                written_at=NOW,
            )


class TestAdvice:
    def test_any_member_for_any_member(self, advise, meeting, team, people):
        """M8, M10, T7"""
        advise()
        advise("Trust grows with it.", kind="competency", by=people.charlie.user)
        turn = turn_of(meeting, team, people.alice)
        assert [(each.text, each.note.author) for each in turn.advice] == [
            ("Ask the permit desk.", people.bob)
        ]
        assert [each.text for each in turn.applies] == ["Trust grows with it."]

    def test_sent_twice_it_is_one(self, advise):
        assert advise() == advise(" Ask the permit desk.\r\n")
        assert Note.objects.count() == 1

    def test_its_author_alone_changes_and_deletes_it(self, advise, alice, bob):
        note = advise()
        for act in (
            lambda by: notes.change(note=note, text="No.", by=by, now=NOW),
            lambda by: notes.delete(note=note, by=by, now=NOW),
        ):
            with pytest.raises(NotYourMeeting):
                act(alice)
        notes.change(note=note, text="Ask Dana.", by=bob, now=NOW)
        assert notes.read(Note.objects.get()).text == "Ask Dana."
        notes.delete(note=note, by=bob, now=NOW)
        notes.delete(note=note, by=bob, now=NOW)
        assert not Note.objects.exists()

    @pytest.mark.parametrize(
        ("text", "why"), [(" \n", "Write something first"), ("a" * 4001, "Shorten it to 4,000")]
    )
    def test_refused(self, advise, text, why):
        with pytest.raises(notes.CannotWrite, match=why):
            advise(text)

    def test_about_a_member_alone(self, advise, people):
        with pytest.raises(notes.CannotWrite, match="a member of your team"):
            advise(about=people.dora)

    def test_not_an_update_of_somebody_else(self, advise):
        with pytest.raises(notes.CannotWrite):
            advise(kind="update")

    def test_not_at_a_meeting_that_was_called_off(self, advise, update, meeting, alice):
        scheduling.cancel(meeting=meeting, reason="Snow.", by=alice, now=NOW)
        for write in (advise, update):
            with pytest.raises(notes.CannotWrite, match="called off"):
                write()


class TestActionItems:
    def test_carried_on_until_done(self, agree, meetings, team, people, bob):
        item = agree()
        later = turn_of(meetings[5], team, people.alice).actions
        assert [(each.what, each.how, each.item.due_date) for each in later] == [
            ("Call the desk", "By phone", DUE)
        ]
        for _ in range(2):
            notes.set_done(item=item, done=True, by=bob, now=NOW)
        assert turn_of(meetings[5], team, people.alice).actions == []
        assert [each.what for each in notes.actions_of(team, done=True)] == ["Call the desk"]
        notes.set_done(item=item, done=False, by=bob, now=NOW)
        assert [each.what for each in notes.actions_of(team, done=False)] == ["Call the desk"]
        assert AuditEvent.objects.filter(action="action_item.done").count() == 1

    def test_sent_twice_it_is_one(self, agree):
        assert agree() == agree()

    def test_any_member_changes_and_deletes_it(self, agree, people):
        """T7"""
        item = agree()
        agree(item=item, owner=people.charlie, what="Write to the desk", by=people.charlie.user)
        read = notes.read_action(ActionItem.objects.get())
        assert (read.item.owner, read.what) == (people.charlie, "Write to the desk")
        notes.delete_action(item=item, by=people.alice.user, now=NOW)
        notes.delete_action(item=item, by=people.alice.user, now=NOW)
        assert not ActionItem.objects.exists()

    def test_somebody_of_the_team_does_it(self, agree, people):
        with pytest.raises(notes.CannotWrite):
            agree(owner=people.dora)


class TestWhoMay:
    @pytest.fixture
    def acts(self, meeting, team, people, advise, agree):
        note, item = advise(), agree()
        place = {"meeting": meeting, "team": team}
        return [
            lambda by: notes.save_update(**place, texts=WORDS, by=by, now=NOW),
            lambda by: notes.write(**place, kind="advice", about=people.bob, text="x", by=by, now=NOW),
            lambda by: notes.change(note=note, text="x", by=by, now=NOW),
            lambda by: notes.delete(note=note, by=by, now=NOW),
            lambda by: notes.save_action(
                **place, owner=people.bob, what="x", how="", due_date=DUE, by=by, now=NOW
            ),
            lambda by: notes.set_done(item=item, done=True, by=by, now=NOW),
            lambda by: notes.delete_action(item=item, by=by, now=NOW),
        ]

    @pytest.mark.parametrize(
        "who", ["supervisor", "director", "deputy", "branch_officer", "training_officer", "administrator"]
    )
    def test_no_office(self, acts, who, request):
        """M14, M16"""
        for act in acts:
            with pytest.raises(NotYourMeeting):
                act(request.getfixturevalue(who))

    def test_no_other_team_and_nobody_who_left(self, acts, people, other_team):
        people.bob.memberships.update(ended_at=NOW)
        for user in (people.dora.user, people.bob.user):
            for act in acts:
                with pytest.raises(NotYourMeeting):
                    act(user)


class TestKept:
    def words_in_the_database(self) -> bytes:
        rows = [bytes(each.ciphertext) for each in [*Note.objects.all(), *ActionItem.objects.all()]]
        return b"".join([*rows, *(bytes(each.wrapped) for each in TeamKey.objects.all())])

    def test_only_encrypted(self, update, advise, agree):
        """M16: in the rows, the audit trail and the mail."""
        update(), advise(), agree()
        for word in ("Drafted", "permit", "Call", "By phone"):
            assert word.encode() not in self.words_in_the_database()
            assert not any(word in str(each.data) for each in AuditPayload.objects.all())
        assert not Message.objects.filter(kind__contains="note").exists()

    def test_one_key_for_each_team(self, update, advise, team, people, other_team):
        update(), advise()
        other = laying_out.lay_out_meetings(team=other_team, by=None, now=NOW)[0]
        notes.write(
            meeting=other,
            team=other_team,
            kind="advice",
            about=people.emil,
            text="x",
            by=people.dora.user,
            now=NOW,
        )
        assert set(TeamKey.objects.values_list("team", flat=True)) == {team.pk, other_team.pk}
        note, key = Note.objects.filter(team=team).first(), TeamKey.objects.get(team=other_team)
        with pytest.raises(vault.CannotRead):
            vault.unseal(
                bytes(note.ciphertext), row=f"note {note.pk}", key=vault.unwrapped(bytes(key.wrapped))
            )

    def test_a_text_put_into_another_row_is_not_read(self, advise, people):
        one, other = advise(), advise("Another.", about=people.bob)
        Note.objects.filter(pk=one.pk).update(ciphertext=other.ciphertext)
        with pytest.raises(vault.CannotRead, match="another row"):
            notes.read(Note.objects.get(pk=one.pk))

    def test_the_key_of_the_environment_is_changed_without_writing_texts_anew(self, advise, settings):
        note, old = advise(), settings.NOTES_KEY
        settings.NOTES_KEY = f"a-new-key,{old}"
        assert notes.read(note).text == "Ask the permit desk."
        settings.NOTES_KEY = "a-new-key"
        with pytest.raises(vault.CannotRead):
            notes.read(note)
        settings.NOTES_KEY = ""
        with pytest.raises(ImproperlyConfigured):
            notes.read(note)

    def test_deleted_on_the_day_that_is_announced(self, update, advise, agree, team, cohort):
        """M16: 90 days after the end of September 2027; texts and key."""
        update(), advise(), agree()
        day = notes.deleted_on(cohort)
        assert day.isoformat() == "2027-12-29"
        assert due.do_due(now=noon(day - timedelta(days=1)))["team_texts_deleted"] == 0
        assert Note.objects.count() == 2
        assert due.do_due(now=noon(day))["team_texts_deleted"] == 1
        assert due.do_due(now=noon(day))["team_texts_deleted"] == 0
        assert [model.objects.count() for model in (Note, ActionItem, TeamKey)] == [0, 0, 0]
        with pytest.raises(notes.CannotWrite, match="was deleted as announced"):
            update(now=noon(day))

    def test_whoever_left_is_still_read_by_the_team(self, update, advise, agree, meeting, team, people):
        update(), advise(), agree()
        people.alice.memberships.update(ended_at=NOW)
        turn = turn_of(meeting, team, people.alice)
        assert turn.update
        assert turn.advice
        assert turn.actions
        assert not turn.is_here


def test_ones_own_writing_to_take_along(update, advise, agree, meetings, people, alice):
    update()
    advise("For Bob.", about=people.bob, by=alice)
    advise("Not mine.")
    notes.set_done(item=agree(), done=True, by=alice, now=NOW)
    agree(what="Send it", how="")
    text = notes.own_writing(people.alice)
    assert text.startswith("What Alice Example wrote in the 2027-11 program\n")
    assert (
        "Introduction to Program, Wednesday, February 17, 2027\n\nWhere my project stands: Drafted." in text
    )
    assert "Idea or advice, for Bob Example: For Bob." in text
    assert "Not mine" not in text
    assert "Call the desk (done): By phone" in text
    assert "Send it (by Wednesday, March 3, 2027)" in text
    assert notes.own_writing(people.charlie) == "What Charlie Example wrote in the 2027-11 program\n"


@pytest.mark.parametrize("name", ["NOTES_KEY", "EVALUATIONS_KEY"])
def test_a_missing_key_is_said_before_anybody_writes(settings, name):
    assert keys_are_there() == []
    setattr(settings, name, " ")
    [error] = keys_are_there()
    assert error.msg == f"{name} is empty, so what people write cannot be kept."
