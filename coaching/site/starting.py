"""Settings with which the program refuses to start, each with what to do about it."""

from collections.abc import Iterator, Sequence
from urllib.parse import urlsplit

from django.http.request import validate_host

LEAST_LENGTH = 50  # of SECRET_KEY, as Django's own check wants it
LEAST_DIFFERENT = 5
LEAST_OF_KEY = 32
MAKE_KEY = "python3 -c 'import secrets; print(secrets.token_urlsafe(32))'"


def problems(
    *, secret_key: str, allowed_hosts: Sequence[str], site_url: str, demo: bool, keys: dict[str, str]
) -> Iterator[str]:
    """In words, all there are. `keys`: those that encrypt what lies in the database, by the name of their setting."""
    if len(secret_key) < LEAST_LENGTH or len(set(secret_key)) < LEAST_DIFFERENT:
        yield (
            f"SECRET_KEY is weak: whoever guesses it signs in as anybody. Set at least {LEAST_LENGTH} random characters: "
            "python3 -c 'import secrets; print(secrets.token_urlsafe(50))'"
        )
    yield from _problems_of_addresses(allowed_hosts, site_url)
    for name, value in keys.items():
        given = [each.strip() for each in value.split(",") if each.strip()]
        if not given:
            yield (
                f"{name} is not set: what it encrypts could not be kept. Set the one that this database was used with; "
                f"for a new database, one of its own: {MAKE_KEY}"
            )
        elif any(len(each) < LEAST_OF_KEY for each in given):
            yield (
                f"{name} is weak: it takes at least {LEAST_OF_KEY} random characters; after a change the new one stands "
                f"before the old one, with a comma between them. {MAKE_KEY}"
            )
    if demo and site_url.startswith("https:"):
        yield (
            "DEMO is on and SITE_URL is an https address: the demo's passwords stand on its sign-in page. Set DEMO=False, "
            "or SITE_URL to an http address of this machine."
        )


def _problems_of_addresses(allowed_hosts: Sequence[str], site_url: str) -> Iterator[str]:
    site = urlsplit(site_url)
    if site.scheme not in ("http", "https") or not site.hostname:
        yield "SITE_URL is no address: it stands in every mail. Set it as people type it: https://coaching.example.gov"
        return
    if not allowed_hosts:
        yield f"ALLOWED_HOSTS is empty: no page would answer. Set ALLOWED_HOSTS={site.hostname}"
    elif "*" in allowed_hosts:
        yield f"ALLOWED_HOSTS is *, which lets anybody name this site as they like. Set ALLOWED_HOSTS={site.hostname}"
    elif not validate_host(site.hostname, allowed_hosts):
        yield (
            f"ALLOWED_HOSTS lacks {site.hostname}, the host of SITE_URL: no link in a mail would answer. "
            f"Set ALLOWED_HOSTS={','.join([*allowed_hosts, site.hostname])}"
        )
