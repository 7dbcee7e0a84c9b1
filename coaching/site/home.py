"""The first page after signing in: what waits for this person, and what is good to know."""

from datetime import date

from django.db.models import Exists, QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_safe

from coaching import offices, permissions
from coaching.models import Program, User
from coaching.permissions import access, signed_in
from coaching.site.waiting import (
    alumni,
    applications,
    certificates,
    growth,
    meetings,
    office,
    orders,
    selection,
    teams,
    visits,
)
from coaching.site.waiting.cards import Card, Find, Urgency

FINDS: tuple[Find, ...] = (
    selection.to_decide,
    selection.to_release,
    selection.free_seats,
    selection.late,
    applications.to_sign,
    applications.project_changes,
    applications.drafts_shared,
    applications.mine,
    office.corrections,
    office.mail,
    office.cohorts,
    teams.to_agree,
    teams.to_confirm,
    teams.small,
    teams.to_form,
    teams.answered,
    teams.without_team,
    meetings.attendance,
    meetings.resources_missing,
    meetings.next_one,
    meetings.progress,
    visits.finals,
    visits.next_visit,
    meetings.evaluations,
    meetings.evaluations_asked,
    meetings.help_asked,
    meetings.attention,
    growth.input_asked,
    growth.self_rating,
    growth.left,
    growth.employees,
    growth.division,
    certificates.to_approve,
    orders.to_decide,
    certificates.sent_back,
    certificates.to_propose,
    certificates.to_issue,
    certificates.approved,
    certificates.seal_ends,
    certificates.issue_failed,
    certificates.list_not_made,
    certificates.mine,
    alumni.to_join,
    meetings.totals,
    office.report,
    meetings.dates_of_employees,
    applications.to_begin,
)


def _has_rows(user: User, today: date) -> QuerySet:
    """Of each kind of card that says what it is about, by its place in FINDS, whether there is any."""
    rows = {str(place): find.rows(user, today) for place, find in enumerate(FINDS) if hasattr(find, "rows")}
    return _any_of(user, rows)


def _any_of(user: User, rows: dict[str, QuerySet]) -> QuerySet:
    return User.objects.filter(pk=user.pk).values(**{place: Exists(each) for place, each in rows.items()})


HAS_ROWS = offices.PreparedForStandIns(_has_rows)


def _office_has_rows(user: User, today: date) -> QuerySet:
    """The same of the kinds of cards that this person's offices have."""
    rows = {
        str(place): find.office_rows(user, today)
        for place, find in enumerate(FINDS)
        if hasattr(find, "office_rows") and find.office(user)  # type: ignore[attr-defined]
    }
    return _any_of(user, rows)


OFFICE_HAS_ROWS = offices.PreparedForOffices(_office_has_rows)
HOLDS_ONE = permissions.any_of(
    permissions.branch_office, permissions.deputy, permissions.training_office, permissions.administrator
)


def cards_for(user: User) -> list[Card]:
    """The most urgent first; among equals, in the order of the program's year."""
    now = timezone.now()
    today = timezone.localdate(now)
    has_rows = HAS_ROWS.row(user, on=today)
    if HOLDS_ONE(user):
        has_rows |= OFFICE_HAS_ROWS.row(user, on=today)
    finds = [find for place, find in enumerate(FINDS) if has_rows.get(str(place), True)]
    cards = [card for find in finds for card in find(user, now)]
    return sorted(cards, key=lambda card: card.urgency)


@access(signed_in)
@require_safe
def home(request: HttpRequest) -> HttpResponse:
    user: User = request.user  # type: ignore[assignment]
    cards = cards_for(user)
    busy = [card for card in cards if card.urgency != Urgency.OFFER]
    context = {
        "today": timezone.localdate(),
        "waiting": [card for card in busy if card.urgency != Urgency.CALM],
        "known": [card for card in busy if card.urgency == Urgency.CALM],
        "offers": [card for card in cards if card.urgency == Urgency.OFFER],
        # Who is new here reads what the program is.
        "program": None if busy else Program.objects.first(),
    }
    return render(request, "site/home.html", context)
