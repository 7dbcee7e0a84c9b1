"""What waits around teams: for a member to agree to, for the branch office to form and confirm (T4)."""

from collections import defaultdict
from collections.abc import Iterable
from datetime import date, datetime

from django.db.models import Count, Exists, F, OuterRef, Prefetch, Q, QuerySet
from django.urls import reverse
from django.utils import timezone

from coaching import permissions
from coaching.cohorts import is_over
from coaching.days import today_of
from coaching.formation.rules import join_words
from coaching.in_words import counted
from coaching.models import Cohort, Consent, Membership, Participant, Team, TeamChange, TeamProposal, User
from coaching.site.waiting.cards import Card, Urgency, about, day, only_for
from coaching.team_changes import agreed_to_go_on, is_small
from coaching.team_problem import wishes_of
from meetings.models import Waiver
from meetings.waivers import takes_plans

Answer = Consent.Answer


def _asked(user: User) -> QuerySet[Consent]:
    return Consent.objects.filter(participant__user=user, change__status=TeamChange.Status.OPEN)


def _with_what_is_asked(consents: QuerySet[Consent]) -> QuerySet[Consent]:
    rows = consents.select_related("change__team__cohort")
    return rows.prefetch_related(*(f"change__{each}" for each in TeamChange.SAID))


def _to_answer(user: User, today: date) -> QuerySet[Consent]:
    return _asked(user).filter(answer=Answer.PENDING)


@about(_to_answer)
def to_agree(user: User, now: datetime) -> list[Card]:
    rows = _with_what_is_asked(_to_answer(user, timezone.localdate(now)))
    return [_to_agree(consent.change, user, now) for consent in rows.order_by("change__answer_by", "pk")]


def _to_agree(change: TeamChange, user: User, now: datetime) -> Card:
    is_new = change.kind == TeamChange.Kind.FORM
    return Card(
        title=f"Do you agree to {change.team} of the {change.team.cohort}?"
        if is_new
        else f"Do you agree? {change.words_for(user)}",
        text=f"{_answer_by(change, now)} See who would be in it with you. The team stands only when everyone has agreed."
        if is_new
        else f"{_answer_by(change, now)} This is how {change.team} of the {change.team.cohort} would go on. "
        "Nothing changes unless everyone agrees.",
        address=reverse("my_team"),
        action="Answer",
        urgency=Urgency.NOW,
        icon="users",
    )


def _answer_by(change: TeamChange, now: datetime) -> str:
    assert change.answer_by is not None
    if change.is_overdue(today_of(change.team.cohort, now)):
        return f"You were asked to answer by {day(change.answer_by)}; your answer still counts."
    return f"Please answer by {day(change.answer_by)}."


def _answered(user: User, today: date) -> QuerySet[Consent]:
    return _asked(user).exclude(answer=Answer.PENDING)


@about(_answered)
def answered(user: User, now: datetime) -> list[Card]:
    """What this person said about teams, as long as they can still change it."""
    rows = _with_what_is_asked(_answered(user, timezone.localdate(now))).annotate(
        asked=Count("change__consents"),
        agreed=Count("change__consents", filter=Q(change__consents__answer=Answer.AGREED)),
    )
    return [_said(consent, user) for consent in rows.order_by("change__answer_by", "pk")]


def _said(consent: Consent, user: User) -> Card:
    change, agreed = consent.change, consent.answer == Answer.AGREED
    is_new = change.kind == TeamChange.Kind.FORM
    team = f"{change.team} of the {change.team.cohort}"
    if agreed:
        title = f"You agreed to {team}" if is_new else f"You agreed to how {team} would go on"
        so_far = f"{consent.agreed} of {consent.asked} agreed so far."  # type: ignore[attr-defined]
    else:
        title = f"You declined {team}" if is_new else f"You declined how {team} would go on"
        so_far = f"The branch office looks for another {'team for you' if is_new else 'way'}."
    until = "the team is confirmed or dissolved" if is_new else "it is settled"
    asked = "" if is_new else f"Asked: {change.words_for(user)} "
    return Card(
        title=title,
        text=f"{asked}{so_far} You can change your answer until {until}.",
        address=reverse("my_team"),
        action="See the team" if is_new else "See what was asked",
        urgency=Urgency.CALM,
        icon="users",
    )


