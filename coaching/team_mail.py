"""Mail about teams: built from how things are when it is sent, or not at all when it is no longer true."""

from datetime import datetime, time

from django.conf import settings
from django.db.models import Q
from django.urls import reverse
from django.utils import timezone

from coaching import outbox
from coaching.days import today_of
from coaching.models import Consent, Message, Participant, Team, TeamChange, TeamProposal, User
from coaching.outbox import Mail, render_mail
from coaching.permissions import office_cohorts
from coaching.team_afterwards import afterwards
from coaching.team_dates import is_declined, reminded_for, unanswered

# What asks a person about a team; each says by which day.
ASKING = ("team_proposed", "team_change_asked", "team_date_moved", "team_answer_reminder")


def register() -> None:
    """Called once, when the app is ready."""
    outbox.register("team_wishes_asked", team_wishes_asked)
    outbox.register("team_proposed", team_proposed)
    outbox.register("team_date_moved", team_date_moved)
    outbox.register("team_answer_reminder", team_answer_reminder)
    outbox.register("team_answers_missing", team_answers_missing)
    outbox.register("team_declined", team_declined)
    outbox.register("team_agreed", team_agreed)
    outbox.register("team_dissolved", team_dissolved)
    outbox.register("team_confirmed", team_confirmed)
    outbox.register("team_change_asked", team_change_asked)
    outbox.register("team_change_settled", team_change_settled)
    outbox.register("teammate_left", teammate_left)
    outbox.register("participation_ended", participation_ended)
    outbox.register("participation_again", participation_again)
    outbox.register("participant_left", participant_left)


def _works_for(recipient: User, team: Team) -> bool:
    """Whoever left the branch office meanwhile, or applied (T10), hears nothing more."""
    return office_cohorts(recipient, on=timezone.localdate()).filter(pk=team.cohort_id).exists()


def team_wishes_asked(recipient: User, *, cohort: int) -> Mail | None:
    """Only to whoever has not answered, and waits for a team still."""
    waiting = recipient.participations.active().without_team().filter(cohort=cohort, wishes=None)
    participant = waiting.select_related("cohort").first()
    if participant is None:
        return None
    page = settings.SITE_URL + reverse("team_wishes", args=[participant.pk])
    context = {"recipient": recipient, "cohort": participant.cohort, "page": page}
    return render_mail("mail/team_wishes_asked.txt", context)


def team_proposed(recipient: User, *, consent: int) -> Mail | None:
    asked = Consent.objects.select_related("change__team__cohort__program").get(pk=consent)
    if asked.answer != Consent.Answer.PENDING or asked.change.status != TeamChange.Status.OPEN:
        return None
    team = asked.change.team
    mates = team.memberships.filter(ended_at=None).exclude(participant__user=recipient)
    people = [mate.participant for mate in mates.select_related("participant__user", "participant__division")]
    context = {"recipient": recipient, "team": team, "mates": people, "change": asked.change}
    context["before"] = _ended_before(asked)
    return render_mail("mail/team_proposed.txt", context)


def _ended_before(asked: Consent) -> Team | None:
    """The team that they were asked about just before, and that ended when this one was published."""
    since = asked.change.created_at
    ended = Team.objects.filter(changes__consents__participant=asked.participant_id, status=Team.Status.ENDED)
    return ended.filter(changes__kind=TeamChange.Kind.FORM, changes__settled_at=since).first()


def _waiting(recipient: User, change: int) -> Consent | None:
    """This person's answer to a question that is open, as long as it is missing."""
    rows = Consent.objects.filter(change=change, participant__user=recipient, answer=Consent.Answer.PENDING)
    rows = rows.filter(change__status=TeamChange.Status.OPEN).select_related("change__team__cohort")
    return rows.prefetch_related(*(f"change__{each}" for each in TeamChange.SAID)).first()


def _question(recipient: User, change: TeamChange) -> dict[str, object]:
    """What mail about it to somebody who is asked is rendered with."""
    return {"recipient": recipient, "change": change, "words": change.words_for(recipient)}


def _told_since(moment: datetime, asked: Consent, recipient: User) -> bool:
    """Whether mail that asks has left to this person since; they need not hear it twice."""
    about = Q(ids__consent=asked.pk) | Q(ids__change=asked.change_id)
    sent = Message.objects.filter(about, kind__in=ASKING, recipient=recipient, sent_at__gte=moment)
    return sent.exists()


def team_date_moved(recipient: User, *, change: int, day: int) -> Mail | None:
    """Only of the day that is asked for now; whoever was first asked since then has read it."""
    asked = _waiting(recipient, change)
    if asked is None or asked.change.answer_by.toordinal() != day:  # type: ignore[union-attr]
        return None
    if _told_since(asked.change.date_moved_at, asked, recipient):  # type: ignore[arg-type]
        return None
    return render_mail("mail/team_date_moved.txt", _question(recipient, asked.change))


def team_answer_reminder(recipient: User, *, change: int) -> Mail | None:
    """Dropped when the date was moved ahead, somebody declined, or this person was written to today already."""
    asked, now = _waiting(recipient, change), timezone.now()
    if asked is None or is_declined(asked.change) or reminded_for(asked.change, now) is None:
        return None
    cohort = asked.change.team.cohort
    today = today_of(cohort, now)
    if _told_since(datetime.combine(today, time(), tzinfo=cohort.zone), asked, recipient):
        return None
    overdue = asked.change.is_overdue(today)
    context = {**_question(recipient, asked.change), "overdue": overdue}
    return render_mail("mail/team_answer_reminder.txt", context)


