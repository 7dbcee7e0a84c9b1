"""What has to be set before anybody writes anything here."""

from typing import Any

from django.conf import settings
from django.core.checks import CheckMessage, Error


def keys_are_there(**_: Any) -> list[CheckMessage]:
    return [
        Error(
            f"{name} is empty, so what people write cannot be kept.",
            hint="script/bootstrap writes one into .env; on several machines it has to be the same.",
            id=f"meetings.E00{number}",
        )
        for number, name in enumerate(("NOTES_KEY", "EVALUATIONS_KEY"), start=1)
        if not getattr(settings, name).strip(", ")
    ]