def _without_team(user: User, today: date) -> QuerySet[Participant]:
    return Participant.objects.active().without_team().filter(user=user)


@about(_without_team)
def without_team(user: User, now: datetime) -> list[Card]:
    rows = _without_team(user, timezone.localdate(now)).select_related("cohort__program", "wishes")
    teams = Team.objects.filter(cohort=OuterRef("cohort"), status=Team.Status.CONFIRMED)
    rows = rows.annotate(has_teams=Exists(teams))
    cards = []
    for each in rows.prefetch_related("cohort__program__curriculum"):
        today = today_of(each.cohort, now)
        is_under_way = each.has_teams and today >= each.cohort.first_month
        if wishes_of(each) is None and not is_over(each.cohort, today=today):
            cards.append(_to_say(each, is_under_way=is_under_way))
        if is_under_way:
            cards.append(_waits_meanwhile(each, is_over=is_over(each.cohort, today=today)))
        elif wishes_of(each):
            cards.append(_waits(each))
    return cards


def _to_say(participant: Participant, *, is_under_way: bool) -> Card:
    until = "so that a team is found for you" if is_under_way else "before teams are formed"
    return Card(
        title=f"Say when you can meet, {until}",
        text=f"{participant.cohort}: one minute, read by the branch office alone. Without it you count as always free.",
        address=reverse("team_wishes", args=[participant.pk]),
        action="Answer",
        urgency=Urgency.SOON,
        icon="calendar",
    )


def _waits(participant: Participant) -> Card:
    return Card(
        title=f"You are in the {participant.cohort}",
        text="The branch office forms the teams now. You will be asked whether you agree to yours.",
        address=reverse("my_team"),
        action="See where you stand",
        urgency=Urgency.CALM,
        icon="users",
    )


def _waits_meanwhile(participant: Participant, *, is_over: bool) -> Card:
    """The teams of their cohort meet, and they are in none: taken in again, or late (F3)."""
    return Card(
        title=f"You are in no team of the {participant.cohort}"
        if is_over
        else f"You wait for a team of the {participant.cohort}",
        text="Where you stand, your project, your growth and your statement are yours."
        if is_over
        else "You are asked when the branch office has found one. Where you stand, your project, your growth and "
        "your statement are yours meanwhile.",
        address=reverse("meetings"),
        action="See where you stand",
        urgency=Urgency.CALM,
        icon="users",
    )


def _closed(user: User, today: date) -> QuerySet[Cohort]:
    return permissions.office_cohorts(user, on=today).filter(applications_close_date__lt=today)


def _forming(user: User, today: date) -> QuerySet[Cohort]:
    draft = TeamProposal.objects.filter(cohort=OuterRef("pk"), status=TeamProposal.Status.DRAFT)
    waits = Participant.objects.active().without_team().filter(cohort=OuterRef("pk"))
    return _closed(user, today).filter(Exists(draft) | Exists(waits))


@only_for(permissions.branch_office, _forming)
def to_form(user: User, now: datetime) -> list[Card]:
    """Closed cohorts that this officer works for (T10) with a draft, or with people who wait: enough for a team (T1)."""
    cohorts = _closed(user, timezone.localdate(now))
    people = Participant.objects.active().without_team().filter(cohort__in=cohorts)
    counts = people.values("cohort").annotate(number=Count("pk")).values_list("cohort", "number").order_by()
    waiting = dict(counts)
    drafts = TeamProposal.objects.filter(cohort=OuterRef("pk"), status=TeamProposal.Status.DRAFT)
    confirmed = Team.objects.filter(cohort=OuterRef("pk"), status=Team.Status.CONFIRMED)
    found = Cohort.objects.filter(pk__in=cohorts)
    found = found.annotate(has_draft=Exists(drafts), has_teams=Exists(confirmed))
    found = found.filter(Q(has_draft=True) | Q(pk__in=waiting)).select_related("program")
    cards, room, credited = [], _with_room(waiting), _credited(people)
    for cohort in found.prefetch_related("program__curriculum").order_by("first_month", "pk"):
        if cohort.has_draft or waiting[cohort.pk] >= cohort.program.min_team_size:
            cards.append(_draft(cohort) if cohort.has_draft else _to_form(cohort, waiting[cohort.pk]))
            continue
        today = timezone.localdate(now)
        if is_over(cohort, today=today):
            continue
        in_time = takes_plans(cohort, on=today)
        number = waiting[cohort.pk] if in_time else credited.get(cohort.pk, 0)
        if number and cohort.pk in room:
            cards.append(_could_join(cohort, number, room[cohort.pk]))
        elif cohort.has_teams:
            cards.append(_cannot_join(cohort, waiting[cohort.pk], in_time=in_time))
    return cards


