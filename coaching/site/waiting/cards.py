"""A card of the home page: one thing that waits, or that is good to know, and one clear step."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime
from enum import IntEnum
from functools import wraps

from django.db.models import QuerySet
from django.utils import timezone

from coaching.in_words import long_date
from coaching.models import User
from coaching.permissions import Rule


class Urgency(IntEnum):
    """In which order cards stand."""

    NOW = 1  # somebody waits for this person
    SOON = 2
    CALM = 3  # good to know
    OFFER = 4  # could be begun


@dataclass(frozen=True)
class Card:
    title: str
    text: str
    address: str
    action: str
    urgency: Urgency
    icon: str = "info-bubble"  # of the CaGov icon font

    @property
    def is_now(self) -> bool:
        return self.urgency == Urgency.NOW


# Cards of one kind for a person at a moment, in a constant number of queries.
Find = Callable[[User, datetime], list[Card]]
# What such cards are about, for a person on a day; hangs on the day alone, not on one that is counted from it.
Rows = Callable[[User, date], QuerySet]


def about(rows: Rows) -> Callable[[Find], Find]:
    """For most people a kind of card has no rows; of which it has, the home page asks in one query."""

    def declare(find: Find) -> Find:
        find.rows = rows  # type: ignore[attr-defined]
        return find

    return declare


def only_for(rule: Rule, rows: Rows | None = None) -> Callable[[Find], Find]:
    """Most people hold no office: their page needn't look for what waits for one.

    `rows`: what the cards are about, or more than that; for whoever holds the office, the home page asks for all such kinds
    in one query.
    """

    def declare(find: Find) -> Find:
        @wraps(find)
        def guarded(user: User, now: datetime) -> list[Card]:
            return find(user, now) if rule(user) else []

        if rows:
            guarded.office, guarded.office_rows = rule, rows  # type: ignore[attr-defined]
        return guarded

    return declare


def day(when: date | datetime) -> str:
    """Wednesday, March 17, 2027, as it is where the program runs."""
    if isinstance(when, datetime):
        when = timezone.localdate(when)
    return long_date(when)
