"""In what environment the processes of a benchmark run: the site as in production, over a database of its own."""

import os


def over(database: str, **more: str) -> dict[str, str]:
    """`database` is its DATABASE_URL; `more` are further settings."""
    site = {
        "DEMO": "False",
        "DEBUG": "False",
        "SITE_URL": "http://127.0.0.1",
        "SECOND_FACTOR_REQUIRED": "False",
    }
    return {**os.environ, **site, "DATABASE_URL": database, **more}
