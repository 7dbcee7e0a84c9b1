"""A form as a browser sends it: each field of a page filled in with something plausible."""

from dataclasses import dataclass
from typing import Any
from urllib.parse import urljoin, urlsplit

from django.core.files.uploadedfile import SimpleUploadedFile
from lxml import html

from coaching.models import User
from tests.applications.factories import A_SCAN

TYPED = {
    "date": "2026-12-10",
    "email": "somebody@example.org",
    "month": "2026-12",
    "number": "1",
    "time": "10:00",
    "url": "https://example.org/",
}
WORDS = "Some words that say enough."


@dataclass(frozen=True)
class Form:
    fields: dict[str, list[Any]]

    def data(self) -> dict[str, list[Any]]:
        """A file is read once, so each request gets one of its own."""
        return {
            name: [SimpleUploadedFile("paper.png", A_SCAN) if value is A_SCAN else value for value in values]
            for name, values in self.fields.items()
        }


def form_of(page: bytes, *, at: str, sent_to: str, by: User | None) -> Form | None:
    """The first form of the page at this address that is sent to that one."""
    tree = html.fromstring(page.decode()) if page.strip() else None
    for form in tree.forms if tree is not None else []:
        goes_to = urlsplit(urljoin(at, form.action or at)).path
        if form.method == "POST" and goes_to == urlsplit(sent_to).path:
            return Form(_filled(form, by))
    return None


def _filled(form: Any, by: User | None) -> dict[str, list[Any]]:
    fields: dict[str, list[Any]] = {}
    for field in form.inputs:
        if not field.name or field.get("disabled") is not None:
            continue
        if field.name in ("typed_name", "attested_name"):
            values = [by.name if by else ""]
        elif field.tag == "select":
            options = [each for each in field.value_options if each]
            values = list(field.value) if field.multiple else [field.value or (options or [""])[0]]
            values = values or options[:1]
        elif field.tag == "textarea":
            values = [field.text or WORDS]
        elif field.type == "radio":
            values = [
                fields[field.name][0] if field.name in fields and not field.checked else field.get("value")
            ]
        elif field.type == "checkbox":
            values = [*fields.get(field.name, []), field.get("value", "on")]
        elif field.type == "file":
            values = [A_SCAN]
        else:
            values = [field.get("value") or TYPED.get(field.type, WORDS)]
        fields[field.name] = values
    for button in form.xpath('.//button[@name][not(@type) or @type="submit"]')[:1]:
        fields.setdefault(button.get("name"), [button.get("value", "")])
    return fields