def _credited(people: QuerySet[Participant]) -> dict[int, int]:
    """By cohort, how many of those who wait have months credited or excused: they can join after the second month too."""
    waived = Exists(Waiver.objects.in_force().filter(participant=OuterRef("pk")))
    rows = people.filter(waived).values("cohort").annotate(number=Count("pk"))
    return dict(rows.values_list("cohort", "number").order_by())


def _with_room(cohorts: Iterable[int]) -> dict[int, list[Team]]:
    """T1: by cohort, the whole teams that one more person could join."""
    people = Count("memberships", filter=Q(memberships__ended_at=None))
    teams = Team.objects.filter(status=Team.Status.CONFIRMED, cohort__in=cohorts).annotate(people=people)
    program = "cohort__program__"
    teams = teams.filter(people__gte=F(f"{program}min_team_size"), people__lt=F(f"{program}max_team_size"))
    found: dict[int, list[Team]] = defaultdict(list)
    for team in teams.order_by("number"):
        found[team.cohort_id].append(team)
    return found


def _could_join(cohort: Cohort, waiting: int, teams: list[Team]) -> Card:
    """Too few for a team of their own."""
    names = join_words([str(team) for team in teams])
    return Card(
        title=f"{counted(waiting, 'participant waits', 'participants wait')} for a team that has room",
        text=f"{cohort}: {names} {'has' if len(teams) == 1 else 'have'} room for one more.",
        address=reverse("cohort_teams", args=[cohort.pk]),
        action="Let them join a team",
        urgency=Urgency.SOON,
        icon="users-interaction",
    )


def _cannot_join(cohort: Cohort, waiting: int, *, in_time: bool) -> Card:
    """Teams meet, and there is no place for somebody in them now."""
    why = "no team has room for one more" if in_time else "the second month is over"
    return Card(
        title=f"{counted(waiting, 'participant waits', 'participants wait')} without a team",
        text=f"{cohort}: {why}. Their months can be credited or excused, or they join a later cohort.",
        address=reverse("cohort", args=[cohort.pk]),
        action="See who waits",
        urgency=Urgency.SOON,
        icon="users-interaction",
    )


def _draft(cohort: Cohort) -> Card:
    return Card(
        title="A draft of teams is in progress",
        text=f"{cohort}: nobody is asked before you publish it.",
        address=reverse("cohort_teams", args=[cohort.pk]),
        action="Go on with the draft",
        urgency=Urgency.SOON,
        icon="users-interaction",
    )


def _to_form(cohort: Cohort, waiting: int) -> Card:
    return Card(
        title=f"{counted(waiting, 'participant waits', 'participants wait')} for a team",
        text=f"{cohort}: begin with a proposal, or put teams together by hand.",
        address=reverse("cohort_teams", args=[cohort.pk]),
        action="Form teams",
        urgency=Urgency.SOON,
        icon="users-interaction",
    )


def _open(user: User, today: date) -> QuerySet[TeamChange]:
    return TeamChange.objects.filter(
        status=TeamChange.Status.OPEN, team__cohort__in=permissions.office_cohorts(user, on=today)
    )


