"""Capital and small letters are the same to whoever searches, in any script: on SQLite, as they are on PostgreSQL.

SQLite alone knows those of English only. Its LIKE is a function that a connection may replace, and all lookups of Django
that ignore case (`icontains`, `iexact` …) are a LIKE there, those of the administration's search too.
"""

import re
from functools import lru_cache
from typing import Any

from django.db.backends.base.base import BaseDatabaseWrapper


def teach(connection: BaseDatabaseWrapper, **_: Any) -> None:
    """For the signal of a new connection."""
    if connection.vendor == "sqlite":
        for arguments in (2, 3):
            connection.connection.create_function("like", arguments, _like, deterministic=True)


def _like(pattern: object, text: object, escape: str = "") -> bool | None:
    """`text LIKE pattern ESCAPE escape`."""
    if pattern is None or text is None:
        return None
    return _matcher(str(pattern), escape).fullmatch(str(text).casefold()) is not None


@lru_cache(maxsize=200)
def _matcher(pattern: str, escape: str) -> re.Pattern[str]:
    parts, letters = [], iter(pattern.casefold())
    for letter in letters:
        if letter == escape:
            parts.append(re.escape(next(letters, "")))
        else:
            parts.append({"%": ".*", "_": "."}.get(letter) or re.escape(letter))
    return re.compile("".join(parts), re.DOTALL)