def team_answers_missing(recipient: User, *, change: int, day: int) -> Mail | None:
    """The branch office hears once who has not answered, when the day is over."""
    found = TeamChange.objects.select_related("team__cohort").get(pk=change)
    still = found.status == TeamChange.Status.OPEN and found.answer_by.toordinal() == day  # type: ignore[union-attr]
    people = [consent.participant for consent in unanswered(found)] if still else []
    if not people or not _works_for(recipient, found.team):
        return None
    context = {"recipient": recipient, "change": found, "people": people}
    return render_mail("mail/team_answers_missing.txt", context)


def team_declined(recipient: User, *, consent: int) -> Mail | None:
    given = Consent.objects.select_related("change__team__cohort", "participant__user").get(pk=consent)
    team = given.change.team
    still = given.answer == Consent.Answer.DECLINED and given.change.status == TeamChange.Status.OPEN
    if not still or not _works_for(recipient, team):
        return None
    context = {
        "recipient": recipient,
        "team": team,
        "participant": given.participant,
        "change": given.change,
        "draft": team.cohort.proposals.filter(status=TeamProposal.Status.DRAFT).first(),
    }
    return render_mail("mail/team_declined.txt", context)


def team_agreed(recipient: User, *, change: int) -> Mail | None:
    settled = TeamChange.objects.select_related("team__cohort").get(pk=change)
    waiting = settled.consents.exclude(answer=Consent.Answer.AGREED).exists()
    if settled.status != TeamChange.Status.OPEN or waiting or not _works_for(recipient, settled.team):
        return None
    context = {"recipient": recipient, "team": settled.team, "change": settled}
    return render_mail("mail/team_agreed.txt", context)


def team_dissolved(recipient: User, *, team: int) -> Mail | None:
    """Whoever left is not told, nor who is asked about another team at the same time: that mail says it."""
    ended = Team.objects.select_related("cohort__program").get(pk=team)
    here = recipient.participations.filter(cohort=ended.cohort)
    settled = ended.changes.filter(kind=TeamChange.Kind.FORM).values("settled_at")
    asked = Consent.objects.filter(participant__in=here, change__created_at__in=settled)
    if here.filter(status=Participant.Status.LEFT).exists() or asked.exclude(change__team=ended).exists():
        return None
    return render_mail("mail/team_dissolved.txt", {"recipient": recipient, "team": ended})


def team_confirmed(recipient: User, *, team: int) -> Mail | None:
    confirmed = Team.objects.select_related("cohort__program").get(pk=team)
    members = confirmed.memberships.filter(ended_at=None).select_related("participant__user")
    people = [member.participant for member in members]
    if recipient.pk not in {participant.user_id for participant in people}:
        return None
    mates = [participant for participant in people if participant.user_id != recipient.pk]
    return render_mail("mail/team_confirmed.txt", {"recipient": recipient, "team": confirmed, "mates": mates})


def team_change_asked(recipient: User, *, consent: int) -> Mail | None:
    asked = Consent.objects.select_related("change__team__cohort").get(pk=consent)
    if asked.answer != Consent.Answer.PENDING or asked.change.status != TeamChange.Status.OPEN:
        return None
    context = {**_question(recipient, asked.change), "afterwards": afterwards(asked.change)}
    return render_mail("mail/team_change_asked.txt", context)


def team_change_settled(recipient: User, *, change: int) -> Mail | None:
    settled = TeamChange.objects.select_related("team__cohort").get(pk=change)
    return render_mail("mail/team_change_settled.txt", _question(recipient, settled))


def teammate_left(recipient: User, *, team: int, participant: int) -> Mail | None:
    left = Participant.objects.select_related("user").get(pk=participant)
    if left.status != Participant.Status.LEFT:  # taken in again meanwhile
        return None
    place = Team.objects.select_related("cohort__program").get(pk=team)
    context = {"recipient": recipient, "team": place, "participant": left}
    return render_mail("mail/team_mate_left.txt", context)


def participation_ended(recipient: User, *, participant: int) -> Mail | None:
    left = Participant.objects.select_related("cohort__program").get(pk=participant)
    if left.status != Participant.Status.LEFT:
        return None
    return render_mail("mail/team_participation_ended.txt", {"recipient": recipient, "participant": left})


def participation_again(recipient: User, *, participant: int, goes_on: bool = False) -> Mail | None:
    again = Participant.objects.select_related("cohort__program").get(pk=participant)
    if again.status != Participant.Status.ACTIVE:
        return None
    context = {"recipient": recipient, "participant": again, "goes_on": goes_on}
    return render_mail("mail/team_participation_again.txt", context)


def participant_left(recipient: User, *, participant: int) -> Mail | None:
    left = Participant.objects.select_related("cohort__program", "user").get(pk=participant)
    if left.status != Participant.Status.LEFT:
        return None
    if not office_cohorts(recipient, on=timezone.localdate()).filter(pk=left.cohort_id).exists():
        return None
    place = left.memberships.filter(team__status=Team.Status.CONFIRMED).order_by("-ended_at", "-pk").first()
    team = place and place.team
    staying = team.memberships.filter(ended_at=None).count() if team else 0
    context = {"recipient": recipient, "participant": left, "team": team, "staying": staying}
    context["small"] = staying < left.cohort.program.min_team_size
    return render_mail("mail/team_participant_left.txt", context)