@only_for(permissions.branch_office, _open)
def to_confirm(user: User, now: datetime) -> list[Card]:
    """Teams whose members have all agreed, teams somebody declined, and answers that are overdue."""
    today = timezone.localdate(now)
    overdue = Q(answer_by__lt=today, pending__gt=0)
    changes = _open(user, today).annotate(
        open_answers=Count("consents", filter=~Q(consents__answer=Answer.AGREED)),
        pending=Count("consents", filter=Q(consents__answer=Answer.PENDING)),
        declined=Count("consents", filter=Q(consents__answer=Answer.DECLINED)),
    )
    rows = changes.filter(Q(open_answers=0) | Q(declined__gt=0) | overdue).select_related("team__cohort")
    rows = rows.prefetch_related(*TeamChange.SAID).order_by("team__cohort", "team__number")
    return [_late(row) if row.open_answers and not row.declined else _settled(row) for row in rows]


def _late(change: TeamChange) -> Card:
    team, pending = change.team, change.pending  # type: ignore[attr-defined]
    assert change.answer_by is not None
    return Card(
        title=f"{team} of the {team.cohort}: {counted(pending, 'answer is', 'answers are')} overdue",
        text=f"Asked for by {day(change.answer_by)}. You can wait, move the date, or choose another way.",
        address=_card_of(team),
        action="Look at the team",
        urgency=Urgency.SOON,
        icon="clock",
    )


def _card_of(team: Team) -> str:
    return f"{reverse('cohort_teams', args=[team.cohort_id])}#team-{team.pk}"


def _settled(change: TeamChange) -> Card:
    team, declined = change.team, bool(change.declined)  # type: ignore[attr-defined]
    is_new = change.kind == TeamChange.Kind.FORM
    if declined:
        text = (
            "Look for another team for them." if is_new else "Take the question back, and choose another way."
        )
    else:
        text = "Confirm it, and its meetings are laid out." if is_new else f"Confirm it: {change.words}"
    return Card(
        title=f"{team} of the {team.cohort}: {'somebody declined' if declined else 'everyone has agreed'}",
        text=text,
        address=_card_of(team),
        action="Look at the team" if declined else "Confirm the team",
        urgency=Urgency.NOW,
        icon="users-check-mark",
    )


def _below_size(user: User, today: date) -> QuerySet[Team]:
    """Of which nobody is asked about anything."""
    asked = Membership.objects.filter(
        ended_at=None, participant__consents__change__status=TeamChange.Status.OPEN
    )
    return (
        Team.objects.filter(
            status=Team.Status.CONFIRMED, cohort__in=permissions.office_cohorts(user, on=today)
        )
        .annotate(people=Count("memberships", filter=Q(memberships__ended_at=None)))
        .filter(people__lt=F("cohort__program__min_team_size"))
        .exclude(pk__in=asked.values("team"))
    )


@only_for(permissions.branch_office, _below_size)
def small(user: User, now: datetime) -> list[Card]:
    """T1: teams that a departure left too small, as long as nobody in them is asked how they, or another, go on."""
    today = timezone.localdate(now)
    present = Membership.objects.filter(ended_at=None).select_related("participant__user")
    changes = TeamChange.objects.exclude(status=TeamChange.Status.CANCELLED).prefetch_related("consents")
    teams = (
        _below_size(user, today)
        .select_related("cohort__program")
        .prefetch_related(
            "cohort__program__curriculum",
            Prefetch("memberships", queryset=present, to_attr="present"),
            Prefetch("changes", queryset=changes, to_attr="all_changes"),
        )
        .order_by("cohort", "number")
    )
    return [_small(team) for team in teams if _is_undecided(team) and not is_over(team.cohort, today=today)]


def _is_undecided(team: Team) -> bool:
    members = [place.participant for place in team.present]  # type: ignore[attr-defined]
    changes: list[TeamChange] = team.all_changes  # type: ignore[attr-defined]
    return is_small(team, members) and agreed_to_go_on(members, changes) is None


def _small(team: Team) -> Card:
    names = ", ".join(str(place.participant) for place in team.present)  # type: ignore[attr-defined]
    return Card(
        title=f"{team} of the {team.cohort} has become small",
        text=f"Still in it: {names}. Decide how it goes on; everybody concerned is asked.",
        address=reverse("team_small", args=[team.pk]),
        action="Decide",
        urgency=Urgency.NOW,
        icon="users",
    )
