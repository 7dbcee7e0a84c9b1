"""Everything the program has about one person, as tables and texts that they can read.

It has what they wrote as applicants and participants, what was decided and recorded about them and told to them, and what
they signed, with whichever of their accounts. It has nothing that was written for somebody else: not what the offices advise
each other about a selection, not the reasons of others' answers, not their teammates' words, and not what they wrote about
others themselves as a supervisor or for an office.
"""

from collections.abc import Iterator

from coaching.models import User
from coaching.site.own_data.acts import certificates, mail, signatures, trail
from coaching.site.own_data.applications import applications
from coaching.site.own_data.chapter import Chapter
from coaching.site.own_data.participations import participations
from coaching.site.own_data.person import person


def chapters(user: User) -> Iterator[Chapter]:
    """One after the other, for progress; those with nothing in them too."""
    yield person(user)
    yield from applications(user)
    yield from participations(user)
    for part in (signatures, mail, certificates, trail):
        yield part(user)


def number(user: User) -> int:
    """How many chapters there are."""
    return 5 + user.applications.count() + user.participations.count()


__all__ = ["Chapter", "chapters", "number"]
