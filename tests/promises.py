"""Before an act that writes to several people, the page says to how many; afterwards the outbox holds as many."""

import re

from django.http import HttpResponse

from coaching.models import Message


def promised(page: HttpResponse) -> int:
    """How many people the page says the act writes to."""
    [number] = re.findall(r"This writes to (\d+) (?:person|people)\.", page.content.decode())
    return int(number)


def written_to(*kinds: str) -> int:
    """How many people are written to by mail of these kinds."""
    return Message.objects.filter(kind__in=kinds).values("recipient").distinct().count()
