"""How a certificate words its dates, hours and numbers."""

from collections.abc import Sequence
from datetime import date
from decimal import Decimal

from django import template
from django.utils.html import format_html

register = template.Library()

NUMBERS = (
    "no",
    "one",
    "two",
    "three",
    "four",
    "five",
    "six",
    "seven",
    "eight",
    "nine",
    "ten",
    "eleven",
    "twelve",
)


@register.filter
def month_day_year(day: date) -> str:
    return f"{day:%B} {day.day}, {day.year}"


@register.filter
def hours(amount: Decimal) -> str:
    """`1 hour`, `16 hours`, `15.5 hours`."""
    amount = Decimal(amount).quantize(Decimal("0.01"))
    shown = f"{amount:f}".rstrip("0").rstrip(".")
    return f"{shown} hour" if amount == 1 else f"{shown} hours"


@register.filter
def lines_of(text: str, names: Sequence[str]) -> list[str]:
    """The text of a list in lines, each name with a direction of its own: it turns nothing around it."""
    starts = iter([f"{number}. {name}" for number, name in enumerate(names, start=1)])
    start = next(starts, None)
    lines: list[str] = []
    for line in text.splitlines():
        if start is not None and line.startswith(start):
            number, _, name = start.partition(" ")
            lines.append(format_html('{} <bdi dir="ltr">{}</bdi>{}', number, name, line.removeprefix(start)))
            start = next(starts, None)
        else:
            lines.append(line)
    return lines


@register.filter
def full_stop(text: str) -> str:
    """What somebody wrote, as a sentence before another."""
    return text if text.endswith((".", "!", "?", "…")) else f"{text}."


@register.filter
def in_words(count: int) -> str:
    return NUMBERS[count] if count < len(NUMBERS) else str(count)


@register.filter
def shown_address(address: str) -> str:
    """The place to type the code, without scheme and code: `example.org/verify/`."""
    return address.split("://", 1)[-1].rsplit("/", 1)[0] + "/"


@register.filter
def iso_date(text: str) -> str:
    """A date out of a certificate's claims."""
    return month_day_year(date.fromisoformat(text))
