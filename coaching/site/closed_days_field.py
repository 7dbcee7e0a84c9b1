"""Closed days as somebody types them: one on each line, the day first."""

from datetime import UTC, date, datetime

from django import forms
from django.core.exceptions import ValidationError

FORMATS = ("%m/%d/%Y", "%Y-%m-%d")
LONGEST_NAME = 120
MOST_DAYS = 100


class ClosedDaysField(forms.CharField):
    """As a text in the page, as days with their names in the code."""

    def __init__(self, *, widget: type[forms.Widget] | None = None) -> None:
        super().__init__(
            label="Closed days of your office",
            required=False,
            widget=widget or forms.Textarea(attrs={"rows": 3}),
            help_text="Besides the state’s holidays, which are known. One on each line, as: 12/24/2027 Office retreat.",
        )

    def prepare_value(self, value: object) -> object:
        if not isinstance(value, dict):
            return value
        return "\n".join(f"{day:%m/%d/%Y} {name}" for day, name in sorted(value.items()))

    def to_python(self, value: object) -> dict[date, str]:  # type: ignore[override]
        found: dict[date, str] = {}
        for line in str(super().to_python(value)).splitlines():
            if not line.strip():
                continue
            day, name = _read(line)
            if day in found:
                raise ValidationError(f"{line.split()[0]} is there twice.")
            found[day] = name
        if len(found) > MOST_DAYS:
            raise ValidationError(f"These are more than {MOST_DAYS} days.")
        return found

    def has_changed(self, initial: object, data: object) -> bool:
        return super().has_changed(self.prepare_value(initial), data)


def _read(line: str) -> tuple[date, str]:
    typed, _, name = line.strip().partition(" ")
    name = " ".join(name.split())
    for form in FORMATS:
        try:
            day = datetime.strptime(typed, form).replace(tzinfo=UTC).date()
        except ValueError:
            continue
        if not name:
            raise ValidationError(f"Say after {typed} why the office is closed.")
        if len(name) > LONGEST_NAME:
            raise ValidationError(f"The name of {typed} is longer than {LONGEST_NAME} letters.")
        return day, name
    raise ValidationError(f"“{line.strip()[:40]}” does not begin with a day, as 12/24/2027.")
